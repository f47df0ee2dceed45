"""Tables that fit the terminal: no date, number, key or name is ever cut or torn.

A column is never narrower than its longest word, so cells fold between words alone; what says who a
row is about keeps to one line as long as others can give way. Where even that finds no room, each
row becomes lines of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rollout.output.folding import MARGIN, fold

BAD = "bold red"
FEW_ROWS = 20
"""Up to this many rows a table shows them all; of more, those that are not fine."""
PIPE_WIDTH = 1000
"""Columns for a pipe: one line a row, as grep and less want it."""
GAPS = (2, 1)
"""Blanks between two columns, and between two that have to be close."""


@dataclass(frozen=True)
class Cell:
    """What stands in a table; a bad one is shown as such, `tone` is another colour."""

    text: str
    bad: bool = False
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """A column's heading, and whether its cells say who or what a row is about."""

    name: str
    identifies: bool = False
    right: bool = False
    least: int = 0
    """It is at least this wide, such as a sentence that is to be read."""


def write_table(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]]
) -> None:
    """Write rows below their headings, or each as lines of its own; no line ends with blanks."""
    texts = [[_draw(cell) for cell in row] for row in rows]
    widths = find_widths(columns, texts, console.width, GAPS[0])
    if console.color_system is None and fits(texts, widths):
        write_plain(console.file, columns, texts, widths)
        return
    with console.capture() as captured:
        for gap in GAPS:
            if widths := find_widths(columns, texts, console.width, gap):
                console.print(make_table(columns, texts, widths, gap), soft_wrap=False)
                break
        else:
            write_stacked(console, columns, texts)
    for line in captured.get().splitlines():
        console.file.write(line.rstrip() + "\n")


def fits(rows: Sequence[Sequence[Text]], widths: Sequence[int]) -> bool:
    """Does every row take one line?"""
    return bool(widths) and all(
        cell_len(cell.plain) <= width and cell.plain.isprintable()
        for row in rows
        for cell, width in zip(row, widths, strict=True)
    )


def write_plain(
    out: IO[str], columns: Sequence[Column], rows: Sequence[Sequence[Text]], widths: Sequence[int]
) -> None:
    """Write rows without colour of one line each, as rich would in ten times the time."""
    gap = " " * GAPS[0]
    for row in ([column.name for column in columns], *([cell.plain for cell in r] for r in rows)):
        cells = []
        for text, column, width in zip(row, columns, widths, strict=True):
            blanks = " " * (width - cell_len(text))
            cells.append(blanks + text if column.right else text + blanks)
        out.write(gap.join(cells).rstrip() + "\n")


def open_console(out: TextIO) -> Console:
    """Return a console that writes tables to a terminal of its width, or to a pipe."""
    return Console(file=out, highlight=False, width=None if out.isatty() else PIPE_WIDTH)


def write_lines(out: TextIO, lines: Iterable[str]) -> None:
    """Write lines of text, folded between words on a terminal."""
    width = open_console(out).width
    out.writelines(f"{part}\n" for line in lines for part in fold(line, width))


def find_widths(
    columns: Sequence[Column], rows: Sequence[Sequence[Text]], room: int, gap: int
) -> list[int]:
    """Return the columns' widths; empty where they do not fit."""
    least, most = list[int](), list[int]()
    for at, column in enumerate(columns):
        cells = [column.name, *(row[at].plain for row in rows)]
        words = [word for cell in cells for word in cell.split()]
        most.append(max(map(cell_len, cells)))
        least.append(max(min(column.least, most[at]), *map(cell_len, words)))
    left = room - sum(least) - gap * (len(columns) - 1)
    if left < 0:
        return []
    widths = list(least)
    # Who a row is about first; then whoever needs least.
    for at in sorted(
        range(len(columns)), key=lambda at: (not columns[at].identifies, most[at] - least[at])
    ):
        more = min(left, most[at] - least[at])
        widths[at] += more
        left -= more
    return widths


def make_table(
    columns: Sequence[Column], rows: Sequence[Sequence[Text]], widths: Sequence[int], gap: int
) -> Table:
    """Return the table for a console."""
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            column.name,
            width=width,
            overflow="fold",
            justify="right" if column.right else "left",
        )
    for row in rows:
        table.add_row(*row)
    return table


def write_stacked(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Text]]
) -> None:
    """Write who each row is about, and below it, set in, the rest under its headings."""
    for row in rows:
        pairs = list(zip(columns, row, strict=True))
        named = "  ".join(cell.plain for column, cell in pairs if column.identifies)
        for line in fold(named, console.width) if named else ():
            console.print(Text(line), soft_wrap=True)
        for column, cell in pairs:
            if column.identifies or not cell.plain:
                continue
            for line in fold(f"{MARGIN}{column.name}: {cell.plain}", console.width):
                console.print(Text(line, style=cell.style), soft_wrap=True)


def _draw(cell: Cell | str) -> Text:
    # Text, as square brackets and colons would mean something to rich.
    if isinstance(cell, str):
        return Text(cell)
    return Text(cell.text, style=BAD if cell.bad else cell.tone)
