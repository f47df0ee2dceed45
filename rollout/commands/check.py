"""The verb `check`: says what stands in the way of a roll-out, and changes nothing."""

import argparse
from dataclasses import replace

from rollout.commands.options import add_caller_options, add_choice_options, read_request
from rollout.deployment.checks import run_preflight
from rollout.output.run import Run


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 no faults and everything was seen, 1 faults, 2 wrong usage or not allowed to"
        " look, 3 no faults in what was seen, but not everything was (1 with --strict)."
    )
    add_caller_options(parser)
    add_choice_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when there is a fault, else 0. Raises Refused."""
    request = replace(read_request(arguments), with_policies=True)
    told = Run("check", arguments.format)
    known = run_preflight(request, told)
    organization = known.estate.organization
    return told.close(
        {
            "organization": organization.id if organization else None,
            "region": known.estate.session.region,
            "accounts": [
                {"account": each.id, "name": each.name} for each in known.meant.targets.accounts
            ],
        }
    )
