"""Runs a deployed function or a runbook's script in a bare interpreter of its own, as AWS does.

The interpreter sees the unpacked zip and boto3 with what boto3 needs, nothing else of this virtual
environment; it is on the emulated clock and behind the loopback guard. It is this Python, though,
not the runtime or the processor that the function asks for.
"""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import distribution
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Timer
from typing import Any

from emulator.awslambda.functions import LambdaContext
from emulator.clock import CloudClock

CHILD = Path(__file__).parents[1] / "child" / "runtime.py"


class FunctionError(Exception):
    """What a run of the function raised, as Lambda tells it: `kind` is the error's type."""

    def __init__(self, kind: str, text: str, trace: str = "") -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        self.text = text
        self.trace = trace
        """Where in its own code it was raised, as a traceback says it."""


@dataclass(frozen=True)
class Told:
    """What one run returned, and what it printed: its log."""

    answer: Any
    error: FunctionError | None
    printed: str


class Runtime:
    """One warm environment of a function, or of a script, from its first event until `stop`.

    A function's module is imported once, as in Lambda; a script is run anew for each event.
    """

    def __init__(
        self, code: bytes, handler: str, variables: dict[str, str], *, is_script: bool = False
    ) -> None:
        self._folder = TemporaryDirectory(prefix="emulated-function-")
        self._lock = Lock()
        with zipfile.ZipFile(BytesIO(code)) as package:
            package.extractall(self._folder.name)
        self._child = subprocess.Popen(
            [sys.executable, "-I", "-S", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=self._folder.name,
            env={**variables, "LAMBDA_TASK_ROOT": self._folder.name},
        )
        self._tell(
            {
                "code": self._folder.name,
                "libraries": libraries("boto3").name,
                # Apart, as it is gone from the path again before the function's code is imported.
                "time_machine": libraries("time-machine").name,
                "handler": handler,
                "is_script": is_script,
            }
        )

    @property
    def process_id(self) -> int:
        """The interpreter's process."""
        return self._child.pid

    @property
    def is_running(self) -> bool:
        """Whether the interpreter can take another event."""
        return self._child.poll() is None

    def run(self, event: dict[str, Any], context: LambdaContext) -> Told:
        """Hand the event to the function and wait for its answer, as long as its timeout allows."""
        given = asdict(context)
        del given["_deadline"]
        expired = Event()

        def expire() -> None:
            expired.set()
            self._child.kill()

        with self._lock:
            timer = Timer(context.timeout_seconds, expire)
            timer.start()
            try:
                self._tell({"event": event, "context": given, "clock": CloudClock.describe()})
                assert self._child.stdout is not None
                line = self._child.stdout.readline()
            except BrokenPipeError:
                line = ""
            finally:
                timer.cancel()
        if not line:
            self.stop()
            kind, text = "Runtime.ExitError", "Runtime exited without providing a reason"
            if expired.is_set():
                kind = "Sandbox.Timedout"
                text = f"Task timed out after {context.timeout_seconds:.2f} seconds"
            return Told(None, FunctionError(kind, text), "")
        told = json.loads(line)
        error = None
        if "error" in told:
            error = FunctionError(told["error_type"], told["error"], told["trace"])
        return Told(told.get("answer"), error, told["printed"])

    def stop(self) -> None:
        """End the interpreter and remove the unpacked code."""
        self._child.kill()
        self._child.communicate()
        self._folder.cleanup()

    def _tell(self, message: dict[str, Any]) -> None:
        assert self._child.stdin is not None
        print(json.dumps(message), file=self._child.stdin, flush=True)


class Runtimes:
    """Warm environments by name; where code or settings have changed a new one takes the place."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, Runtime]] = {}

    def find(self, name: str) -> Runtime:
        """Return the environment of something that has run."""
        return self._known[name][1]

    def warm(self, name: str, version: object, make: Callable[[], Runtime]) -> Runtime:
        """Return the environment of this version; one of another version is stopped."""
        if name in self._known:
            known, runtime = self._known[name]
            if known == version and runtime.is_running:
                return runtime
            runtime.stop()
        made = make()
        self._known[name] = version, made
        return made

    def stop(self) -> None:
        """End every environment."""
        while self._known:
            self._known.popitem()[1][1].stop()


_LINKING = Lock()
"""Two threads would each make the folder, and the one that the cache drops is deleted in use."""


def libraries(*names: str) -> TemporaryDirectory[str]:
    """Return a folder with links to these distributions and what they need, and nothing else."""
    with _LINKING:
        return _link(*names)


@cache
def _link(*names: str) -> TemporaryDirectory[str]:
    folder = TemporaryDirectory(prefix="emulated-runtime-")
    for needed in sorted({each for name in names for each in _needed(name)}):
        found = distribution(needed)
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            (Path(folder.name) / top).symlink_to(Path(str(found.locate_file(top))))
    return folder


def _needed(name: str) -> Iterator[str]:
    yield name
    for requirement in distribution(name).requires or ():
        if "extra ==" not in requirement:
            match = re.match(r"[\w.-]+", requirement)
            assert match is not None
            yield from _needed(match[0])
