"""The options that the verbs of the roll-out have in common."""

import argparse

from rollout.commands.policy_options import add_policy_options, read_policy
from rollout.errors import Refused
from rollout.packs.template import AUTOMATIC, load_pack
from rule.parameters import VERDICT_PARAMETERS

FREQUENCIES = ("One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours")
FORMATS = ("table", "json")


def add_place_options(parser: argparse.ArgumentParser) -> None:
    """Add what every verb needs to know where it is and which accounts are meant."""
    parser.add_argument("--profile", help="use this profile of the AWS configuration files")
    parser.add_argument(
        "--region", help="the Region of the roll-out (default: the one that records IAM users here)"
    )
    which = parser.add_argument_group("which accounts")
    which.add_argument(
        "--exclude", nargs="+", default=[], metavar="ACCOUNT", help="leave these accounts out"
    )
    which.add_argument(
        "--ou",
        nargs="+",
        default=[],
        metavar="OU",
        help="only accounts in these organizational units, or in units below them",
    )
    which.add_argument(
        "--account-only",
        action="store_true",
        help="this account alone: an ordinary stack and an ordinary conformance pack",
    )
    parser.add_argument(
        "--member-role",
        default="",
        metavar="NAME",
        help="a role in every account that may be assumed from here, to look into the accounts",
    )
    parser.add_argument(
        "--bucket",
        metavar="NAME",
        help="S3 bucket for the function's code (default: one is made, named after this account)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=120.0,
        metavar="N",
        help="wait at most this long for each of AWS's engines (default: 120)",
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="(default: table)")


def add_rule_options(parser: argparse.ArgumentParser) -> None:
    """Add what the pack is put with."""
    add_policy_options(parser)
    group = parser.add_argument_group("the conformance pack and the stacks")
    group.add_argument(
        "--report-unchanged",
        action="store_true",
        help="put results that have not changed since the last run, too",
    )
    group.add_argument(
        "--frequency",
        choices=FREQUENCIES,
        default="TwentyFour_Hours",
        help="how often every user is judged (default: TwentyFour_Hours)",
    )
    group.add_argument(
        "--automatic-remediation",
        action="store_true",
        help="let AWS Config quarantine and delete by itself (look first, then switch on)",
    )
    group.add_argument(
        "--function-by",
        choices=("name", "export"),
        default="name",
        help=(
            "how the pack names the function: by the account's own id (default), or by the export"
            " of template.yaml, should that id not resolve"
        ),
    )
    group.add_argument(
        "--stack-parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of template.yaml, such as LogRetentionDays=30 (kept until changed)",
    )


def read_pack_parameters(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the pack's parameters that the options give. Raises Refused."""
    read_policy(arguments)
    given = {each.name: str(getattr(arguments, each.name)) for each in VERDICT_PARAMETERS}
    given["ReportUnchanged"] = "true" if arguments.report_unchanged else "false"
    given["MaximumExecutionFrequency"] = arguments.frequency
    if AUTOMATIC in load_pack()["Parameters"]:
        given[AUTOMATIC] = "true" if arguments.automatic_remediation else "false"
    elif arguments.automatic_remediation:
        raise Refused("--automatic-remediation: this checkout's conformance pack has none.")
    return given


def read_stack_parameters(arguments: argparse.Namespace) -> dict[str, str]:
    """Return the parameters of template.yaml that the options give. Raises Refused."""
    given = {}
    for each in arguments.stack_parameter:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise Refused(f"--stack-parameter {each}: write NAME=VALUE.")
        if name in ("CodeBucket", "CodeKey"):
            raise Refused(f"--stack-parameter {each}: deploy sets {name} itself.")
        given[name] = value
    return given
