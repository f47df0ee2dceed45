"""The command line's single edge: it runs one verb and turns errors into exit codes.

A verb is a module of this package with HELP, `configure(parser)` and `run(arguments)`, which
returns the exit code. Results go to stdout; progress, notes and errors go to stderr.
"""

import argparse
import importlib
import os
import sys

from botocore.exceptions import BotoCoreError, ClientError

from rollout.errors import Refused
from rule import __version__

VERBS = ("evaluate", "demo", "check", "plan", "deploy", "status", "remove")


def main(argv: list[str] | None = None) -> int:
    """Return 0 when all is well, 1 for findings or faults, 2 for wrong usage or input."""
    parser = argparse.ArgumentParser(
        prog="python -m rollout",
        description="No access keys at initial user setup for IAM users with a console password.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(metavar="<verb>", required=True)
    for name in VERBS:
        verb = importlib.import_module(f"rollout.{name}")
        verb_parser = verbs.add_parser(name, help=verb.HELP, description=verb.HELP)
        verb.configure(verb_parser)
        verb_parser.set_defaults(run=verb.run)
    arguments = parser.parse_args(argv)
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except (Refused, BotoCoreError, ClientError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (head, less) has seen enough; the interpreter's own flush must not say more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
