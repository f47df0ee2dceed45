"""The command line's parsers: one for the program, and one for each verb, made when asked for."""

import argparse
import difflib
import importlib
import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn

from rollout.commands import VERBS
from rollout.commands.examples import describe_examples
from rollout.commands.output_options import OUTPUT
from rollout.commands.session_options import CREDENTIALS
from rollout.output.folding import fold_to
from rollout.version import describe_version

EPILOG = """\
Exit codes: 0 fine, 1 findings or faults, 2 wrong usage or input that cannot be read, 3 nothing is
wrong in what was seen but something was not (1 with --strict), 70 an error of this program, 130
interrupted, 141 the reader of the output has left.
"""
ENVIRONMENT = "AWS_PROFILE, AWS_REGION and NO_COLOR are honoured."
LAST = {CREDENTIALS: 1, OUTPUT: 2}
SHELLS = ("bash", "zsh", "tcsh")


class Parser(argparse.ArgumentParser):
    """A parser that tells wrong usage in one line, as every other error is told.

    An option is never taken for another that begins the same: --auto is no switch for deletion.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})

    def format_help(self) -> str:
        """Show what is the same in every verb last."""
        self._action_groups.sort(key=lambda group: LAST.get(group.title or "", 0))
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        told = f"{self.prog}: {message} (--help shows the usage)"
        self.exit(2, f"{fold_to(sys.stderr, told)}\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name the nearest verb for one that is not there; argparse lists them all."""
        if isinstance(action.choices, dict) and value not in action.choices:
            near = suggest(value, list(action.choices)) or f"; give {' or '.join(action.choices)}"
            raise argparse.ArgumentError(None, f"{value} is no verb{near}")
        super()._check_value(action, value)


class Verb(Parser):
    """A verb's parser, which imports the verb once it is asked for."""

    def __init__(self, *, verb: str, **settings: Any) -> None:
        super().__init__(**settings)
        self.verb = verb
        self.is_ready = False

    def make_ready(self) -> None:
        """Import the verb and add its options."""
        if not self.is_ready:
            module = importlib.import_module(f"rollout.commands.{self.verb}")
            module.configure(self)
            add_debug(self)
            self.set_defaults(run=module.run)
            self.usage = f"%(prog)s [options]{self.describe_words()}"
            self.epilog = self.make_epilog()
            self.formatter_class = argparse.RawDescriptionHelpFormatter
            self.is_ready = True

    def describe_words(self) -> str:
        """Return the words that are no options, for a usage that fits into two lines."""
        words = ""
        for action in self._actions:
            if not action.option_strings:
                name = action.metavar or action.dest
                more = {"+": f" [{name} ...]", argparse.PARSER: " ..."}.get(str(action.nargs), "")
                words += f" {name}{more}"
        return words

    def make_epilog(self) -> str:
        """Return the examples, the exit codes as the verb says them, and what counts besides."""
        examples = describe_examples(self.prog, self.verb)
        parts = (examples, textwrap.fill(self.epilog or "", 79), ENVIRONMENT)
        return "\n\n".join(filter(None, parts))

    # argparse's own types are wider than what it gives here.
    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Refuse here what this verb does not know, and name the option that may be meant."""
        self.make_ready()
        found, unknown = super().parse_known_args(args, namespace)
        for word in unknown:
            known = [option for action in self._actions for option in action.option_strings]
            self.error(f"{word} is not known here{suggest(word, known)}")
        return found, []


class Completion(argparse.Action):
    """Prints what a shell needs to complete verbs and options."""

    def __call__(
        self, parser: argparse.ArgumentParser, _: object, shell: object, *__: object
    ) -> NoReturn:
        """Leave with exit code 0."""
        import shtab

        for action in parser._actions:
            if isinstance(action.choices, dict):
                for verb in action.choices.values():
                    verb.make_ready()
        print(shtab.complete(parser, str(shell)))
        parser.exit()


class Version(argparse.Action):
    """Prints the version, and the commit, which takes time to find."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Leave with exit code 0."""
        print(f"{parser.prog} {describe_version()}")
        parser.exit()


def make_parser(program: str) -> Parser:
    """Return the program's parser; a verb's own is filled when its verb is read."""
    parser = Parser(
        prog=program,
        usage="%(prog)s <verb> [options]",
        description="No access keys at initial user setup for IAM users with a console password.",
        epilog=EPILOG + ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=Version, nargs=0, help="show version and commit")
    parser.add_argument(
        "--print-completion",
        action=Completion,
        choices=SHELLS,
        help="print what this shell needs to complete verbs and options",
    )
    add_debug(parser)
    verbs = parser.add_subparsers(metavar="<verb>", required=True, parser_class=Verb)
    for name, line in VERBS.items():
        verbs.add_parser(name, prog=f"{program} {name}", help=line, description=line, verb=name)
    return parser


def add_debug(parser: argparse.ArgumentParser) -> None:
    """Add the option that the edge looks for, wherever it stands."""
    text = "show the traceback of an error"
    parser.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=text)


def suggest(word: str, known: list[str]) -> str:
    """Return a question that names what is nearest to a misspelt word, "" without any."""
    near = difflib.get_close_matches(word.partition("=")[0], known, 1)
    return f"; did you mean {near[0]}?" if near else ""
