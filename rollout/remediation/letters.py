"""One text for each owner: whose keys are findings or in quarantine, and what to do about each.

Nothing is sent. An owner is who a tag of the user names, else the user.
"""

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rollout.findings.finding import Finding, State
from rule.facts import utc

LETTER_STATES = (State.FINDING, State.QUARANTINE)
LONGEST_NAME = 100
"""Of a file's name, which some systems hold to 255 bytes."""


@dataclass(frozen=True)
class Letter:
    """What one owner is to read, and the name of the file that holds it."""

    owner: str
    file: str
    text: str


def write_letters(
    findings: Iterable[Finding], owners: Mapping[tuple[str, str], str], by: date
) -> list[Letter]:
    """Return a letter for each owner, by file name; `owners` is by account and user id.

    `by` is the day from which findings are worked off.
    """
    mine = dict[str, list[Finding]]()
    for each in findings:
        if each.state in LETTER_STATES:
            owner = owners.get((each.account, each.user_id), "") or each.user or each.user_id
            mine.setdefault(owner, []).append(each)
    taken = set[str]()
    letters = []
    for owner in sorted(mine):
        file = name_letter(owner, taken)
        taken.add(file.lower())
        letters.append(Letter(owner, file, write_letter(owner, mine[owner], by)))
    return letters


def name_letter(owner: str, taken: set[str]) -> str:
    """Return a file name for an owner: no separators, no dots in front, none that is taken."""
    safe = re.sub(r"[^\w@=+.-]+", "_", owner, flags=re.ASCII)
    safe = safe.strip("._")[:LONGEST_NAME] or "owner"
    name, number = f"{safe}.txt", 1
    while name.lower() in taken:
        number += 1
        name = f"{safe}-{number}.txt"
    return name


def write_letter(owner: str, findings: Iterable[Finding], by: date) -> str:
    """Return the letter."""
    parts = [
        f"To: {' '.join(owner.split())}",
        "",
        "An access key that was made when an IAM user was set up, and that AWS has never seen in"
        " use, is a secret that nobody needs. These are yours:",
    ]
    for number, each in enumerate(findings, 1):
        parts += ["", *write_part(number, each, by)]
    parts += [
        "",
        "What each sentence means, and what an exception takes: docs/owners/flagged.md.",
        "",
    ]
    return "\n".join(parts)


def write_part(number: int, each: Finding, by: date) -> list[str]:
    """Return what a letter says of one key: the sentence, the date, the commands."""
    user, key = shlex.quote(each.user or each.user_id), each.key or "KEY"
    update = f"aws iam update-access-key --user-name {user} --access-key-id {key} --status"
    delete = f"aws iam delete-access-key --user-name {user} --access-key-id {key}"
    head = [f"{number}. Account {each.place}, user {each.user or each.user_id}, key {key}"]
    if each.state is State.QUARANTINE:
        until = utc(each.until) if isinstance(each.until, datetime) else "the end of its quarantine"
        return [
            *head,
            f"   AWS Config says: {each.sentence}",
            f"   It is Inactive now and will be deleted after {until}.",
            "   You do not need it: nothing to do, or delete it now:",
            f"       {delete}",
            "   You need it: make it Active again, leave its tag where it is, and use it:",
            f"       {update} Active",
        ]
    return [
        *head,
        f"   AWS Config says: {each.sentence}",
        f"   From {by} on it will be made Inactive, and deleted when its quarantine is over.",
        "   You do not need it: make it Inactive, wait some days, delete it:",
        f"       {update} Inactive",
        f"       {delete}",
        "   You need it: use it before that day, or ask your security team for an exception.",
    ]
