"""A question to the operator, before something is changed."""

import sys

from rollout.errors import Refused


def agrees(question: str, *, yes: bool) -> bool:
    """Does the operator agree? `yes` is --yes, which answers every question.

    Without a terminal nobody else can.
    """
    if yes:
        return True
    if not is_somebody_there():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def check_terminal(*, yes: bool) -> None:
    """Raise Refused where nobody can be asked, before anything is begun."""
    if not yes and not is_somebody_there():
        raise Refused("Nobody can be asked without a terminal: look with --dry-run, then --yes.")


def is_somebody_there() -> bool:
    """Is there a terminal to ask at?"""
    return sys.stdin is not None and sys.stdin.isatty()
