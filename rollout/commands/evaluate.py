"""The verb `evaluate`: the rule's own reading and judging, without AWS Config."""

import argparse
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from rollout.aws.session import NotSeen, Session, open_session, try_read
from rollout.commands.output_options import add_all_option, add_format_option, find_group
from rollout.commands.policy_options import add_policy_options, read_policy
from rollout.commands.session_options import (
    add_member_role_option,
    add_session_options,
    check_accounts,
    name_verb,
)
from rollout.commands.times import parse_moment
from rollout.errors import Refused
from rollout.findings.evaluation import NEWEST, Evaluation, Scope
from rollout.findings.live_accounts import (
    UNSETTLED,
    judge_accounts,
    judge_users,
    make_clock,
    make_scope,
    refuse_earlier,
)
from rollout.findings.report_file import judge_files
from rollout.organization.accounts import Account, read_organization
from rollout.organization.members import Members
from rollout.output.teller import show_progress
from rollout.output.verdicts import EVALUATION_FORMATS, write_verdicts
from rule.facts import utc
from rule.one_user import judge_named
from rule.parameters import VERDICT_PARAMETERS, Policy
from rule.readers import Judged

FILE_NOTE = (
    "A credential report holds no tags: exceptions and quarantines are not known, and the keys are"
    " named by their slots."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 nobody is NON_COMPLIANT, 1 somebody is, 2 wrong usage or unreadable input, 3"
        " nobody is, but not everything could be read (1 with --strict)."
    )
    users = find_group(parser, "which users (default: every user of the live account)")
    source = users.add_mutually_exclusive_group()
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
    source.add_argument(
        "--organization",
        action="store_true",
        help="judge every account of the organization, live, as --member-role reaches it",
    )
    source.add_argument(
        "--accounts",
        nargs="+",
        metavar="ACCOUNT",
        help="judge these accounts, by number, live, as --member-role reaches them",
    )
    add_member_role_option(users, "to read its users")
    add_session_options(parser, "use this AWS Region")
    add_policy_options(parser)
    parser.add_argument(
        "--now",
        metavar="ISO8601",
        type=parse_moment,
        help=(
            "judge as of this time, such as 2026-01-31T12:00:00Z (default: now; a report: its own"
            " time)"
        ),
    )
    add_format_option(parser, EVALUATION_FORMATS)
    add_all_option(parser, "show every user, not only findings (json and csv always hold all)")


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when somebody is NON_COMPLIANT, 3 when somebody is not known, else 0."""
    policy = read_policy(arguments)
    parameters = {each.name: str(getattr(arguments, each.name)) for each in VERDICT_PARAMETERS}
    if arguments.credential_report is not None:
        files = [(name_input(each), read_input(each)) for each in arguments.credential_report]
        scopes = judge_files(files, policy, arguments.now)
        evaluation = Evaluation(parameters, scopes)
        for note in tell_notes(scopes):
            print(note, file=sys.stderr)
    elif arguments.organization or arguments.accounts:
        evaluation = judge_organization(arguments, policy, parameters)
    elif arguments.member_role:
        raise Refused("--member-role: say which accounts, with --organization or --accounts.")
    else:
        evaluation = judge_live(arguments, policy, parameters)
    write_verdicts(evaluation, arguments.format, arguments.all, sys.stdout)
    return evaluation.exit_code


def name_input(file: str) -> str:
    """Return what messages call the file; a name must not steer the terminal that shows it."""
    return "standard input" if file == "-" else "".join(c if c.isprintable() else "?" for c in file)


def read_input(file: str) -> bytes:
    """Return what the file holds. Raises Refused."""
    if file == "-" and sys.stdin is None:
        raise Refused("Standard input is closed: give the report's file name.")
    try:
        if Path(file).is_char_device() and file != "/dev/stdin":
            raise Refused(f"{file}: it is a device, not a file.")
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise Refused(f"{name_input(file)}: {error.strerror}.") from error
    except ValueError as error:
        raise Refused(f"{name_input(file)}: {error}.") from error


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
    try:
        session = open_session(arguments.profile, arguments.region)
    except ValueError as error:
        raise Refused(f"{error}. Look at AWS_ENDPOINT_URL.") from error
    account = Account(session.account)
    if arguments.user is not None:
        judged = [judge_user(session, arguments.user, policy, arguments.now)]
    else:
        with show_progress("user", "read live") as follow:
            judged = judge_users(session.rule_iam, policy, arguments.now, follow.count)
    scope = make_scope(account, judged, arguments.now)
    return Evaluation(parameters, (scope,), region=session.region, caller=session.caller)


def judge_user(session: Session, name: str, policy: Policy, now: datetime | None) -> Judged:
    """Return the verdict on one user as it is now. Raises Refused."""
    try:
        judged = judge_named(session.rule_iam, name, policy, make_clock(now).now)
    except UNSETTLED as error:
        raise Refused(str(error)) from error
    refuse_earlier(now, [judged])
    return judged


def judge_organization(
    arguments: argparse.Namespace, policy: Policy, parameters: dict[str, str]
) -> Evaluation:
    """Return the evaluation of every account, or of those asked for. Raises Refused."""
    check_accounts("--accounts", arguments.accounts or ())
    session = open_session(arguments.profile, arguments.region)
    suspended: tuple[Account, ...] = ()
    if arguments.accounts:
        # Their names are worth one look, and nothing more.
        known = try_read(lambda: read_organization(session))
        find = Account if isinstance(known, NotSeen) else known.find
        chosen = [find(each) for each in sorted(set(arguments.accounts))]
    else:
        accounts = read_organization(session).accounts
        chosen = [each for each in accounts if each.active]
        suspended = tuple(each for each in accounts if not each.active)
    with show_progress("account", "judged"):
        members = Members(session, arguments.member_role, name_verb(arguments))
        scopes, missing = judge_accounts(members, chosen, policy, arguments.now)
    return Evaluation(parameters, scopes, missing, session.region, session.caller, suspended)
