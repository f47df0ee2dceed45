"""What one run of a verb found and changed: the exit code, the count and the document come from it.

The results are data; what a check or a step found later replaces what it found before.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, ClassVar

from rollout.errors import FAULTS, NOT_SEEN
from rollout.output.fault import Fault, Result, Unseen
from rollout.output.teller import Line, Teller
from rule.counted import count

STOPPED = "Stopped. What was begun goes on in AWS; run the same command again and it is finished."


NOTHING: Mapping[str, Any] = {"checks": [], "faults": [], "unseen": [], "changes": []}


class Run:
    """One run of a verb: its results by check, its changes, and the telling of them."""

    latest: "ClassVar[Run | None]" = None
    """The run that has not written its document yet: what ends it early says what it changed."""

    def __init__(self, verb: str, form: str) -> None:
        Run.latest = self
        self.verb = verb
        self.form = form
        self.teller = Teller(form)
        self.results: dict[str, Result] = {}
        self.changes: list[str] = []
        """What this run changed, in order."""

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that is not fine."""
        return tuple(fault for each in self.results.values() for fault in each.faults)

    @property
    def unseen(self) -> tuple[Unseen, ...]:
        """Everything that nobody could look at."""
        return tuple(unseen for each in self.results.values() for unseen in each.unseen)

    @property
    def code(self) -> int:
        """The exit code: where something is not fine, else where something was not seen, else 0."""
        return FAULTS if self.faults else NOT_SEEN if self.unseen else 0

    @contextmanager
    def line(self, check: str, name: str) -> Iterator[Line]:
        """Tell one line, and keep its result."""
        with self.teller.line(check, name) as line:
            yield line
        self.results[check] = line.result

    @contextmanager
    def telling_stops(self) -> Iterator[None]:
        """Say what was changed so far, whatever ends the block before its time."""
        try:
            yield
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt | BrokenPipeError)
            if self.changes or stopped:
                print(self.tell_changes(), file=sys.stderr)
            if stopped:
                print(STOPPED, file=sys.stderr)
            raise

    def changed(self, what: str) -> None:
        """Note a change of something in AWS."""
        self.changes.append(what)

    def tell_changes(self) -> str:
        """Return the sentence on what was changed."""
        return f"Changed: {'; '.join(self.changes)}." if self.changes else "Nothing was changed."

    def close(self, document: Mapping[str, Any]) -> int:
        """Count, say whether anything was changed, and return the exit code."""
        faults = count(len(self.faults), "fault") if self.faults else "No faults"
        hidden = sum(bool(each.unseen) for each in self.results.values())
        part = f", {count(hidden, 'line')} not seen in full" if hidden else ""
        self.teller.say(f"{faults}{part}. {self.tell_changes()}")
        Run.latest = None
        if self.form == "json":
            json.dump({"verb": self.verb, **document, **self.describe()}, sys.stdout, indent=2)
            sys.stdout.write("\n")
        return self.code

    def describe(self) -> dict[str, Any]:
        """Return what every document ends with."""
        return {
            "checks": [
                {
                    "check": each.check,
                    "title": each.title,
                    "result": each.word,
                    "fine": each.fine,
                    "seen": not each.unseen,
                    "notes": list(each.notes),
                }
                for each in self.results.values()
            ],
            "faults": [asdict(each) for each in self.faults],
            "unseen": [asdict(each) for each in self.unseen],
            "changes": self.changes,
        }


def write_failure(verb: str, sentence: str) -> None:
    """Write the document of a verb that was ended early: what ended it, and what came before."""
    run, Run.latest = Run.latest, None
    known = run.describe() if run and run.verb == verb else dict(NOTHING)
    fault = Fault("", verb, sentence)
    document = {"verb": verb, "error": sentence, **known}
    document["faults"] = [*document["faults"], asdict(fault)]
    json.dump(document, sys.stdout, indent=2)
    sys.stdout.write("\n")
