"""The quarantine tag: what stands in it, and what it says about a key.

What a person wrote into a tag is never an error: it counts as no tag, and `fault` says why.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from rule.facts import Key, User
from rule.parameters import Policy

QUARANTINE_TAG = "no-setup-access-key:quarantined:"


@dataclass(frozen=True)
class Tag:
    """What a quarantine tag says: no end while the runbook is at it, a fault if invalid."""

    start: datetime | None = None
    end: datetime | None = None
    fault: str = ""


NO_TAG = Tag()


def parse_tag(key: Key, user: User, policy: Policy, now: datetime) -> Tag:
    """Return what the key's quarantine tag says.

    The end that counts is the later of the tag's and start + the current quarantine days.
    """
    value = user.known_tags.get(QUARANTINE_TAG + key.id)
    if value is None:
        return NO_TAG
    moment = r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
    form = re.fullmatch(moment + " (?:started|until " + moment + ")", value, re.ASCII)
    if form is None:
        return Tag(fault="its value is not of the known form")
    try:
        start = datetime.fromisoformat(form[1])
        end = datetime.fromisoformat(form[2]) if form[2] else None
    except ValueError:
        return Tag(fault="it holds a date that does not exist")
    if start > now:
        return Tag(fault="it starts in the future")
    if start < key.created:
        return Tag(fault="it starts before the key was created")
    return Tag(start, max(end, start + policy.quarantine) if end else None)
