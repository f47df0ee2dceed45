"""The exception: three tags that accept the risk until a date, and what is wrong with them.

What a person wrote into a tag is never an error, only a sentence.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime

from rule.parameters import Policy
from rule.sentences import clip

EXCEPTION_TAG = "no-setup-access-key:exception-"
EXCEPTION_TAGS = tuple(EXCEPTION_TAG + part for part in ("owner", "expires", "reason"))


def check_exception(tags: Mapping[str, str], policy: Policy, now: datetime) -> tuple[str, str]:
    """Return what a valid exception says and "", or "" and what is wrong with an invalid one.

    Both are "" where no exception was recorded. It is good through the end of its last day, UTC.
    """
    spelled = {name.lower(): name for name in tags}
    recorded = [tag for tag in EXCEPTION_TAGS if tag in spelled]
    if not recorded:
        return "", ""
    fault = "Invalid exception: "
    for tag in EXCEPTION_TAGS:
        short = tag.removeprefix(EXCEPTION_TAG)
        if tag not in spelled:
            return "", f"{fault}{short} is missing."
        if tag not in tags:
            return "", f"{fault}{spelled[tag]} is not in lower case."
        if not tags[tag].strip():
            return "", f"{fault}{short} is empty."
    owner, expires, _ = (tags[tag].strip() for tag in EXCEPTION_TAGS)
    try:
        # fromisoformat also takes 20261231 and 2026-W53-4, which nobody would read as a date.
        last = date.fromisoformat(expires if re.fullmatch("[0-9-]{10}", expires) else "")
    except ValueError:
        return "", f'{fault}expires "{clip(expires, 20)}" is no date (YYYY-MM-DD).'
    if last < now.date():
        return "", f"The exception ended on {last}."
    if last - now.date() > policy.max_exception:
        days = policy.max_exception.days
        return "", f"{fault}it ends on {last}, more than {days} days ahead."
    return f"The risk is accepted by {clip(owner, 80)} until the end of {last}", ""
