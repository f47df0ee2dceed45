"""Judges every user of an account, for the schedule and for the desk.

The credential report is a prefilter: a row decides only what no live read could change for the
worse within its age, and never against a result that is younger than the report. Everybody else is
read live. The list is whole or there is none: whatever stops the reading raises.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rule.credential_report import Report, read_report
from rule.decision import NON_COMPLIANT, Verdict, judge
from rule.facts import Identity, User
from rule.live import UserGone, find_user, identify, read_user
from rule.parameters import Policy
from rule.quarantine import find_quarantines
from rule.results import Stored

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient

READERS = 8
"""Users read live at the same time; IAM's rate limits are not published."""
REPORT_SECONDS = 300.0
RESERVED_SECONDS = 45.0
"""What must be left of the time when the last user is read, to put up to 5,000 results."""


class OutOfTime(Exception):
    """The time allowed was over before every user was read."""


class NotSettled(Exception):
    """IAM answered both that a user is there and that it is not."""


@dataclass(frozen=True)
class Clock:
    """Where the time comes from: `now` for verdicts, `seconds_left` and `sleep` for waiting."""

    now: Callable[[], datetime]
    seconds_left: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Judged:
    """A user with its verdict; `live` is false where a row of the credential report decided."""

    user: User
    verdict: Verdict
    live: bool


@dataclass(frozen=True)
class Account:
    """Every user's verdict by name, and the ids of all who exist (who vanished meanwhile is in)."""

    judged: tuple[Judged, ...]
    ids: frozenset[str]


def judge_account(
    iam: "IAMClient",
    policy: Policy,
    clock: Clock,
    stored: Mapping[str, Stored],
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Account:
    """Return the verdict on every user of the account; `stored` is by user id.

    `on_progress` gets how many of how many users were read live. Raises OutOfTime, ReportNotReady,
    ReportUnreadable, and ClientError for any read that failed.
    """
    left = clock.seconds_left() - RESERVED_SECONDS
    report = read_report(iam, min(REPORT_SECONDS, left), clock.sleep)
    rows = {user.name: user for user in report.users}
    decided = list[Judged]()
    suspects = list[Identity]()
    ids = set[str]()
    for who, tags in read_identities(iam):
        ids.add(who.id)
        row = rows.get(who.name)
        verdict = decide_from_row(row, who, tags, policy, clock.now())
        if row is None or verdict is None or contradicts(verdict, stored.get(who.id), report):
            suspects.append(who)
        else:
            decided.append(Judged(replace(row, id=who.id, arn=who.arn), verdict, live=False))
    decided.extend(judge_live(iam, suspects, policy, clock, on_progress))
    return Account(tuple(sorted(decided, key=lambda each: each.user.name)), frozenset(ids))


def read_identities(iam: "IAMClient") -> Iterable[tuple[Identity, Mapping[str, str]]]:
    """Yield every IAM user and its tags, a page at a time.

    GetAccountAuthorizationDetails rather than ListUsers: it brings the tags, which settle for every
    Inactive key whether it can be in quarantine (docs/decisions/0002).
    """
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 1000}
    )
    for page in pages:
        for user in page["UserDetailList"]:
            tags = {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}
            yield identify(user), tags


def decide_from_row(
    row: User | None, who: Identity, tags: Mapping[str, str], policy: Policy, now: datetime
) -> Verdict | None:
    """Return the verdict that the user's row decides, None where it has to be read live.

    The time of a key in a row may be that of its last change, so a key counts as in question
    whatever that time is.
    """
    if row is None or row.created != who.created:
        return None
    if row.has_password:
        if find_quarantines(tags):
            return None
        for key in row.keys:
            if key.status == "Active" and (key.last_used is None or policy.criterion == "SETUP"):
                return None
    return judge(row, policy, now)


def contradicts(verdict: Verdict, stored: Stored | None, report: Report) -> bool:
    """Would the verdict of a row replace a finding, or a result younger than the report?"""
    if stored is None:
        return False
    if stored.compliance == NON_COMPLIANT:
        return True
    same = (stored.compliance, stored.annotation) == (verdict.compliance, verdict.annotation)
    return not same and stored.recorded >= report.generated


def judge_live(
    iam: "IAMClient",
    suspects: list[Identity],
    policy: Policy,
    clock: Clock,
    on_progress: Callable[[int, int], None],
) -> list[Judged]:
    """Return the verdicts on these users, read live several at a time; who is gone is left out."""
    judged = list[Judged]()
    with ThreadPoolExecutor(READERS, thread_name_prefix="read-user") as readers:
        reads = [readers.submit(read_user, iam, who, policy) for who in suspects]
        try:
            for done, read in enumerate(as_completed(reads), start=1):
                try:
                    user = read.result()
                    judged.append(Judged(user, judge(user, policy, clock.now()), live=True))
                except UserGone:
                    pass
                on_progress(done, len(suspects))
                if done < len(suspects) and clock.seconds_left() < RESERVED_SECONDS:
                    raise OutOfTime(
                        f"Only {done} of {len(suspects)} users were read live in the time allowed."
                        " Nothing was reported. Evaluate the rule again; if that does not help,"
                        " look for throttling of IAM in this account."
                    )
        finally:
            readers.shutdown(cancel_futures=True)
    return judged


def judge_one(
    iam: "IAMClient",
    config: "ConfigServiceClient",
    who: Identity,
    policy: Policy,
    now: Callable[[], datetime],
) -> Judged:
    """Return the verdict on one user, read live; a renamed user is found by its id.

    Raises UserGone where no user has the id any more, NotSettled where IAM contradicts itself, and
    ClientError for a read that failed.
    """
    try:
        user = read_user(iam, who, policy)
    except UserGone:
        found = find_user(iam, config, who.id)
        try:
            user = read_user(iam, found, policy)
        except UserGone as gone:
            raise NotSettled(
                f"IAM has user {found.name} ({found.id}), and then again it has not: {gone}"
                " Evaluate the user again in some minutes."
            ) from gone
    return Judged(user, judge(user, policy, now()), live=True)
