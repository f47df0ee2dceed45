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


def is_quarantine_tag(name: str) -> bool:
    """Is this the name of a quarantine tag, of whatever key?"""
    return name.lower().startswith(QUARANTINE_TAG)


def find_quarantine(tags: Mapping[str, str], key_id: str) -> str | None:
    """Return the value of one key's quarantine tag, None where it has none."""
    wanted = (QUARANTINE_TAG + key_id).lower()
    return next((value for name, value in tags.items() if name.lower() == wanted), None)


def parse_tag(key: Key, user: User, policy: Policy, now: datetime) -> Tag:
    """Return what the key's quarantine tag says.

    The end that counts is the later of the tag's and start + the current quarantine days.
    """
    value = find_quarantine(user.known_tags, key.id)
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
