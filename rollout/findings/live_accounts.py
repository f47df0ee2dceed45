"""Judges every user of live accounts, before there is any rule: no AWS Config is needed.

An account that cannot be read is named with the reason; it never counts as one without findings.
"""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rollout.aws.session import NotSeen, Session
from rollout.errors import Refused
from rollout.findings.evaluation import AS_OF_NOW, GIVEN, Evaluated, Scope, UnreadAccount
from rollout.organization.accounts import Account
from rollout.organization.members import Members
from rule.account import OutOfTime, UsersNotRead, judge_account
from rule.facts import utc
from rule.live import ListCutShort, UserGone
from rule.one_user import NotSettled
from rule.parameters import Policy
from rule.readers import Clock, Judged

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

UNSETTLED = (ListCutShort, NotSettled, OutOfTime, UserGone, UsersNotRead)
"""What the rule's reading raises when it could not be finished; each says what to do."""
LIVE = "live"


def make_clock(now: datetime | None) -> Clock:
    """Return the clock to judge by: `now` where it is given, and as much time as it takes."""
    return Clock(
        now=lambda: now or datetime.now(UTC).replace(microsecond=0),
        seconds_left=lambda: float("inf"),
        sleep=time.sleep,
    )


def judge_users(
    iam: "IAMClient",
    policy: Policy,
    now: datetime | None,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Judged]:
    """Return the verdict on every user of an account. Raises Refused."""
    try:
        account = judge_account(iam, policy, make_clock(now), on_progress=on_progress)
        if account.shortfall:
            raise account.shortfall
    except UNSETTLED as error:
        raise Refused(str(error)) from error
    refuse_earlier(now, account.judged)
    return list(account.judged)


def make_scope(account: Account, judged: Iterable[Judged], now: datetime | None) -> Scope:
    """Return what one live account came to."""
    users = tuple(Evaluated(account, each) for each in judged)
    as_of = make_clock(now).now()
    return Scope(account, LIVE, as_of, GIVEN if now else AS_OF_NOW, users)


def judge_accounts(
    members: Members,
    accounts: Iterable[Account],
    policy: Policy,
    now: datetime | None,
) -> tuple[tuple[Scope, ...], tuple[UnreadAccount, ...]]:
    """Return what each account came to, several read at a time, and which could not be read."""
    chosen = tuple(accounts)

    def read(session: Session) -> list[Judged]:
        try:
            return judge_users(session.rule_iam, policy, now)
        except (KeyError, TypeError, ValueError) as error:
            # An answer that is not of AWS's form stops this account, not the others.
            raise Refused(f"AWS answered what it never answers ({error!r}).") from error

    seen = members.look(chosen, read)
    scopes, missing = list[Scope](), list[UnreadAccount]()
    for account in chosen:
        found = seen[account.id]
        if isinstance(found, NotSeen):
            missing.append(UnreadAccount(account, found.why))
        else:
            scopes.append(make_scope(account, found, now))
    return tuple(scopes), tuple(missing)


def refuse_earlier(now: datetime | None, judged: Iterable[Judged]) -> None:
    """Raise Refused where --now is before a time that AWS gave: it would hide every finding."""
    for each in judged:
        times = [each.user.created, *(key.created for key in each.user.keys)]
        times += [key.last_used for key in each.user.keys if isinstance(key.last_used, datetime)]
        if now and now < max(times):
            raise Refused(
                f"--now {utc(now)} is before {utc(max(times))}, a time of {each.user.name}."
                " Give a later time, or none."
            )
