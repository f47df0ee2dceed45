"""What a deployed function or a runbook's script runs in: a bare interpreter, an event a line.

Run as `python -I -S runtime.py`, so nothing of the virtual environment is visible; the first line
on standard input says which code, which libraries and which handler. As in Lambda the process stays
warm between events, and what the function prints is its log. Standard library only.
"""

import contextlib
import importlib
import importlib.util
import io
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

EMULATOR = Path(__file__).parent.parent


def load(name: str) -> ModuleType:
    """Return a module of the emulator, loaded by its path: its package must not be visible."""
    spec = importlib.util.spec_from_file_location(
        f"emulator_{Path(name).name}", EMULATOR / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


class Travel:
    """The emulated clock of this process; the parent says with each event what it is."""

    def __init__(self, folder: str) -> None:
        sys.path.append(folder)
        self._travel = load("child/travel").travel
        importlib.import_module("time_machine")
        sys.path.remove(folder)
        self._traveller: Any = None

    def move(self, clock: str) -> None:
        """Be on the parent's clock from now on."""
        if self._traveller is not None:
            self._traveller.stop()
        self._traveller = self._travel(clock)
        if "T" in clock:
            # Where no time passes nobody can wait for it.
            time.sleep = lambda seconds: None


@cache
def compile_script(path: str) -> CodeType:
    """Return the code of a script; it stays the same as long as this process lives."""
    return compile(Path(path).read_text(), path, "exec")


def find_in_module(handler: str) -> Any:
    """Return a function's handler; its module is imported at the first event only."""
    module, _, name = handler.rpartition(".")
    return getattr(importlib.import_module(module), name)


def find_in_script(folder: str, handler: str) -> Any:
    """Return a script's handler, the script run anew: nothing of an earlier event is left.

    It is no module that could be imported, as nobody has said that SSM makes one of it.
    """
    module, _, name = handler.rpartition(".")
    path = str(Path(folder) / f"{module}.py")
    names = {"__name__": module, "__file__": path}
    exec(compile_script(path), names)
    return names[name]


def run_handler(find: Callable[[], Any], event: Any, context: Any, folder: str) -> dict[str, Any]:
    """Run the handler once; an error is told by its type and text, as Lambda does."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            # Found at the event, so that code that cannot be imported is its error.
            answer = find()(event, context)
            # Here, as an answer that is no JSON fails the run after its work is done.
            told: dict[str, Any] = {"answer": json.loads(json.dumps(answer))}
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            own = [frame for frame in frames if frame.filename.startswith(folder)]
            told = {
                "error_type": type(error).__name__,
                "error": str(error),
                "trace": "".join(traceback.format_list(own)),
            }
    return {**told, "printed": printed.getvalue()}


def main() -> None:
    """Serve events until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    load("loopback").install_guard()
    functions = load("awslambda/functions")
    start = json.loads(sys.stdin.readline())
    travel = Travel(start["time_machine"])
    folder, handler = start["code"], start["handler"]
    sys.path[:0] = [folder, start["libraries"]]
    find = partial(find_in_module, handler)
    if start["is_script"]:
        find = partial(find_in_script, folder, handler)
    for line in sys.stdin:
        request = json.loads(line)
        travel.move(request["clock"])
        context = functions.LambdaContext(**request["context"])
        told = run_handler(find, request["event"], context, folder)
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
