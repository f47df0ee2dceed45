"""The options of every verb that calls AWS: whose credentials, where, and how strictly."""

import argparse
from collections.abc import Iterable

from rollout.commands.output_options import add_strict_option, find_group
from rollout.errors import Refused
from rollout.names import ACCOUNT_ID

CREDENTIALS = "credentials"
WHICH = "which accounts"
ALONE = "the account of these credentials alone; AWS Organizations is not asked"
HOME = "the Region of the roll-out (default: the one that records IAM users here)"


def name_verb(arguments: argparse.Namespace) -> str:
    """Return which verb is run: the name of its module; "" where no command line chose it."""
    run = getattr(arguments, "run", None)
    return str(run.__module__.rpartition(".")[2]) if run else ""


def add_account_only_option(group: argparse._ArgumentGroup, meaning: str = ALONE) -> None:
    """Add that a verb keeps to one account; `meaning` says what that comes to."""
    group.add_argument("--account-only", action="store_true", help=meaning)


def add_member_role_option(group: argparse._ArgumentGroup, purpose: str) -> None:
    """Add the way into the accounts; `purpose` says what for."""
    group.add_argument(
        "--member-role",
        default="",
        metavar="NAME",
        help=f"a role in every account that may be assumed from here, {purpose}",
    )


def add_session_options(parser: argparse.ArgumentParser, region: str = HOME) -> None:
    """Add whose credentials are used, and where; `region` says what the Region is for."""
    group = find_group(parser, CREDENTIALS)
    group.add_argument("--profile", help="use this profile of the AWS configuration files")
    group.add_argument("--region", help=region)
    add_strict_option(parser)


def check_accounts(option: str, given: Iterable[str]) -> None:
    """Raise Refused for what is no account's number, before AWS is asked anything."""
    for each in given:
        if not ACCOUNT_ID.fullmatch(each):
            raise Refused(
                f"{option} {each}: give account numbers of 12 digits, separated by blanks."
            )
