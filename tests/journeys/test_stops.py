"""A deployment that is stopped says so: what was begun goes on in AWS."""

import os
import signal
import sys

import pytest

from rollout.output.run import Run
from tests.support.organizations import MANAGEMENT, World, run

MEMBERS_ONLY = f"deploy --exclude {MANAGEMENT}"
SAID = "Stopped. What was begun goes on in AWS; run the same command again and it is finished."


class Pipe:
    """A standard output whose reader leaves after the code has been uploaded."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.told = ""

    def write(self, text: str) -> int:
        if "... uploaded" in self.told:
            raise BrokenPipeError
        self.told += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return False


def test_a_reader_that_leaves_is_told_what_goes_on(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    init = Run.__init__

    def open_run(self: Run, verb: str, form: str) -> None:
        with pytest.MonkeyPatch.context() as patches:
            patches.setattr(sys, "stdout", Pipe())
            init(self, verb, form)

    monkeypatch.setattr(Run, "__init__", open_run)
    outcome = run(MEMBERS_ONLY)
    assert outcome.code == 141
    assert outcome.err.splitlines()[0].startswith("Changed: the bucket; the code")
    assert outcome.err.splitlines()[1] == SAID


def test_a_termination_is_an_interrupt(estate: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep(seconds: float) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        estate.sleep(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    before = signal.getsignal(signal.SIGTERM)
    try:
        outcome = run(MEMBERS_ONLY)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert outcome.code == 130
    assert SAID in outcome.err
