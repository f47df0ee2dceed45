"""A run whose lines become known piece by piece, while their work is done.

Nothing here is read back: each line becomes a `Result` when it ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rollout.output.fault import Fault, Result, Unseen
from rollout.output.progress import Follow
from rollout.output.run import Run
from rollout.output.tables import Cell, Column

IDENTIFIERS = ("#", "ACCOUNT", "USER", "KEY")


@dataclass
class Draft:
    """What is known of a line so far; `word` is how it ends, "" for ok or the number of faults."""

    check: str
    title: str
    word: str = ""
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unseen: list[Unseen] = field(default_factory=list)

    def end(self, word: str) -> None:
        """Say how the work ended."""
        self.word = word

    def result(self) -> Result:
        """Return the line as data."""
        return Result(
            self.check,
            self.title,
            good=self.word or "ok",
            bad=self.word,
            faults=tuple(self.faults),
            unseen=tuple(self.unseen),
            part=self.word or "not seen",
            notes=tuple(self.notes),
        )


class Story:
    """What one of the verbs says that work findings off."""

    def __init__(self, verb: str, form: str) -> None:
        self.run = Run(verb, form)

    @contextmanager
    def line(self, title: str) -> Iterator[Draft]:
        """Tell one line; the block does the work and fills the draft."""
        same = sum(each.title == title for each in self.run.results.values())
        check = f"{title} ({same + 1})" if same else title
        with self.run.line(check, title) as line:
            draft = Draft(check, title)
            yield draft
            line.end(draft.result())

    def say(self, text: str = "") -> None:
        """Write a line of text."""
        self.run.teller.say(text)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Cell | str]]) -> None:
        """Write a table."""
        self.run.teller.table([Column(each, each in IDENTIFIERS) for each in columns], rows)

    @contextmanager
    def progress(self, one: str, name: str = "", *, work: str = "") -> Iterator[Follow]:
        """Follow many: a row on a terminal, what fails and now and then a count in a pipe."""
        with self.run.teller.follow(one, name, work=work) as follow:
            yield follow

    def changed(self, what: str) -> None:
        """Note a change of something in AWS."""
        self.run.changed(what)

    def close(self, document: Mapping[str, Any]) -> int:
        """Count, say whether anything was changed, write the json, and return the exit code."""
        return self.run.close(document)
