"""Exceptions: what stands on the users of an account, what a file wants, and what to write.

Whether an exception is good is never said here: the rule's own `read_exception` says it, in its
own words. Deciding is pure; only `read_tagged_account` and `write_exception` touch AWS.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from rollout.aws.session import Session
from rollout.findings.rule_in_force import read_rule_in_force
from rollout.organization.accounts import Account
from rollout.remediation.tagged_users import TaggedUser, read_tagged_users
from rule.day import parse_day
from rule.exception_tags import EXCEPTION_TAG, EXCEPTION_TAGS, read_exception
from rule.parameters import Policy, parse_parameters

MOST_TAGS, LONGEST_VALUE = 50, 256
"""IAM's quotas: tags of a user, characters of a value."""
PUNCTUATION = "_.:/=+-@"
PARTS = ("owner", "expires", "reason")


class ExceptionState(Enum):
    """How an exception stands."""

    VALID = "valid"
    EXPIRED = "expired"
    INVALID = "invalid"


@dataclass(frozen=True)
class Wanted:
    """An exception that somebody asks for, in an account by id; `where` is its place in a file."""

    account: str
    user: str
    owner: str
    expires: str
    reason: str
    where: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """The three tags."""
        values = (self.owner, self.expires, self.reason)
        return dict(zip(EXCEPTION_TAGS, values, strict=True))


@dataclass(frozen=True)
class Recorded:
    """What the tags of one user say of an exception; `fault` is the rule's own sentence."""

    account: Account
    user: str
    owner: str
    expires: str
    reason: str
    state: ExceptionState
    fault: str
    last: date | None
    """The last day, None where there is no such date."""

    def days_left(self, today: date) -> int | None:
        """Return how many days are left, negative when it has ended."""
        return (self.last - today).days if self.last else None


@dataclass(frozen=True)
class TaggedAccount:
    """The users of one account, and the policy by which exceptions are judged there."""

    policy: Policy
    deployed: bool
    """Whether the rule stands there; without it the policy is the default one."""
    users: Mapping[str, TaggedUser]


@dataclass(frozen=True)
class Write:
    """One exception to be written: over what stands there, for exactly this user."""

    wanted: Wanted
    user: TaggedUser

    @property
    def before(self) -> dict[str, str]:
        """The exception's tags as they stand, whatever their letter case."""
        return exception_tags(self.user.tags)


@dataclass
class Changes:
    """What a file comes to against what stands."""

    writes: list[Write] = field(default_factory=list)
    unchanged: list[Wanted] = field(default_factory=list)
    refused: list[tuple[Wanted, str]] = field(default_factory=list)
    strays: list[Recorded] = field(default_factory=list)
    """Exceptions that stand on users and in no file."""


def exception_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Return those of a user's tags that record an exception, in whatever letter case."""
    return {name: tags[name] for name in tags if name.lower() in EXCEPTION_TAGS}


def read_tagged_account(session: Session) -> TaggedAccount:
    """Return the users of an account and their tags, and the rule's parameters there."""
    policy, deployed = read_exception_policy(session)
    return TaggedAccount(policy, deployed, read_tagged_users(session))


def read_exception_policy(session: Session) -> tuple[Policy, bool]:
    """Return the policy by which exceptions are judged in an account, and whether a rule has it."""
    rule = read_rule_in_force(session)
    return rule.policy if rule else parse_parameters({}), rule is not None


def judge_exception(
    account: Account, user: str, tags: Mapping[str, str], policy: Policy, now: datetime
) -> Recorded | None:
    """Return how a user's exception stands at `now`, None where none is recorded."""
    if not exception_tags(tags):
        return None
    found = read_exception(tags, policy, now)
    spelled = {name.lower(): value for name, value in tags.items()}
    owner, expires, reason = (
        " ".join(spelled.get(EXCEPTION_TAG + part, "").split()) for part in PARTS
    )
    last = parse_day(expires)
    state = ExceptionState.VALID if found.accepted else ExceptionState.INVALID
    if not found.accepted and last and last < now.date():
        # It has ended only when nothing else is wrong with it: on its last day it was good.
        then = datetime.combine(last, now.timetz())
        good = read_exception(tags, policy, then).accepted
        state = ExceptionState.EXPIRED if good else ExceptionState.INVALID
    return Recorded(account, user, owner, expires, reason, state, found.fault, last)


def list_exceptions(account: Account, tagged: TaggedAccount, now: datetime) -> list[Recorded]:
    """Return the exceptions recorded in an account, by user."""
    found = (
        judge_exception(account, name, user.tags, tagged.policy, now)
        for name, user in sorted(tagged.users.items())
    )
    return [each for each in found if each]


def sort_exceptions(found: Iterable[Recorded]) -> list[Recorded]:
    """Return them with the expired ones first, then what is invalid, then by the day they end."""
    order = (ExceptionState.EXPIRED, ExceptionState.INVALID, ExceptionState.VALID)
    return sorted(
        found,
        key=lambda each: (
            order.index(each.state),
            each.last or date.max,
            each.account.id,
            each.user,
        ),
    )


def find_exception_fault(wanted: Wanted, tagged: TaggedAccount, now: datetime) -> str:
    """Return why an exception would not be good, in the rule's words or IAM's, or ""."""
    exception = read_exception(wanted.tags, tagged.policy, now)
    if not exception.accepted:
        return exception.fault
    for part, value in zip(PARTS, wanted.tags.values(), strict=True):
        if len(value) > LONGEST_VALUE:
            return f"{part} has {len(value)} characters, a tag takes {LONGEST_VALUE}."
        if bad := next((each for each in value if not is_taken(each)), ""):
            return f'{part} has "{bad}"; a tag takes letters, digits, blanks and {PUNCTUATION}.'
    user = tagged.users.get(wanted.user)
    if user is None:
        near = [name for name in tagged.users if name.lower() == wanted.user.lower()]
        return f"there is no such user{f', but {near[0]}' if near else ''}."
    others = user.tags.keys() - exception_tags(user.tags).keys()
    over = len(others) + len(EXCEPTION_TAGS) - MOST_TAGS
    if over > 0:
        return f"the user has {len(user.tags)} tags, IAM allows {MOST_TAGS}; remove {over}."
    return ""


def is_taken(character: str) -> bool:
    """Does IAM take the character in a tag's value? (botocore's model, tagValueType)"""
    return character in PUNCTUATION or unicodedata.category(character)[0] in "LZN"


def compare_exceptions(
    wanted: Iterable[Wanted], tagged: Mapping[Account, TaggedAccount], now: datetime
) -> Changes:
    """Return what has to be written so that the accounts that were read are as wanted."""
    changes, named = Changes(), set[tuple[str, str]]()
    by_id = {account.id: each for account, each in tagged.items()}
    for each in wanted:
        named.add((each.account, each.user))
        there = by_id.get(each.account)
        if there is None:
            continue
        if fault := find_exception_fault(each, there, now):
            changes.refused.append((each, fault))
        elif exception_tags(there.users[each.user].tags) == each.tags:
            changes.unchanged.append(each)
        else:
            changes.writes.append(Write(each, there.users[each.user]))
    for account, there in tagged.items():
        found = list_exceptions(account, there, now)
        changes.strays += [each for each in found if (account.id, each.user) not in named]
    return changes
