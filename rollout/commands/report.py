"""The verb `report`: what AWS Config holds in every account, worst first."""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rollout.commands.member_survey import add_source_option, check_production
from rollout.commands.options import read_caller
from rollout.commands.output_options import add_all_option, add_format_option, find_group
from rollout.commands.session_options import (
    WHICH,
    add_account_only_option,
    add_member_role_option,
    add_session_options,
    check_accounts,
)
from rollout.deployment.estate import read_estate
from rollout.errors import Refused
from rollout.findings.reading import Asked, read_survey
from rollout.findings.survey import Survey, compare_findings
from rollout.output.report import read_earlier_report, write_report
from rollout.output.teller import show_progress

FORMATS = ("text", "json", "csv", "html")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 no findings, 1 findings, 2 wrong usage or not allowed to look, 3 no findings"
        " in what was read, but an account was not read or not judged lately (1 with --strict)."
    )
    add_survey_options(parser)
    parser.add_argument(
        "--since",
        metavar="FILE",
        help="an earlier report in json: say what is new, gone and still there",
    )
    add_format_option(parser, FORMATS)
    add_all_option(parser, "the keys in other states, too (json and csv have all)")


def add_survey_options(parser: argparse.ArgumentParser) -> None:
    """Add what every verb needs that reads a survey."""
    add_session_options(parser)
    which = find_group(parser, WHICH)
    add_account_only_option(which)
    which.add_argument(
        "--account", nargs="+", default=[], metavar="ACCOUNT", help="these accounts alone"
    )
    add_source_option(parser)
    add_member_role_option(
        which, "to read what an aggregator has not: MFA, and when the rule last ran"
    )
    parser.add_argument(
        "--production",
        action="append",
        default=None,
        metavar="WHAT=PATTERN",
        help="which accounts come first: unit=prod*, name=*-live, or a tag of the account such as"
        " Environment=prod* (default: unit=prod* and name=prod*)",
    )
    parser.add_argument(
        "--stale-hours",
        type=int,
        default=48,
        metavar="N",
        help="name the accounts whose rule has not run for so long (default: 48)",
    )
    parser.add_argument(
        "--thorough",
        action="store_true",
        help="read the COMPLIANT results of every account from the aggregator, for keys that wait"
        " under Criterion UNUSED",
    )


def run(arguments: argparse.Namespace) -> int:
    """Return 1 for findings, 3 where none was found and something not read. Raises Refused."""
    # The file is looked at before AWS is asked anything.
    before = (
        read_earlier_report(arguments.since, read_earlier_file(arguments.since))
        if arguments.since
        else None
    )
    survey = survey_accounts(arguments, datetime.now(UTC).replace(microsecond=0))
    if before:
        survey = replace(survey, since=compare_findings(survey, *before))
    write_report(survey, arguments.format, arguments.all, sys.stdout)
    return survey.exit_code


def survey_accounts(arguments: argparse.Namespace, now: datetime) -> Survey:
    """Return the survey that the options describe. Raises Refused."""
    check_accounts("--account", arguments.account)
    check_production(arguments.production or ())
    estate = read_estate(read_caller(arguments), with_units=True)
    accounts = estate.active
    if unknown := sorted(set(arguments.account) - {each.id for each in accounts}):
        raise Refused(f"--account {' '.join(unknown)}: no such active account here.")
    if arguments.account:
        accounts = tuple(each for each in accounts if each.id in arguments.account)
    wanted = Asked(
        now,
        arguments.source,
        tuple(arguments.production or Asked(now).production),
        timedelta(hours=arguments.stale_hours),
        arguments.thorough,
    )
    with show_progress("account", "read"):
        return read_survey(estate.session, estate.organization, accounts, estate.members, wanted)


def read_earlier_file(name: str) -> bytes:
    """Return what a file holds. Raises Refused."""
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Refused(f"{name}: {error.strerror}.") from error
