"""The verb `evaluate`: the rule's own reading and judging, without AWS Config."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from rollout.commands.policy_options import add_policy_options, read_policy
from rollout.errors import Refused
from rollout.findings.evaluation import (
    GIVEN,
    NEWEST,
    NOW,
    Account,
    Evaluated,
    Evaluation,
    Scope,
)
from rollout.findings.report_file import judge_files
from rollout.output.verdicts import FORMATS, write_verdicts
from rule.account import Clock, Judged, NotSettled, judge_account, judge_one
from rule.credential_report import LAST_YEAR, ReportNotReady, ReportUnreadable
from rule.facts import utc
from rule.live import CLIENT_CONFIG, UserGone, read_identity
from rule.parameters import VERDICT_PARAMETERS, Policy

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

FIRST_YEAR = 2006
"""When AWS began; no key is older."""
FILE_NOTE = (
    "A credential report holds no tags: exceptions and quarantines are not known, and the keys are"
    " named by their slots."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Without --credential-report or --user every user of the live account is judged. Exit code:"
        " 0 nobody is NON_COMPLIANT, 1 somebody is, 2 wrong usage or unreadable input, 3 nobody is,"
        " but not everything could be read."
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--credential-report",
        metavar="FILE",
        nargs="+",
        action="extend",
        help=(
            "judge the users in these IAM credential reports, offline: what aws iam"
            " get-credential-report prints (json, text, yaml), its CSV, one file for several"
            " accounts, gzip; - is standard input"
        ),
    )
    source.add_argument("--user", metavar="NAME", help="judge this user alone, as it is now")
    parser.add_argument("--profile", help="use this profile of the AWS configuration files")
    parser.add_argument("--region", help="use this AWS Region")
    add_policy_options(parser)
    parser.add_argument(
        "--now",
        metavar="ISO8601",
        type=parse_time,
        help=(
            "judge as of this time, such as 2026-01-31T12:00:00Z (default: now; a report: its own"
            " time)"
        ),
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="(default: table)")
    parser.add_argument(
        "--all",
        action="store_true",
        help="show every user in the table, not only findings (json and csv always hold all)",
    )


def parse_time(text: str) -> datetime:
    """Return the time; without an offset it is UTC. Raises argparse's error for what is none."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if FIRST_YEAR <= moment.year < LAST_YEAR:
            return moment
    raise argparse.ArgumentTypeError(f'"{text}" is no ISO 8601 time such as 2026-01-31T12:00:00Z')


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when somebody is NON_COMPLIANT, 3 when somebody is not known, else 0."""
    policy = read_policy(arguments)
    parameters = {each.name: str(getattr(arguments, each.name)) for each in VERDICT_PARAMETERS}
    if arguments.credential_report is not None:
        files = [(name_file(each), read_file(each)) for each in arguments.credential_report]
        scopes = judge_files(files, policy, arguments.now)
        evaluation = Evaluation(parameters, scopes)
        for note in tell_notes(scopes):
            print(note, file=sys.stderr)
    else:
        evaluation = judge_live(arguments, policy, parameters)
    write_verdicts(evaluation, arguments.format, arguments.all, sys.stdout)
    return evaluation.exit_code


def name_file(file: str) -> str:
    """Return what messages call the file; a name must not steer the terminal that shows it."""
    return "standard input" if file == "-" else "".join(c if c.isprintable() else "?" for c in file)


def read_file(file: str) -> bytes:
    """Return what the file holds. Raises Refused."""
    if file == "-" and sys.stdin is None:
        raise Refused("Standard input is closed: give the report's file name.")
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Refused(f"{name_file(file)}: {error.strerror}.") from error
    except ValueError as error:
        raise Refused(f"{name_file(file)}: {error}.") from error


def tell_notes(scopes: tuple[Scope, ...]) -> Iterator[str]:
    """Yield what a reader of verdicts from files has to know."""
    yield FILE_NOTE
    for (source, as_of), found in group(scopes).items():
        waiting = sum(user.waiting for scope in found for user in scope.users)
        if found[0].as_of_by == NEWEST:
            yield (
                f"{source} does not say when it was made: judged as of {utc(as_of)}, the newest"
                " time in it. Give the time with --now."
                + (f" {waiting} of its users wait as of then." if waiting else "")
            )


def group(scopes: tuple[Scope, ...]) -> dict[tuple[str, datetime], list[Scope]]:
    """Return the scopes by report."""
    found = dict[tuple[str, datetime], list[Scope]]()
    for scope in scopes:
        found.setdefault((scope.source, scope.as_of), []).append(scope)
    return found


def judge_live(
    arguments: argparse.Namespace, policy: Policy, parameters: dict[str, str]
) -> Evaluation:
    """Return the evaluation of the live account, or of the one user asked for. Raises Refused."""
    session = boto3.Session(profile_name=arguments.profile, region_name=arguments.region)
    # IAM is global, and only a user renamed since is looked up in AWS Config: any Region will do.
    region = session.region_name or "us-east-1"
    try:
        iam = session.client("iam", config=CLIENT_CONFIG)
        sts = session.client("sts", region_name=region, config=CLIENT_CONFIG)
    except ValueError as error:
        raise Refused(f"{error}. Look at AWS_ENDPOINT_URL.") from error
    who = sts.get_caller_identity()
    clock = Clock(
        now=lambda: arguments.now or datetime.now(UTC),
        seconds_left=lambda: float("inf"),
        sleep=time.sleep,
    )
    begun = clock.now()
    try:
        if arguments.user is not None:
            config = session.client("config", region_name=region, config=CLIENT_CONFIG)
            identity = read_identity(iam, arguments.user)
            judged = [judge_one(iam, config, identity, policy, clock.now)]
        else:
            judged = judge_everybody(iam, policy, clock)
    except (NotSettled, ReportNotReady, ReportUnreadable, UserGone) as error:
        raise Refused(str(error)) from error
    refuse_earlier(arguments.now, judged)
    account = Account(who["Account"])
    scope = Scope(
        account,
        "live",
        begun.replace(microsecond=0),
        GIVEN if arguments.now else NOW,
        tuple(Evaluated(account, each) for each in judged),
    )
    return Evaluation(parameters, (scope,), region=region, caller=who["Arn"])


def judge_everybody(iam: "IAMClient", policy: Policy, clock: Clock) -> list[Judged]:
    """Return the verdict on every user of the account, with a bar on a terminal."""
    with Progress(
        TextColumn("reading users live"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        task = progress.add_task("read", total=None)
        account = judge_account(
            iam,
            policy,
            clock,
            stored={},
            on_progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    return list(account.judged)


def refuse_earlier(now: datetime | None, judged: list[Judged]) -> None:
    """Raise Refused where --now is before a time that AWS gave: it would hide every finding."""
    for each in judged:
        times = [each.user.created, *(key.created for key in each.user.keys)]
        times += [key.last_used for key in each.user.keys if isinstance(key.last_used, datetime)]
        if now and now < max(times):
            raise Refused(
                f"--now {utc(now)} is before {utc(max(times))}, a time of {each.user.name}."
                " Give a later time, or none."
            )
