"""The one finding: a key of a user, how it stands, and why it comes first.

A key that waits, is in quarantine or stands under an exception is one too, in another state:
nothing that a person may have to look at is left out of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

from rule.annotations import NotUnderstood, Said, parse_annotation, parse_ended
from rule.decision import NON_COMPLIANT
from rule.facts import utc
from rule.standing import OFFENDING, Standing

PRODUCTION = "production"
ADMINISTRATOR = "administrator"
NO_MFA = "no MFA"
REASONS = (PRODUCTION, ADMINISTRATOR, NO_MFA)
"""Why a finding comes first, the weightiest first; then the oldest key."""


class State(Enum):
    """How a key stands for whoever works it off."""

    FINDING = "finding"
    WAITING = "waiting"
    QUARANTINE = "quarantine"
    EXCEPTION = "exception"
    UNKNOWN = "unknown"
    """The sentence is none of this version's; it is shown as it is."""


STATES = {
    Standing.YOUNG: State.WAITING,
    Standing.REACTIVATED: State.WAITING,
    Standing.IN_QUARANTINE: State.QUARANTINE,
    Standing.QUARANTINED_USED: State.QUARANTINE,
    Standing.QUARANTINED_UNMET: State.QUARANTINE,
} | dict.fromkeys(OFFENDING, State.FINDING)


@dataclass(frozen=True)
class Finding:
    """One key of one user. `until` ends a wait or a quarantine, or is an exception's last day.

    Of a finding it is the last day of the exception that has ended, if there was one.

    `key` is "" where the sentence names none, `created` None where it says no time, `unit` the path
    of the organizational unit and "" below the root.
    """

    account: str
    account_name: str
    unit: str
    user: str
    user_id: str
    key: str
    created: datetime | None
    state: State
    until: datetime | date | None
    owner: str
    sentence: str
    reasons: tuple[str, ...] = ()

    @property
    def identity(self) -> tuple[str, str, str]:
        """What stays the same from one report to the next."""
        return self.account, self.user_id or self.user, self.key

    @property
    def place(self) -> str:
        """The account by number and name."""
        return f"{self.account} {self.account_name}".rstrip()

    def is_over(self, now: datetime) -> bool:
        """Has the wait, the quarantine or the exception ended by `now`?"""
        if isinstance(self.until, datetime):
            return self.until <= now
        return self.until is not None and self.until < now.date()

    def describe(self) -> dict[str, Any]:
        """Return the finding as JSON has it; `read_finding` reads it back."""
        return {
            "account": self.account,
            "account_name": self.account_name,
            "unit": self.unit,
            "user": self.user,
            "user_id": self.user_id,
            "key": self.key,
            "created": utc(self.created) if self.created else None,
            "state": self.state.value,
            "until": tell_until(self.until) or None,
            "owner": self.owner,
            "sentence": self.sentence,
            "why_first": list(self.reasons),
        }


def find(
    compliance: str,
    annotation: str,
    *,
    account: str,
    account_name: str = "",
    unit: str = "",
    user: str = "",
    user_id: str = "",
) -> tuple[Finding, ...]:
    """Return the findings in one result of the rule; none where there is nothing to look at."""
    try:
        said = parse_annotation(annotation)
    except NotUnderstood:
        said = (Said(""),)
    found, ended = list[Finding](), parse_ended(annotation)
    for each in said:
        if (state := judge_state(compliance, each)) is not None:
            found.append(
                Finding(
                    account,
                    account_name,
                    unit,
                    user,
                    user_id,
                    each.key,
                    each.created,
                    state,
                    each.accepted or each.end if state is not State.FINDING else ended,
                    each.owner,
                    annotation,
                )
            )
    return tuple(found)


def judge_state(compliance: str, said: Said) -> State | None:
    """Return the state of one key, None where it is nothing to look at."""
    if compliance == NON_COMPLIANT:
        return State.FINDING
    if said.accepted:
        return State.EXCEPTION
    if said.standing is None:
        return State.UNKNOWN
    return STATES.get(said.standing)


def order(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings worst first: state, then why first, then the oldest key."""
    states = list(State)
    return sorted(
        findings,
        key=lambda each: (
            states.index(each.state),
            *(reason not in each.reasons for reason in REASONS),
            each.created or datetime.max.replace(tzinfo=UTC),
            each.account,
            each.user,
            each.key,
        ),
    )


def read_finding(told: dict[str, Any]) -> Finding:
    """Return the finding that `describe` told. Raises KeyError, TypeError or ValueError."""
    created, until = told["created"], told["until"]
    return Finding(
        account=str(told["account"]),
        account_name=str(told["account_name"]),
        unit=str(told["unit"]),
        user=str(told["user"]),
        user_id=str(told["user_id"]),
        key=str(told["key"]),
        created=read_time(created) if created else None,
        state=State(told["state"]),
        until=read_until(until) if until else None,
        owner=str(told["owner"]),
        sentence=str(told["sentence"]),
        reasons=tuple(map(str, told["why_first"])),
    )


def read_until(text: str) -> datetime | date:
    """Return a time, or a day where there is no more."""
    return read_time(text) if "T" in text else date.fromisoformat(text)


def read_time(text: str) -> datetime:
    """Return a time with its zone. Raises ValueError for one without."""
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return time


def tell_user(finding: Finding) -> str:
    """Return the user by name, by id where AWS Config knows no name."""
    return finding.user or finding.user_id


def tell_until(until: datetime | date | None) -> str:
    """Return a time or a day as text, "" for none."""
    if isinstance(until, datetime):
        return utc(until)
    return until.isoformat() if until else ""
