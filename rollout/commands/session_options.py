"""The options of every verb that calls AWS: whose credentials, where, and how strictly."""

import argparse


def name_verb(arguments: argparse.Namespace) -> str:
    """Return which verb is run: the name of its module; "" where no command line chose it."""
    run = getattr(arguments, "run", None)
    return str(run.__module__.rpartition(".")[2]) if run else ""


def add_strict_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that `rollout.__main__` looks for, in every verb that may exit with 3."""
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 where something was not seen, not 3"
    )


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """Add whose credentials are used, and where."""
    parser.add_argument("--profile", help="use this profile of the AWS configuration files")
    parser.add_argument(
        "--region", help="the Region of the roll-out (default: the one that records IAM users here)"
    )
    add_strict_option(parser)
