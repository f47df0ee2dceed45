"""The exception: three tags that accept the risk until a date, and what is wrong with them.

What a person wrote into a tag is never an error, only a sentence. A malformed exception is none,
but it says that somebody meant to keep the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from rule.counted import count
from rule.day import parse_day
from rule.parameters import Policy
from rule.sentences import clip, plain

EXCEPTION_TAG = "no-setup-access-key:exception-"
EXCEPTION_TAGS = tuple(EXCEPTION_TAG + part for part in ("owner", "expires", "reason"))


@dataclass(frozen=True)
class RiskException:
    """What the tags of an exception say: who accepts the risk through which day, or a `fault`.

    Where none is recorded there is neither. `malformed` tells a fault in the writing (no date, a
    part missing or empty, not in lower case) from an exception that ended or ends too far ahead.
    """

    owner: str = ""
    last: date | None = None
    fault: str = ""
    malformed: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the risk is accepted now."""
        return self.last is not None

    def describe(self) -> str:
        """Return what a valid exception says, without a full stop."""
        return f"The risk is accepted by {self.owner} until the end of {self.last}"


NO_EXCEPTION = RiskException()


def read_exception(tags: Mapping[str, str], policy: Policy, now: datetime) -> RiskException:
    """Return what the tags say; an exception is good through the end of its last day, UTC."""
    spelled = {name.lower(): name for name in tags}
    if not any(tag in spelled for tag in EXCEPTION_TAGS):
        return NO_EXCEPTION
    for tag in EXCEPTION_TAGS:
        short = tag.removeprefix(EXCEPTION_TAG)
        if tag not in spelled:
            return _malformed(f"{short} is missing.")
        if tag not in tags:
            return _malformed(f"{spelled[tag]} is not in lower case.")
        if not tags[tag].strip():
            return _malformed(f"{short} is empty.")
    owner, expires, _ = (tags[tag].strip() for tag in EXCEPTION_TAGS)
    last = parse_day(expires)
    if last is None:
        return _malformed(f'expires "{clip(plain(expires), 20)}" is no date (YYYY-MM-DD).')
    if last < now.date():
        return RiskException(fault=f"The exception ended on {last}.")
    if last - now.date() > policy.max_exception:
        days = count(policy.max_exception.days, "day")
        fault = f"Invalid exception: it ends on {last}, more than {days} ahead."
        return RiskException(fault=fault)
    return RiskException(clip(plain(owner), 80), last)


def _malformed(what: str) -> RiskException:
    return RiskException(fault=f"Invalid exception: {what}", malformed=True)
