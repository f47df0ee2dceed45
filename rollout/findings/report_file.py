"""Judges the users of credential reports in files, offline, each report as of its own time."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from rollout.errors import Refused
from rollout.findings.evaluation import (
    GENERATED,
    GIVEN,
    NEWEST,
    Evaluated,
    Scope,
)
from rollout.findings.report_forms import ReportPart, read_forms
from rollout.organization.accounts import Account
from rule.credential_report import read_table, read_users
from rule.decision import judge
from rule.facts import utc
from rule.parameters import Policy
from rule.readers import Judged
from rule.report_row import LAST_YEAR, ReportUnreadable, Row

AHEAD = "password_next_rotation"
"""The one column whose times lie ahead."""
NAME_COLUMNS = ("account_name", "accountname", "account name", "account_alias")


@dataclass(frozen=True)
class Newest:
    """The newest time that a report holds, and where it stands."""

    time: datetime
    where: str


def judge_files(
    files: Iterable[tuple[str, bytes]], policy: Policy, now: datetime | None
) -> tuple[Scope, ...]:
    """Return what each account in these files came to; `now` None is each report's own time.

    Raises Refused for what cannot be read, for a user who stands in two files, and where `now` lies
    before a time in a file.
    """
    scopes = list[Scope]()
    seen = dict[tuple[str, str], Scope]()
    for name, content in files:
        try:
            for part in read_forms(content):
                scopes += judge_part(name, part, policy, now)
        except ReportUnreadable as error:
            raise Refused(f"{name}, {error}") from error
    for scope in scopes:
        for each in scope.users:
            first = seen.setdefault((each.account.id, each.user.name), scope)
            if first is not scope:
                raise Refused(
                    f"{scope.source}: {each.user.name} of account {each.account.id} stands in"
                    f" {first.source} already. Give one report for each account."
                )
    return tuple(scopes)


def judge_part(name: str, part: ReportPart, policy: Policy, now: datetime | None) -> list[Scope]:
    """Return what each account in one report came to."""
    rows = read_table(part.text)
    newest = find_newest(rows, part.generated)
    if now and now < newest.time:
        raise Refused(
            f"--now {utc(now)} is before {utc(newest.time)}, which {name} holds ({newest.where})."
            " Give a later time, or none: a report is judged as of its own."
        )
    as_of = now or newest.time
    by = GIVEN if now else GENERATED if part.generated else NEWEST
    accounts = {row.account: Account(row.account, find_name(row)) for row in reversed(rows)}
    users = dict[str, list[Evaluated]]({each: [] for each in sorted(accounts)})
    for row, user in read_users(rows):
        verdict = judge(user, policy, as_of)
        users[row.account].append(
            Evaluated(accounts[row.account], Judged(user, verdict, live=False), row.more_keys)
        )
    return [Scope(accounts[each], name, as_of, by, tuple(found)) for each, found in users.items()]


def find_newest(rows: list[Row], generated: datetime | None) -> Newest:
    """Return the newest time that the report knows of; it is not judged as of an earlier one."""
    found = [Newest(generated, "GeneratedTime")] if generated else []
    for row in rows:
        for column, field in row.fields.items():
            if column != AHEAD and (time := parse_report_time(field)):
                found.append(Newest(time, f"line {row.line}, column {column}"))
    if not found:
        raise ReportUnreadable("line 2, column user_creation_time: the report holds no time.")
    return max(found, key=lambda each: each.time)


def parse_report_time(text: str) -> datetime | None:
    """Return the time in a field, None where there is none; columns of ours are read strictly."""
    if len(text) < 20 or text[4] != "-":
        return None
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo and moment.year < LAST_YEAR:
            return moment.astimezone(UTC)
    return None


def find_name(row: Row) -> str:
    """Return the account's name where the report has a column for it."""
    for column, field in row.fields.items():
        if column.strip().lower() in NAME_COLUMNS:
            return "".join(each if each.isprintable() else "?" for each in field)[:64]
    return ""
