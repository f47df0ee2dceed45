"""How far a long piece of work is: a row that moves on a terminal, now and then a count in a pipe.

The row's time runs on while nothing else does: a wait or a retry never looks like a standstill.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.text import Text

from rule.counted import count_of

EVERY = 30.0
"""Seconds between two counts in a pipe."""
FRAMES = 4
"""A second, of the row on a terminal."""
Stopwatch = Callable[[], float]
Listener = Callable[[int, int], None]
"""Told how many are done, and of how many."""


def nobody(done: int, total: int) -> None:
    """Let nobody know."""


_told: list[Listener] = [nobody]
"""Who is told how far the work is, the innermost last."""


def advance(done: int, total: int) -> None:
    """Tell the line that is open how far its work is; without one nobody is told."""
    _told[-1](done, total)


@contextmanager
def told_to(listener: Listener) -> Iterator[None]:
    """Let `advance` tell this one while the block runs."""
    _told.append(listener)
    try:
        yield
    finally:
        _told.remove(listener)


class Headway:
    """One row of a terminal: what is under way, how far it is and for how long; then it is gone."""

    def __init__(self, console: Console, name: str, clock: Stopwatch) -> None:
        self._console, self._clock, self._began = console, clock, clock()
        self._name, self._said = name, ""
        self._live = Live(
            get_renderable=self.draw,
            console=console,
            refresh_per_second=FRAMES,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def start(self) -> None:
        """Show the row."""
        self._live.start()

    def stop(self) -> None:
        """Take it away."""
        self._live.stop()

    def say(self, how_far: str) -> None:
        """Change what it says."""
        self._said = how_far

    def draw(self) -> Text:
        """Return the row; of a long name the end gives way, never the numbers."""
        passed = tell_duration(self._clock() - self._began)
        said = " ".join(["...", ", ".join(filter(None, (self._said, passed)))]).rstrip()
        room = max(self._console.width - len(said) - 2, 0)
        name = (
            self._name if len(self._name) <= room else f"{self._name[: max(room - 1, 0)].rstrip()}…"
        )
        return Text(f"{name} {said}", no_wrap=True, overflow="crop")


class Says(Protocol):
    """Whoever writes a line of text."""

    def say(self, text: str = "") -> None:
        """Write it."""


@dataclass
class Follow:
    """What is worked through, such as stacks, as its states become known."""

    one: str
    """What one of them is called."""
    teller: Says
    row: Headway | None
    """None in a pipe."""
    clock: Stopwatch = time.monotonic
    work: str = ""
    """What is done with them, as it is said behind their number: read, judged."""
    ends: bool = True
    """Does a pipe get a first and a last count? Else what is done in less goes unsaid."""
    told: dict[str, str] = field(default_factory=dict)
    _began: float = field(init=False)
    _counted: tuple[int, int] | None = None
    _counted_at: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._counted_at = self.clock()

    def count(self, done: int, total: int) -> None:
        """Tell how many of `total` have ended."""
        self.show({}, done, total)

    def show(self, failed: Mapping[str, str], done: int, total: int) -> None:
        """Tell what failed, by account, and how many of `total` have ended."""
        new = {
            account: state for account, state in failed.items() if self.told.get(account) != state
        }
        self.told |= new
        for account, state in new.items():
            self.teller.say(f"        {account}: {state}")
        failures = f", {len(failed):,} failed" if failed else ""
        if self.row:
            self.row.say(f"{done:,} of {total:,}{failures}")
        elif total:
            said = f"{count_of(done, total, self.one)} {self.work}".rstrip()
            self._count(f"{said}{failures}", done, total)

    def _count(self, said: str, done: int, total: int) -> None:
        now = self.clock()
        due = now - self._counted_at >= EVERY
        at_an_end = self._counted is None or (done == total and self._counted != (done, total))
        if due or (self.ends and at_an_end):
            self._counted, self._counted_at = (done, total), now
            passed = f", {tell_duration(now - self._began)}" if due else ""
            self.teller.say(f"        {said}{passed}")


def tell_duration(seconds: float) -> str:
    """Return a duration in hours, minutes and seconds; "" for less than a second."""
    return str(timedelta(seconds=int(seconds))) if seconds >= 1 else ""
