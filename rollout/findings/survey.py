"""What AWS Config holds in every account of an organization, put together.

Where it comes from (an aggregator, or the members through a role) is one sentence in the head. An
account that was not read is named, and so is one that was last judged too long ago.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from rollout.errors import FAULTS, NOT_SEEN
from rollout.findings.evaluation import UnreadAccount
from rollout.findings.finding import ADMINISTRATOR, NO_MFA, PRODUCTION, Finding, State, order
from rollout.findings.rights import Rights, is_administrator
from rollout.organization.accounts import Account


@dataclass(frozen=True)
class Person:
    """A user as AWS describes him; `mfa` None where nobody asked."""

    name: str
    rights: Rights = field(default_factory=Rights)
    mfa: bool | None = None


@dataclass(frozen=True)
class Held:
    """What AWS Config holds of one account. `judged` None where it does not say since when."""

    users: int
    findings: tuple[Finding, ...] = ()
    people: Mapping[str, Person] = field(default_factory=dict)
    """Users by id, those of the findings at least."""
    groups: Mapping[str, Rights] = field(default_factory=dict)
    rule: str = ""
    """The name of our rule there."""
    judged: datetime | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    """What could not be read beside the results, and why."""


@dataclass(frozen=True)
class Since:
    """What has changed since an earlier report: only of accounts that were read both times."""

    time: str
    new: tuple[Finding, ...]
    gone: tuple[Finding, ...]
    still: int
    not_known: int
    """Findings of then in accounts that were not read now."""


@dataclass(frozen=True)
class UnitSum:
    """One row of the sums: a unit, or all."""

    unit: str
    accounts: int
    users: int
    findings: int
    waiting: int
    quarantine: int
    exceptions: int


@dataclass(frozen=True)
class Survey:
    """Everything that a report tells, whatever its format."""

    source: str
    organization: str
    region: str
    caller: str
    time: datetime
    accounts: tuple[Account, ...]
    units: Mapping[str, str]
    """Paths of the organizational units by id."""
    held: Mapping[str, Held]
    not_read: tuple[UnreadAccount, ...]
    stale: tuple[UnreadAccount, ...]
    """Accounts that were last judged too long ago, or of which that is not known."""
    findings: tuple[Finding, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    since: Since | None = None

    def in_state(self, state: State) -> tuple[Finding, ...]:
        """Return the findings in a state, worst first."""
        return tuple(each for each in self.findings if each.state is state)

    @property
    def affected(self) -> int:
        """In how many accounts something is a finding."""
        return len({each.account for each in self.in_state(State.FINDING)})

    @property
    def sums(self) -> tuple[UnitSum, ...]:
        """The sums of each top unit, and of all."""
        by_unit = dict[str, list[Account]]()
        for account in self.accounts:
            by_unit.setdefault(self.top(account), []).append(account)
        rows = [self._sum(unit, by_unit[unit]) for unit in sorted(by_unit)]
        return (*rows, self._sum("all", self.accounts))

    def top(self, account: Account) -> str:
        """Return the first name of the account's unit, "(root)" below none."""
        return self.units.get(account.unit, "").partition("/")[0] or "(root)"

    def _sum(self, unit: str, accounts: Iterable[Account]) -> UnitSum:
        ids = {each.id for each in accounts}
        states = Counter(each.state for each in self.findings if each.account in ids)
        return UnitSum(
            unit,
            len(ids),
            sum(held.users for id, held in self.held.items() if id in ids),
            states[State.FINDING],
            states[State.WAITING],
            states[State.QUARANTINE],
            states[State.EXCEPTION],
        )

    @property
    def exit_code(self) -> int:
        """1 when there is a finding, 3 when something was not read or not judged lately, else 0."""
        if self.in_state(State.FINDING):
            return FAULTS
        unknown = self.not_read or self.stale or self.in_state(State.UNKNOWN)
        return NOT_SEEN if unknown else 0


def complete_findings(
    findings: Iterable[Finding],
    accounts: Iterable[Account],
    units: Mapping[str, str],
    held: Mapping[str, Held],
    production: Iterable[str],
    tags: Mapping[str, Mapping[str, str]],
) -> list[Finding]:
    """Return the findings with place, user and why they come first, in that order."""
    places = {each.id: each for each in accounts}
    patterns = tuple(production)
    done = list[Finding]()
    for each in findings:
        account = places.get(each.account, Account(each.account))
        unit = units.get(account.unit, "")
        of = held[each.account]
        person = of.people.get(each.user_id)
        reasons = [
            (PRODUCTION, is_production(account, unit, tags.get(account.id, {}), patterns)),
            (ADMINISTRATOR, person is not None and is_administrator(person.rights, of.groups)),
            (NO_MFA, person is not None and person.mfa is False),
        ]
        done.append(
            replace(
                each,
                account_name=account.name,
                unit=unit,
                user=person.name if person else each.user,
                reasons=tuple(reason for reason, holds in reasons if holds),
            )
        )
    return order(done)


def is_production(
    account: Account, unit: str, tags: Mapping[str, str], patterns: Iterable[str]
) -> bool:
    """Does a pattern hold: unit=, name= or a tag's key, then what to match, in either case?"""
    for pattern in patterns:
        key, _, wanted = pattern.partition("=")
        if key == "unit":
            values = [unit, *unit.split("/")]
        elif key == "name":
            values = [account.name]
        else:
            values = [tags[key]] if key in tags else []
        if any(fnmatchcase(value.lower(), wanted.lower()) for value in values):
            return True
    return False


def find_stale(
    accounts: Iterable[Account], held: Mapping[str, Held], now: datetime, limit: timedelta
) -> tuple[UnreadAccount, ...]:
    """Return the accounts whose rule has last run too long ago, as far as that is known."""
    found = list[UnreadAccount]()
    for account in accounts:
        judged = held[account.id].judged if account.id in held else None
        if judged is not None and now - judged > limit:
            found.append(UnreadAccount(account, f"last judged {judged:%Y-%m-%d %H:%M} UTC"))
    return tuple(found)


def compare_findings(survey: Survey, time: str, before: Iterable[Finding]) -> Since:
    """Return what has changed in the findings since an earlier report."""
    then = {each.identity: each for each in before if each.state is State.FINDING}
    now = {each.identity: each for each in survey.in_state(State.FINDING)}
    gone = [each for id, each in then.items() if id not in now]
    return Since(
        time,
        tuple(each for id, each in now.items() if id not in then),
        tuple(each for each in gone if each.account in survey.held),
        len(then.keys() & now.keys()),
        sum(each.account not in survey.held for each in gone),
    )
