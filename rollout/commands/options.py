"""The options of the roll-out's verbs, each a group of its own, and the request they make.

A verb adds the groups that it reads, and no others. What is not given stays open: what stands.
"""

import argparse
import math
from dataclasses import replace

from rollout.commands.output_options import add_format_option, find_group
from rollout.commands.policy_options import add_policy_options
from rollout.commands.session_options import (
    WHICH,
    add_account_only_option,
    add_member_role_option,
    add_session_options,
    check_accounts,
    name_verb,
)
from rollout.commands.stack_parameters import find_value_fault, read_declared, read_stack_parameters
from rollout.deployment.request import Caller, Decisions, Request
from rollout.deployment.settings import FILE, FREQUENCIES, merge, read_settings
from rollout.errors import Refused
from rollout.packs.template import AUTOMATIC
from rule.parameters import VERDICT_PARAMETERS, InvalidParameters, parse_parameters

EVERY_ACCOUNT = "show every account, also of many; else only those that are not fine"
TABLE_FORMATS = ("text", "json")


def add_caller_options(parser: argparse.ArgumentParser) -> None:
    """Add what every verb needs to know of who calls from where."""
    add_session_options(parser)
    which = find_group(parser, WHICH)
    add_account_only_option(
        which, "this account alone: an ordinary stack and an ordinary conformance pack"
    )
    add_member_role_option(which, "to look into the accounts")
    add_format_option(parser, TABLE_FORMATS)


def add_choice_options(parser: argparse.ArgumentParser) -> None:
    """Add which accounts are meant, and the bucket; not given, they stay as they stand."""
    which = find_group(parser, WHICH)
    which.add_argument(
        "--exclude",
        nargs="+",
        metavar="ACCOUNT",
        help="leave these accounts out, by number, separated by blanks; none takes that back"
        " (default: as it stands, else nobody)",
    )
    which.add_argument(
        "--ou",
        nargs="+",
        metavar="OU",
        help="only accounts in these organizational units, or below them; all takes that back"
        " (default: as it stands, else all)",
    )
    add_bucket_option(parser)
    parser.add_argument(
        "--tags-protected-by",
        default="",
        metavar="WHAT",
        help='what else keeps others from the tags, such as "permission boundaries": missing'
        " service control policies are then told, and no fault",
    )
    parser.add_argument(
        "--settings",
        metavar="FILE",
        help=f"what was decided, as TOML (default: {FILE} in the working folder, if it is there);"
        " options win over it",
    )


def add_bucket_option(parser: argparse.ArgumentParser) -> None:
    """Add the bucket of the code."""
    parser.add_argument(
        "--bucket",
        metavar="NAME",
        help="S3 bucket for the function's code (default: as it stands, else one is made, named"
        " after this account)",
    )


def add_minutes_option(parser: argparse.ArgumentParser) -> None:
    """Add how long AWS is waited for."""
    parser.add_argument(
        "--minutes",
        type=parse_minutes,
        default=120.0,
        metavar="N",
        help="wait at most this long for each of AWS's engines (default: 120)",
    )


def parse_minutes(text: str) -> float:
    """Return the minutes. Raises argparse's error for what is no time to wait."""
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise argparse.ArgumentTypeError(f'"{text}" is no number of minutes above 0')
    return minutes


def add_rule_options(parser: argparse.ArgumentParser) -> None:
    """Add what the pack is put with; not given, it stays as it stands."""
    add_policy_options(parser, stands=True)
    group = parser.add_argument_group(
        "the conformance pack and the stacks (default: as it stands, else the one named)"
    )
    group.add_argument(
        "--report-unchanged",
        action=argparse.BooleanOptionalAction,
        help="put results that have not changed since the last run, too (default: no)",
    )
    group.add_argument(
        "--process-check-rule",
        metavar="NAME",
        help="set the process check whose name begins so to what each scheduled run found, in every"
        " pack that has it; none takes that back (default: none)",
    )
    group.add_argument(
        "--frequency",
        choices=FREQUENCIES,
        help="how often every user is judged (default: TwentyFour_Hours)",
    )
    group.add_argument(
        "--automatic-remediation",
        action=argparse.BooleanOptionalAction,
        help="let AWS Config quarantine and delete by itself (default: no; look first)",
    )
    group.add_argument(
        "--function-by",
        choices=("name", "export"),
        help=(
            "how the pack names the function: by the account's own id (default), or by the export"
            " of template.yaml, should that id not resolve"
        ),
    )
    group.add_argument(
        "--role-account",
        choices=("management", "caller"),
        help=(
            "whose account id the pack's AutomationAssumeRole is written with: AWS Config puts each"
            " member's in its place (default: management)"
        ),
    )
    group.add_argument(
        "--stack-parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of template.yaml, such as LogRetentionDays=30",
    )


def read_caller(arguments: argparse.Namespace) -> Caller:
    """Return who calls from where."""
    return Caller(
        arguments.profile,
        arguments.region,
        arguments.account_only,
        arguments.member_role,
        name_verb(arguments),
    )


def read_request(arguments: argparse.Namespace) -> Request:
    """Return what is asked for; every value is checked before AWS is asked anything.

    Raises Refused.
    """
    caller = read_caller(arguments)
    if caller.account_only and (arguments.exclude or arguments.ou):
        raise Refused("--account-only is this account alone: give it without --exclude and --ou.")
    declared = read_declared()
    settings = read_settings(
        arguments.settings, lambda name, value: find_value_fault(name, value, declared)
    )
    given = Request(
        caller=caller,
        decisions=read_decisions(arguments),
        tags_protected_by=" ".join(arguments.tags_protected_by.split()),
    )
    request = merge(given, settings)
    return replace(request, canary=settings.canary)


def read_decisions(arguments: argparse.Namespace) -> Decisions:
    """Return what the options decide. Raises Refused."""
    ruled = hasattr(arguments, "stack_parameter")
    return Decisions(
        exclude=read_excluded(arguments.exclude),
        units=read_chosen_units(arguments.ou),
        parameters=read_pack_parameters(arguments) if ruled else {},
        stack_parameters=read_stack_parameters(arguments.stack_parameter) if ruled else {},
        function_by=arguments.function_by if ruled else None,
        role_account=arguments.role_account if ruled else None,
        bucket=arguments.bucket,
    )


def read_excluded(given: list[str] | None) -> tuple[str, ...] | None:
    """Return the accounts to leave out. Raises Refused for what is no account number."""
    if given is None:
        return None
    if given == ["none"]:
        return ()
    check_accounts("--exclude", given)
    return tuple(dict.fromkeys(given))


def read_chosen_units(given: list[str] | None) -> tuple[str, ...] | None:
    """Return the units to keep to; () for all."""
    return None if given is None else () if given == ["all"] else tuple(dict.fromkeys(given))


def read_pack_parameters(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the pack's parameters that were given. Raises Refused."""
    given = {
        each.name: value
        for each in VERDICT_PARAMETERS
        if (value := getattr(arguments, each.name)) is not None
    }
    if (named := arguments.process_check_rule) is not None:
        given["ProcessCheckRule"] = "" if named == "none" else named
    try:
        parse_parameters(given)
    except InvalidParameters as fault:
        raise Refused(str(fault)) from fault
    for name, chosen in (
        ("ReportUnchanged", arguments.report_unchanged),
        (AUTOMATIC, arguments.automatic_remediation),
    ):
        if chosen is not None:
            given[name] = "true" if chosen else "false"
    if arguments.frequency:
        given["MaximumExecutionFrequency"] = arguments.frequency
    return given
