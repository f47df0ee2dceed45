"""A run as it is told: a line's name before the work starts, dots, and the result at its end.

Nothing is read back from here. With --format json it goes to stderr, and stdout holds one document.
"""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from rollout.output.fault import Fault, Result
from rollout.output.tables import Cell, Column, make_table

WIDTH = 72
"""Where results begin; longer names push them to the right."""
PIPE_WIDTH = 1000
"""Columns for a pipe: one line a row, as grep and less want it."""
EVERY = 30.0
"""Seconds between two counts in a pipe."""
GOOD, BAD, UNKNOWN = "green", "bold red", "yellow"


class Screen(Console):
    """A console that does not end the program by itself when its reader has left."""

    def on_broken_pipe(self) -> None:
        """Let the edge decide: it knows what to say and which exit code."""
        self.quiet = True
        raise BrokenPipeError


class Line:
    """One line while its work is done; without a result it ends as fine."""

    def __init__(self, check: str, name: str) -> None:
        self.name = name
        self.result = Result(check, name)
        self.broken = False
        """Whether other lines were written since the name went out."""

    def end(self, result: Result) -> None:
        """Say what came of the work."""
        self.result = result


class Teller:
    """Writes what a verb says, for a person."""

    def __init__(self, form: str) -> None:
        stream = sys.stderr if form == "json" else sys.stdout
        self._console = Screen(
            file=stream,
            highlight=False,
            emoji=False,
            markup=False,
            soft_wrap=True,
            width=None if stream.isatty() else PIPE_WIDTH,
        )
        self._open: Line | None = None

    @contextmanager
    def line(self, check: str, name: str) -> Iterator[Line]:
        """Tell one line; the block does the work and ends the line.

        When the block raises, the line ends with STOPPED and the error goes on.
        """
        self._open = line = Line(check, name)
        self._start(line)
        try:
            yield line
        except BaseException:
            self._end(line, Text("STOPPED", style=BAD))
            raise
        finally:
            self._open = None
        tone = BAD if line.result.faults else UNKNOWN if line.result.unseen else GOOD
        self._end(line, Text(line.result.word, style=tone))
        for note in line.result.notes:
            self._console.print(f"    {note}")
        self._list(line.result.faults)

    def tell_faults(self, faults: Sequence[Fault]) -> None:
        """Tell all faults once more, under one heading."""
        if faults:
            self.say()
            self.say("What is not fine:")
            self._list(faults)

    def _list(self, faults: Sequence[Fault]) -> None:
        for fault in faults:
            self._console.print(f"    {fault.text}")
            if fault.mend:
                self._console.print(f"        run: {fault.mend}")

    def say(self, text: str = "") -> None:
        """Write a line of text."""
        self._break()
        self._console.print(text)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]]) -> None:
        """Write a table."""
        self._break()
        with self._console.capture() as captured:
            self._console.print(make_table(columns, rows), soft_wrap=False)
        for line in captured.get().splitlines():
            self._console.file.write(line.rstrip() + "\n")

    @contextmanager
    def follow(self, what: str, *, end: bool = True) -> "Iterator[Follow]":
        """Follow many accounts: a bar on a terminal, a count every half minute in a pipe.

        Without `end` a pipe has no first and no last count: what is done in less goes unsaid.
        """
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(complete_style="cyan", finished_style="green"),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        if self._console.is_terminal:
            self._break()
        with bar:
            began = -EVERY if end else time.monotonic()
            yield Follow(what, self, bar, end=end, counted_at=began)

    def _start(self, line: Line) -> None:
        self._console.print(f"{line.name} {dots(line.name)} ", end="")
        self._console.file.flush()

    def _end(self, line: Line, word: Text) -> None:
        if line.broken:
            self._start(line)
        self._console.print(word)

    def _break(self) -> None:
        """End the line that is open, to write others below it."""
        if self._open is not None and not self._open.broken:
            self._open.broken = True
            self._console.print()


@dataclass
class Follow:
    """The accounts of one piece of work, as their states become known."""

    what: str
    teller: Teller
    bar: Progress
    task: Any = None
    told: dict[str, str] = field(default_factory=dict)
    counted: tuple[int, int] = (-1, -1)
    counted_at: float = 0.0
    end: bool = True

    def show(self, failed: Mapping[str, str], done: int, total: int) -> None:
        """Tell what failed, by account, and how many of `total` have ended."""
        new = {
            account: state for account, state in failed.items() if self.told.get(account) != state
        }
        self.told |= new
        for account, state in new.items():
            self.teller.say(f"        {account}: {state}")
        if not self.bar.disable:
            words = f"    {self.what}{f', {len(self.told)} failed' if self.told else ''}"
            if self.task is None:
                self.task = self.bar.add_task(words, total=total)
            self.bar.update(self.task, description=words, completed=done, total=total)
            return
        now = time.monotonic()
        due = now - self.counted_at >= EVERY or (self.end and done == total)
        if (done, total) != self.counted and due and total:
            self.counted, self.counted_at = (done, total), now
            self.teller.say(f"        {done} of {total} {self.what}")


def dots(name: str) -> str:
    """Return the dots between a line's name and its result."""
    return "." * max(3, WIDTH - len(name))
