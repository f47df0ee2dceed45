"""A run as it is told: a line's name, dots, and the result at its end.

Nothing is read back from here. With --format json it goes to stderr, and stdout holds one document.
On a terminal a line is a row that moves until its end is known, and no word is torn at the edge.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from rollout.output import progress
from rollout.output.fault import Fault, Result
from rollout.output.folding import MARGIN, fold
from rollout.output.progress import Follow, Headway, Stopwatch
from rollout.output.tables import PIPE_WIDTH, Cell, Column, write_table

WIDTH = 72
"""Where results begin; longer names push them to the right, a narrow terminal to the left."""
ROOM = 12
"""Columns that a terminal keeps for most results."""
LEAST = 3
"""Dots between a name and its result."""
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
        """Whether other lines were written since the work began."""

    def end(self, result: Result) -> None:
        """Say what came of the work."""
        self.result = result


class Teller:
    """Writes what a verb says, for a person."""

    clock: Stopwatch = staticmethod(time.monotonic)

    def __init__(self, form: str) -> None:
        stream = sys.stderr if form == "json" else sys.stdout
        terminal = stream.isatty()
        self._console = Screen(
            file=stream,
            highlight=False,
            emoji=False,
            markup=False,
            soft_wrap=True,
            width=None if terminal else PIPE_WIDTH,
        )
        self._moves = terminal and not self._console.is_dumb_terminal
        self._open: Line | None = None
        self._row: Headway | None = None

    @contextmanager
    def line(self, check: str, name: str) -> Iterator[Line]:
        """Tell one line; the block does the work and ends the line.

        When the block raises, the line ends with STOPPED and the error goes on.
        """
        self._open = line = Line(check, name)
        if not self._moves:
            self._begin(line)
        try:
            with self.follow("account", name, ends=False) as looks, progress.told_to(looks.count):
                yield line
        except BaseException:
            self._end(line, Text("STOPPED", style=BAD))
            raise
        finally:
            self._open = None
        tone = BAD if line.result.faults else UNKNOWN if line.result.unseen else GOOD
        self._end(line, Text(line.result.word, style=tone))
        for note in line.result.notes:
            self.say(f"{MARGIN}{note}")
        self._list(line.result.faults)

    @contextmanager
    def follow(
        self, one: str, name: str = "", *, work: str = "", ends: bool = True
    ) -> Iterator[Follow]:
        """Follow many: a row on a terminal, a count every half minute in a pipe.

        `one` is the noun of one of them, `work` what is done with each, `name` what the row says.
        Without `ends` a pipe has no first and no last count: what is done in less goes unsaid.
        """
        own = self._moves and self._row is None
        if own:
            self._row = Headway(self._console, name or f"{one}s {work}".rstrip(), self.clock)
            self._row.start()
        follow = Follow(one, self, self._row, self.clock, work, ends)
        try:
            with progress.told_to(progress.nobody):
                yield follow
        finally:
            if own and self._row:
                self._row.stop()
                self._row = None

    def tell_faults(self, faults: Sequence[Fault]) -> None:
        """Tell all faults once more, under one heading."""
        if faults:
            self.say()
            self.say("What is not fine:")
            self._list(faults)

    def _list(self, faults: Sequence[Fault]) -> None:
        for fault in faults:
            self.say(f"{MARGIN}{fault.text}")
            if fault.mend:
                self.show(f"{MARGIN * 2}run: {fault.mend}")

    def say(self, text: str = "") -> None:
        """Write a line of text; on a terminal it goes on below where it has no room."""
        self.show("\n".join(self._fold(text)))

    def show(self, text: str) -> None:
        """Write what is to be copied as it stands, such as a command."""
        self._break()
        self._console.print(text)

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[Cell | str]]) -> None:
        """Write a table."""
        self._break()
        write_table(self._console, columns, rows)

    def _fold(self, text: str) -> list[str]:
        """Return a text's lines as the terminal has room for them, the later ones set in."""
        return fold(text, self._console.width) if self._moves else [text]

    def _begin(self, line: Line) -> None:
        self._console.print(f"{line.name} {dots(line.name)} ", end="")
        self._console.file.flush()

    def _end(self, line: Line, word: Text) -> None:
        if not self._moves:
            if line.broken:
                self._begin(line)
            self._console.print(word)
            return
        *above, last = self._fold(f"{line.name} {'.' * LEAST}")
        room = self._console.width - len(last) - len(word) - 1
        edge = min(WIDTH, self._console.width - ROOM)
        filled = max(0, min(room, edge - len(last) + 1))
        for each in above:
            self._console.print(each)
        self._console.print(f"{last}{'.' * filled}", end=" " if room >= 0 else "\n")
        for each in [str(word)] if room >= 0 else self._fold(f"{MARGIN}{word}"):
            self._console.print(each, style=word.style)

    def _break(self) -> None:
        """Say what the open line is about, to write others below it."""
        if self._open is None or self._open.broken:
            return
        self._open.broken = True
        if self._moves:
            for each in self._fold(f"{self._open.name} {'.' * LEAST}"):
                self._console.print(each)
        else:
            self._console.print()


@contextmanager
def show_progress(one: str, work: str) -> Iterator[Follow]:
    """Show on stderr how far the work is, for a verb whose stdout is its result alone."""
    with (
        Teller("json").follow(one, work=work, ends=False) as follow,
        progress.told_to(follow.count),
    ):
        yield follow


def dots(name: str) -> str:
    """Return the dots between a line's name and its result."""
    return "." * max(LEAST, WIDTH - len(name))
