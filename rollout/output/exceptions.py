"""Exceptions as a person or a program reads them: rows, json, and the faults of bad ones."""

from collections.abc import Iterable
from datetime import date

from rollout.names import name_program
from rollout.output.fault import Fault
from rollout.output.tables import Cell
from rollout.remediation.exceptions import Changes, ExceptionState, Recorded, Wanted, Write

CHECK = "exceptions"
EXCEPTION_COLUMNS = ["EXPIRES", "DAYS", "ACCOUNT", "USER", "OWNER", "STATE", "REASON"]


def describe_counts(found: Iterable[Recorded]) -> str:
    """Return how many exceptions are in which state."""
    states = [each.state for each in found]
    parts = [f"{states.count(state)} {state.value}" for state in ExceptionState if state in states]
    return ", ".join(parts) or "none"


def describe_row(each: Recorded, today: date) -> list[Cell | str]:
    """Return an exception's row of the table."""
    days = each.days_left(today)
    return [
        each.expires or "-",
        "-" if days is None else str(days),
        str(each.account),
        each.user,
        each.owner or "-",
        Cell(each.state.value, bad=each.state is not ExceptionState.VALID),
        each.reason or "-",
    ]


def describe_recorded(each: Recorded, today: date) -> dict[str, object]:
    """Return an exception that stands on a user, as json."""
    return {
        "account": each.account.id,
        "account_name": each.account.name,
        "user": each.user,
        "owner": each.owner,
        "expires": each.expires,
        "days_left": each.days_left(today),
        "reason": each.reason,
        "state": each.state.value,
        "fault": each.fault,
    }


def describe_wanted(each: Wanted) -> dict[str, object]:
    """Return an exception that somebody asked for, as json."""
    return {
        "account": each.account,
        "user": each.user,
        "owner": each.owner,
        "expires": each.expires,
        "reason": each.reason,
    }


def tell_write(change: Write) -> list[str]:
    """Return what would be written, and over what."""
    wanted = change.wanted
    lines = [f"until the end of {wanted.expires}, owner {wanted.owner}: {wanted.reason}"]
    if change.before:
        before = ", ".join(f"{key}={value}" for key, value in sorted(change.before.items()))
        lines.append(f"in place of {before}")
    return lines


def tell_fault(user: str, why: str) -> Fault:
    """Return the fault of an exception that was not written; `user` is ACCOUNT/USER."""
    return Fault(user.partition("/")[0], CHECK, f"{user}: {why}")


def tell_bad(each: Recorded) -> Fault:
    """Return the fault of an exception that does not count."""
    owner = f" Its owner: {each.owner}." if each.owner else ""
    return Fault(
        each.account.id,
        CHECK,
        f"{each.account}: {each.user}: {each.fault}{owner}",
        f"{name_program()} exceptions remove {each.account.id}/{each.user}",
    )


def tell_stray(each: Recorded) -> Fault:
    """Return the fault of an exception that stands on a user and in no file."""
    end = f"until {each.expires or '(no date)'}, owner {each.owner or '(none)'}"
    return Fault(
        each.account.id,
        CHECK,
        f"{each.account}: {each.user}: in no file: {end}, {each.state.value}",
        f"{name_program()} exceptions remove {each.account.id}/{each.user}",
    )


def describe_changes(changes: Changes) -> str:
    """Return what files come to against what stands, counted."""
    parts = [
        (len(changes.unchanged), "as they stand"),
        (len(changes.writes), "to write"),
        (len(changes.refused), "refused"),
        (len(changes.strays), "in no file"),
    ]
    return ", ".join(f"{number} {word}" for number, word in parts if number) or "none"


def find_exception_faults(changes: Changes) -> list[Fault]:
    """Return what cannot be written, and what stands in no file."""
    refused = [
        tell_fault(f"{each.account}/{each.user}", f"{each.where}: {why}")
        for each, why in changes.refused
    ]
    return refused + [tell_stray(each) for each in changes.strays]
