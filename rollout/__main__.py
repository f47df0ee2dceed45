"""The command line's single edge: it runs one verb and turns errors into exit codes.

A verb is a module of rollout.commands, imported when it is asked for. Results go to stdout;
progress, notes and errors go to stderr.
"""

import io
import os
import signal
import sys
import threading
import traceback

from rollout.commands.parser import make_parser
from rollout.commands.session_options import name_verb
from rollout.errors import FAULTS, NOT_SEEN, Refused, explain_error
from rollout.names import name_program
from rollout.output.folding import fold_to

READER_HAS_LEFT = 128 + 13
"""What a shell makes of a program that writes to a closed pipe, such as one to head."""
INTERRUPTED = 128 + 2


def main(argv: list[str] | None = None) -> int:
    """Return 0 when all is well, 1 for findings or faults, or what went wrong.

    2 is for wrong usage or input, 3 for something that nobody could see, 70 for what nobody
    foresaw, 130 for an interrupt, 141 when the reader of the output has left.
    """
    program, profile, verb = name_program(), "", ""
    catch_termination()
    forget_runs()
    try:
        open_output()
        arguments = make_parser(program).parse_args(argv)
        profile = getattr(arguments, "profile", None) or ""
        if getattr(arguments, "format", "") == "json":
            verb = name_verb(arguments)
        code: int = arguments.run(arguments)
        if code == NOT_SEEN and getattr(arguments, "strict", False):
            code = FAULTS
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        tell_program(verb, "Interrupted.")
        return INTERRUPTED
    except Exception as error:
        give_up_output()
        if isinstance(error, BrokenPipeError):
            return READER_HAS_LEFT
        if "--debug" in (sys.argv[1:] if argv is None else argv):
            traceback.print_exc()
        sentence, code = explain_error(error, profile)
        print(fold_to(sys.stderr, f"{program}: {sentence}"), file=sys.stderr)
        tell_program(verb, sentence)
    return code


def forget_runs() -> None:
    """Let no document name what an earlier run in this process changed."""
    if "rollout.output.run" in sys.modules:
        from rollout.output.run import Run

        Run.latest = None


def tell_program(verb: str, sentence: str) -> None:
    """Write the one document that a program gets of a verb that failed; `verb` "" for a person."""
    if not verb:
        return
    from rollout.output.run import write_failure

    try:
        write_failure(verb, sentence)
        sys.stdout.flush()
    except OSError:
        give_up_output()


def catch_termination() -> None:
    """Treat SIGTERM as an interrupt from the keyboard: what was begun goes on, and that is said."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def open_output() -> None:
    """Let a name that the terminal's encoding lacks be shown escaped, so that output goes on."""
    # A shell's >&- leaves no stream at all, and what is printed then must not be lost in silence.
    if sys.stdout is None:
        raise Refused("Standard output is closed: there is nowhere to write to.")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def give_up_output() -> None:
    """Write what was printed so far; where that fails, the interpreter's end must not try again."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
