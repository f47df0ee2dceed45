"""The verb `check`: says what stands in the way of a roll-out, and changes nothing."""

import argparse

from rollout.commands.options import add_place_options, add_rule_options
from rollout.deployment.preflight import gather
from rollout.output.progress import Story


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = "Exit code: 0 no faults, 1 faults, 2 wrong usage or not allowed to look."
    add_place_options(parser)
    add_rule_options(parser)
    parser.set_defaults(units=False)


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when there is a fault, else 0. Raises Refused."""
    story = Story(arguments.format)
    facts = gather(arguments, story)
    document = {
        "verb": "check",
        "organization": facts.organization.id if facts.organization else None,
        "region": facts.session.region,
        "accounts": [{"account": each.id, "name": each.name} for each in facts.accounts],
    }
    return story.close(document)
