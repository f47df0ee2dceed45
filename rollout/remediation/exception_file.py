"""A file of exceptions, reviewed in git: TOML, in the form of the exemptions that `prevent` takes.

    [[exception]]
    account = "333300000001"
    user = "ben.idle"
    owner = "team-payments"
    expires = 2026-12-31
    reason = "partner goes live in December"

Every fault of a file is told, with its line; a file that has one is not used at all.
"""

from collections.abc import Collection, Iterable

from guardrails.entries import Entry, Unusable, read_entries
from rollout.errors import Refused
from rollout.names import ACCOUNT_ID
from rollout.remediation.exceptions import Wanted

TEXTS = ("account", "user", "owner", "reason")


def read_exceptions(files: Iterable[tuple[str, bytes]]) -> list[Wanted]:
    """Return the entries of all files. Raises Refused, naming every fault with file and line."""
    entries, faults = read_entries(files, "exception", TEXTS)
    faults += [
        f'{each.where}: account is "{account}"; give the 12 digits of its number.'
        for each in entries
        if not ACCOUNT_ID.fullmatch(account := each.texts["account"])
    ]
    wanted = [make_wanted(each) for each in entries]
    faults += find_doubles(wanted)
    if faults:
        raise Refused(f"Nothing was changed:\n{Unusable(faults)}")
    return wanted


def make_wanted(entry: Entry) -> Wanted:
    """Return what an entry wants."""
    return Wanted(expires=entry.expires.isoformat(), where=entry.where, **entry.texts)


def find_doubles(entries: Iterable[Wanted]) -> list[str]:
    """Return a fault for each user that has two entries; IAM's names differ not in case alone."""
    first, faults = dict[tuple[str, str], Wanted](), list[str]()
    for each in entries:
        there = first.setdefault((each.account, each.user.lower()), each)
        if there is not each:
            user = f"{each.account}/{each.user}"
            faults.append(f"{each.where}: {user} has an entry at {there.where} already; keep one.")
    return faults


def choose_entries(
    entries: Iterable[Wanted], chosen: Collection[str], where: str, *, some: bool
) -> list[Wanted]:
    """Return the entries for the chosen accounts. Raises Refused for an account that is unknown.

    With `some` accounts of `where` chosen, entries for others are left for another run.
    """
    outside = [each for each in entries if each.account not in chosen]
    if outside and not some:
        faults = [
            f"{each.where}: {each.account} is no active account of {where}." for each in outside
        ]
        raise Refused(f"Nothing was changed:\n{Unusable(faults)}")
    return [each for each in entries if each.account in chosen]
