"""The quarantine tag: what stands in it, and what it says about a key.

What a person wrote into a tag is never an error: it counts as no tag, and `fault` says why. Tags
are found in any letter case, as IAM finds them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rule.facts import Key, User, utc
from rule.parameters import Policy

QUARANTINE_TAG = "no-setup-access-key:quarantined:"
AGAIN = " again"
"""How the tag of a second quarantine ends: its key was made Active again and not used."""
CLOCKS_DIFFER = timedelta(minutes=5)
LONGEST = timedelta(days=365)
MOMENT = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
FORM = re.compile(rf"{MOMENT} (?:started|until {MOMENT})({AGAIN})?", re.ASCII)


@dataclass(frozen=True)
class Tag:
    """What a quarantine tag says: no end while the runbook is at it, a fault if invalid."""

    start: datetime | None = None
    end: datetime | None = None
    again: bool = False
    fault: str = ""


NO_TAG = Tag()


def find_quarantines(tags: Mapping[str, str]) -> dict[str, str]:
    """Return the values of a user's quarantine tags by access key id, in upper case."""
    return {
        name[len(QUARANTINE_TAG) :].upper(): value
        for name, value in tags.items()
        if name.lower().startswith(QUARANTINE_TAG)
    }


def parse_tag(key: Key, user: User, policy: Policy, now: datetime) -> Tag:
    """Return what the key's quarantine tag says.

    The end that counts is the later of the tag's and start + the current quarantine days.
    """
    value = find_quarantines(user.known_tags).get(key.id.upper())
    if value is None:
        return NO_TAG
    form = FORM.fullmatch(value)
    if form is None:
        return Tag(fault="its value is not of the known form")
    try:
        start = datetime.fromisoformat(form[1])
        end = datetime.fromisoformat(form[2]) if form[2] else None
    except ValueError:
        return Tag(fault="it holds a date that does not exist")
    if start > now + CLOCKS_DIFFER:
        return Tag(fault="it starts in the future")
    if start < key.created:
        return Tag(fault="it starts before the key was created")
    if end and end > start + LONGEST:
        return Tag(fault=f"it ends more than {LONGEST.days} days after its start")
    return Tag(start, max(end, start + policy.quarantine) if end else None, bool(form[3]))


def describe_started(start: datetime, again: bool = False) -> str:
    """Return the tag's value while the key is being made Inactive."""
    return f"{utc(start)} started{AGAIN if again else ''}"


def describe_until(start: datetime, end: datetime, again: bool = False) -> str:
    """Return the tag's value once the key has been read back as Inactive."""
    return f"{utc(start)} until {utc(end)}{AGAIN if again else ''}"
