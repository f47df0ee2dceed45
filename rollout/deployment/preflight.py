"""What is known while the checks run, and the one loop that runs them.

A line of the table of checks says its name, what it reads into the estate, and what it makes of
that; the loop says the name, reads, judges and ends the line. A result is data.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rollout.deployment.estate import Estate
from rollout.deployment.intent import Intent
from rollout.deployment.request import Request
from rollout.output.fault import Result
from rollout.output.run import Run


@dataclass(frozen=True)
class Preflight:
    """What is known; `intent` is there once what stands has been read."""

    request: Request
    estate: Estate
    code: Path
    intent: Intent | None = None

    @property
    def meant(self) -> Intent:
        """The intent, which every check after the accounts may rely on."""
        assert self.intent is not None
        return self.intent


def read_nothing(known: Preflight) -> Preflight:
    """Return what is known: for checks of what was read before."""
    return known


def always(known: Preflight) -> bool:
    """Does a check apply? One that says nothing else always does."""
    return True


def in_organization(known: Preflight) -> bool:
    """Does the deployment reach an organization?"""
    return known.estate.organization is not None


@dataclass(frozen=True)
class Check:
    """One line of the table."""

    name: str
    meaning: str
    """For the page that lists all checks."""
    title: Callable[[Preflight], str]
    judge: Callable[[Preflight, Result], Result]
    """Given an empty result to fill."""
    read: Callable[[Preflight], Preflight] = read_nothing
    applies: Callable[[Preflight], bool] = always
    blocks: bool = False
    """Whether a fault here keeps `deploy` from beginning."""


def run_checks(checks: tuple[Check, ...], known: Preflight, run: Run) -> Preflight:
    """Say each check's name, read, judge, and end the line."""
    for check in checks:
        if not check.applies(known):
            continue
        title = check.title(known)
        with run.line(check.name, title) as line:
            known = check.read(known)
            line.end(check.judge(known, Result(check.name, title)))
    return known
