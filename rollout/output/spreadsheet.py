"""CSV that a spreadsheet opens without running anything in it.

A cell that begins like a formula is one to a spreadsheet, and names of users, accounts and owners
may begin so: such a cell gets an apostrophe in front (OWASP, "CSV Injection"). JSON has it as is.
"""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def write_cells(out: TextIO, rows: Iterable[Sequence[str | None]]) -> None:
    """Write rows of text; None is an empty cell."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([defuse(cell or "") for cell in row] for row in rows)


def defuse(cell: str) -> str:
    """Return a cell that is text and nothing else."""
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell
