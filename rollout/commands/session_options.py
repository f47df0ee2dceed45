"""The options of every verb that calls AWS: whose credentials, where, and how strictly."""

import argparse

from rollout.commands.output_options import add_strict_option, find_group

CREDENTIALS = "credentials"
HOME = "the Region of the roll-out (default: the one that records IAM users here)"


def name_verb(arguments: argparse.Namespace) -> str:
    """Return which verb is run: the name of its module; "" where no command line chose it."""
    run = getattr(arguments, "run", None)
    return str(run.__module__.rpartition(".")[2]) if run else ""


def add_session_options(parser: argparse.ArgumentParser, region: str = HOME) -> None:
    """Add whose credentials are used, and where; `region` says what the Region is for."""
    group = find_group(parser, CREDENTIALS)
    group.add_argument("--profile", help="use this profile of the AWS configuration files")
    group.add_argument("--region", help=region)
    add_strict_option(parser)
