"""The verb `remove`: takes the rule away again; users and keys are left alone."""

import argparse

from rollout.commands.asking import confirm
from rollout.commands.options import (
    add_bucket_option,
    add_caller_options,
    add_minutes_option,
    read_caller,
)
from rollout.deployment.estate import read_estate
from rollout.deployment.removal import Removal
from rollout.output.run import Run
from rollout.remediation.quarantines import tell_quarantines
from rule.counted import count


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 all is gone, 1 something is left, 2 wrong usage or not allowed, 3 all is"
        " gone, but the quarantines of some account were not seen (1 with --strict)."
    )
    add_caller_options(parser)
    add_bucket_option(parser)
    add_minutes_option(parser)
    parser.add_argument(
        "--with-code", action="store_true", help="delete the code from the bucket, too"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for the id to be typed")


def run(arguments: argparse.Namespace) -> int:
    """Return 0 when all is gone, else 1. Raises Refused."""
    told = Run("remove", arguments.format)
    estate = read_estate(read_caller(arguments))
    organization = estate.organization
    where = str(estate.here)
    if organization:
        where = f"all {count(len(organization.accounts), 'account')} of {organization.id}"
    confirm(arguments.yes, estate.place, f"This takes the rule and its results out of {where}.")
    removal = Removal(estate, told, arguments.minutes)
    removal.remove_pack()
    removal.remove_stack_set()
    removal.remove_stack()
    if arguments.with_code:
        removal.remove_code(arguments.bucket)
    tell_quarantines(told, estate.members, estate.active)
    return told.close(
        {
            "organization": organization.id if organization else None,
            "region": estate.session.region,
        }
    )
