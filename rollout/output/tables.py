"""Tables: a column knows whether it identifies something, a cell whether it is bad.

Identifiers are never cut: they fold, and other columns give way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

BAD = "bold red"
FEW = 20
"""Up to this many rows a table shows them all; of more, those that are not fine."""


@dataclass(frozen=True)
class Cell:
    """What stands in a table; a bad one is shown as such."""

    text: str
    bad: bool = False


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether its cells say who or what a row is about."""

    name: str
    identifies: bool = False


def make_table(columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]]) -> Table:
    """Return the table for a console."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, column in enumerate(columns):
        longest = max((len(_text(row[position])) for row in rows), default=0)
        least = max(len(column.name), longest if longest <= SHORT else 0)
        table.add_column(
            column.name,
            overflow="fold",
            min_width=least if column.identifies else None,
            no_wrap=column.identifies and longest <= SHORT,
        )
    for row in rows:
        table.add_row(
            *(
                Text(_text(cell), style=BAD if isinstance(cell, Cell) and cell.bad else "")
                for cell in row
            )
        )
    return table


SHORT = 24
"""Identifiers up to this many characters, such as account numbers, stay on one line."""


def _text(cell: Cell | str) -> str:
    return cell.text if isinstance(cell, Cell) else cell
