"""The command line's single edge: it runs one verb and turns errors into exit codes.

A verb is a module of rollout.commands with HELP, `configure(parser)` and `run(arguments)`, which
returns the exit code. Results go to stdout; progress, notes and errors go to stderr.
"""

import argparse
import importlib
import io
import os
import sys
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from rollout.errors import Refused
from rule import __version__

VERBS = ("evaluate", "prevent", "demo", "check", "plan", "deploy", "status", "remove")

READER_HAS_LEFT = 128 + 13
"""What a shell makes of a program that writes to a closed pipe, such as one to head."""


class Parser(argparse.ArgumentParser):
    """A parser that tells wrong usage in one line, as every other error is told."""

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message} (--help shows the usage)\n")


def main(argv: list[str] | None = None) -> int:
    """Return 0 when all is well, 1 for findings or faults, 2 for wrong usage or input."""
    parser = Parser(
        prog="python -m rollout",
        description="No access keys at initial user setup for IAM users with a console password.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    try:
        arguments = read_arguments(parser, argv)
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A name that the terminal's encoding lacks is shown escaped, so that output goes on.
            sys.stdout.reconfigure(errors="backslashreplace")
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except (Refused, BotoCoreError, ClientError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except OSError as error:
        # The interpreter's own flush at the end must not say it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return READER_HAS_LEFT
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return code


def read_arguments(parser: Parser, argv: list[str] | None) -> argparse.Namespace:
    """Return what was asked for; `run` is the function that does it."""
    verbs = parser.add_subparsers(metavar="<verb>", required=True)
    for name in VERBS:
        verb = importlib.import_module(f"rollout.commands.{name}")
        verb_parser = verbs.add_parser(name, help=verb.HELP, description=verb.HELP)
        verb.configure(verb_parser)
        verb_parser.set_defaults(run=verb.run)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
