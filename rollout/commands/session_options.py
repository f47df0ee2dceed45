"""The options of every verb that calls AWS: whose credentials, where, and how strictly."""

import argparse

from rollout.commands.output_options import add_strict_option, find_group

CREDENTIALS = "credentials"
HOME = "the Region of the roll-out (default: the one that records IAM users here)"


def add_session_options(parser: argparse.ArgumentParser, region: str = HOME) -> None:
    """Add whose credentials are used, and where; `region` says what the Region is for."""
    group = find_group(parser, CREDENTIALS)
    group.add_argument("--profile", help="use this profile of the AWS configuration files")
    group.add_argument("--region", help=region)
    add_strict_option(parser)
