"""The story as it is told: a line's name before the work starts, dots, and the result at its end.

With --format json the story goes to stderr and stdout holds one JSON document.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 72
"""Where results begin; longer names push them to the right."""
PIPE_WIDTH = 1000
"""Columns for a pipe: one line a row, as grep and less want it."""
GOOD, BAD, UNKNOWN = "green", "bold red", "yellow"


@dataclass(frozen=True)
class Fault:
    """Something that is not fine: where and what, and the command that mends it, if one does."""

    text: str
    mend: str = ""


@dataclass
class Line:
    """One line of the story while its work is done."""

    name: str
    result: str = "ok"
    style: str = GOOD
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blocks: bool = False
    """Whether a fault here keeps `deploy` from beginning."""
    broken: bool = False
    """Whether other lines were written since the name went out."""

    def end(self, result: str, *, style: str = GOOD) -> None:
        """Say how the work ended."""
        self.result, self.style = result, style

    def unseen(self, why: str) -> None:
        """End with "not seen", and why."""
        self.end("not seen", style=UNKNOWN)
        self.notes.append(why)

    def find(self, faults: list[Fault], word: str = "FAULT") -> None:
        """End with these faults, if there are any."""
        self.faults += faults
        if faults:
            one = word != "FAULT" or len(faults) == 1
            plural = word if one else f"{word}S"
            self.end(plural if word != "FAULT" else f"{len(faults)} {plural}", style=BAD)


class Story:
    """Everything a verb says."""

    def __init__(self, form: str) -> None:
        stream = sys.stderr if form == "json" else sys.stdout
        self.form = form
        self.lines: list[Line] = []
        self.changes: list[str] = []
        """What this run changed, in order."""
        self._console = Console(
            file=stream,
            highlight=False,
            emoji=False,
            markup=False,
            soft_wrap=True,
            width=None if stream.isatty() else PIPE_WIDTH,
        )
        self._open: Line | None = None

    @contextmanager
    def line(self, name: str, *, blocks: bool = False) -> Iterator[Line]:
        """Tell one line; the block does the work and ends the line.

        When the block raises, the line ends with FAULT and the error goes on.
        """
        line = Line(name, blocks=blocks)
        self._open = line
        self._start(line)
        try:
            yield line
        except BaseException:
            line.end("STOPPED", style=BAD)
            raise
        finally:
            self._open = None
            self._end(line)
            self.lines.append(line)

    def say(self, text: str = "") -> None:
        """Write a line of text."""
        self._break()
        self._console.print(text)

    def changed(self, what: str) -> None:
        """Note a change of something in AWS."""
        self.changes.append(what)

    def table(self, columns: list[str], rows: list[list[str]]) -> None:
        """Write a table; a cell in capitals stands out."""
        table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*(Text(cell, style=BAD if cell.isupper() else "") for cell in row))
        self._break()
        self._console.print(table)

    def close(self, document: Mapping[str, Any], *, mended: bool = False) -> int:
        """Count, say whether anything was changed, and return the exit code."""
        faults = sum(len(line.faults) for line in self.lines)
        unseen = sum(line.style == UNKNOWN for line in self.lines)
        counted = f"{faults} fault{'' if faults == 1 else 's'}" if faults else "No faults"
        hidden = f", {unseen} line{'' if unseen == 1 else 's'} not seen in full" if unseen else ""
        changes = "; ".join(self.changes)
        after = f"Changed: {changes}." if changes else "Nothing was changed."
        self.say(f"{counted}{hidden}. {after}")
        if self.form == "json":
            told = [
                {
                    "name": line.name,
                    "result": line.result,
                    "faults": [{"text": each.text, "mend": each.mend} for each in line.faults],
                    "notes": line.notes,
                }
                for line in self.lines
            ]
            json.dump(
                {**document, "lines": told, "faults": faults, "changes": self.changes},
                sys.stdout,
                indent=2,
            )
            sys.stdout.write("\n")
        return int(faults > 0)

    def _start(self, line: Line) -> None:
        self._console.print(f"{line.name} {dots(line.name)} ", end="")
        self._console.file.flush()

    def _end(self, line: Line) -> None:
        if line.broken:
            self._start(line)
        self._console.print(Text(line.result, style=line.style))
        for note in line.notes:
            self._console.print(f"    {note}")
        for fault in line.faults:
            self._console.print(f"    {fault.text}")
            if fault.mend:
                self._console.print(f"        run: {fault.mend}")

    def _break(self) -> None:
        """End the line that is open, to write others below it."""
        if self._open is not None and not self._open.broken:
            self._open.broken = True
            self._console.print()


def dots(name: str) -> str:
    """Return the dots between a line's name and its result."""
    return "." * max(3, WIDTH - len(name))
