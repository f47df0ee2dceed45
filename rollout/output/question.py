"""A question to the operator, before something is changed."""

import sys

from rollout.errors import Refused


def agrees(question: str, *, yes: bool) -> bool:
    """Does the operator agree? `yes` is --yes, which answers every question."""
    if yes:
        return True
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def check_terminal(*, yes: bool) -> None:
    """Raise Refused where nobody can be asked, before anything is begun."""
    if not yes and not sys.stdin.isatty():
        raise Refused("Nobody can be asked without a terminal: look with --dry-run, then --yes.")
