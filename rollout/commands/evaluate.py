"""The verb `evaluate`: the rule's own reading and judging, without AWS Config."""

import argparse
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import boto3
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from rollout.commands.policy_options import add_policy_options, read_policy
from rollout.errors import Refused
from rollout.output.verdicts import FORMATS, has_finding, write_verdicts
from rule.account import Clock, Judged, NotSettled, judge_account, judge_one
from rule.credential_report import LAST_YEAR, ReportNotReady, ReportUnreadable, parse_report
from rule.decision import judge
from rule.live import CLIENT_CONFIG, UserGone, read_identity
from rule.parameters import Policy

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
        " 0 nobody is NON_COMPLIANT, 1 somebody is, 2 wrong usage or unreadable input."
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--credential-report",
        metavar="FILE",
        help="judge the users in this IAM credential report (CSV), offline; - is standard input",
    )
    source.add_argument("--user", metavar="NAME", help="judge this user alone, as it is now")
    parser.add_argument("--profile", help="use this profile of the AWS configuration files")
    parser.add_argument("--region", help="use this AWS Region")
    add_policy_options(parser)
    parser.add_argument(
        "--now",
        metavar="ISO8601",
        type=parse_time,
        help="judge as of this time, such as 2026-01-31T12:00:00Z (default: now)",
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="(default: table)")
    parser.add_argument(
        "--all",
        action="store_true",
        help="show NOT_APPLICABLE users in the table, too (json and csv always hold every user)",
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
    """Return 1 when somebody is NON_COMPLIANT, else 0. Raises Refused."""
    policy = read_policy(arguments)
    clock = Clock(
        now=lambda: arguments.now or datetime.now(UTC),
        seconds_left=lambda: float("inf"),
        sleep=time.sleep,
    )
    if arguments.credential_report is not None:
        judged = judge_file(arguments.credential_report, policy, clock.now())
        print(FILE_NOTE, file=sys.stderr)
    else:
        judged = judge_live(arguments, policy, clock)
    write_verdicts(judged, arguments.format, arguments.all, sys.stdout)
    return int(has_finding(judged))


def judge_file(file: str, policy: Policy, now: datetime) -> list[Judged]:
    """Return the verdicts on the users in a credential report. Raises Refused."""
    name = "standard input" if file == "-" else file
    if file == "-" and sys.stdin is None:
        raise Refused("Standard input is closed: give the report's file name.")
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        users = parse_report(content)
    except OSError as error:
        raise Refused(f"{name}: {error.strerror}.") from error
    except ReportUnreadable as error:
        raise Refused(f"{name}, {error}") from error
    return [Judged(user, judge(user, policy, now), live=False) for user in users]


def judge_live(arguments: argparse.Namespace, policy: Policy, clock: Clock) -> list[Judged]:
    """Return the verdicts on the live account, or on the one user asked for. Raises Refused."""
    session = boto3.Session(profile_name=arguments.profile, region_name=arguments.region)
    try:
        iam = session.client("iam", config=CLIENT_CONFIG)
    except ValueError as error:
        raise Refused(f"{error}. Look at AWS_ENDPOINT_URL.") from error
    try:
        if arguments.user is not None:
            who = read_identity(iam, arguments.user)
            # Only a user renamed since is looked up there, so that any Region will do.
            region = session.region_name or "us-east-1"
            config = session.client("config", region_name=region, config=CLIENT_CONFIG)
            return [judge_one(iam, config, who, policy, clock.now)]
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
    except (NotSettled, ReportNotReady, ReportUnreadable, UserGone) as error:
        raise Refused(str(error)) from error
