"""In which form a verb tells, how much of it, and what counts: the same words in every verb.

A file of its own: `prevent` takes it without what the verbs need that call AWS.
"""

import argparse
from collections.abc import Sequence

FORMAT_WORDS = ("text", "json", "csv", "html", "sarif", "github", "junit", "gitlab")
"""Every word of --format: text is for a person, each other for some program."""
OUTPUT = "output"


def find_group(parser: argparse.ArgumentParser, title: str) -> argparse._ArgumentGroup:
    """Return the group of options with this title; it is made where it is not there."""
    for group in parser._action_groups:
        if group.title == title:
            return group
    return parser.add_argument_group(title)


def add_format_option(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Add the form of the output; `words` are some of WORDS."""
    find_group(parser, OUTPUT).add_argument(
        "--format",
        choices=words,
        default="text",
        help="text for a person, else for a program (default: text)",
    )


def add_all_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Add whether everything is shown; `what` says what that is."""
    find_group(parser, OUTPUT).add_argument("--all", action="store_true", help=what)


def add_strict_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that `rollout.__main__` looks for, in every verb that may exit with 3."""
    find_group(parser, OUTPUT).add_argument(
        "--strict", action="store_true", help="exit with 1 where something was not seen, not 3"
    )
