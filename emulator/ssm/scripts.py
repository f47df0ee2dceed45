"""Runs the script of an aws:executeScript step in a bare interpreter, under a role's credentials.

The interpreter stays warm for the next execution of the same script under the same role; the script
itself is run anew each time.
"""

import json
import zipfile
from io import BytesIO
from typing import Any

from emulator.awslambda.functions import LambdaContext
from emulator.awslambda.runtime import FunctionError, Runtime, Runtimes

MAX_PAYLOAD = 100 * 1024
MODULE = "customer_script"
"""The name of the file that tracebacks of real executions show."""


class ScriptFailed(Exception):
    """A script raised or returned too much; the text is the step's own."""

    status = "Failed"
    stage = "Poll action status for completion"


class ScriptTimedOut(ScriptFailed):
    """A script ran longer than its step may."""

    status = "TimedOut"


class Scripts(Runtimes):
    """The warm interpreters of one account and Region."""

    def run(
        self,
        place: str,
        inputs: dict[str, Any],
        variables: dict[str, str],
        timeout_seconds: float,
    ) -> Any:
        """Return what the handler returns; raises ScriptFailed.

        `place` is the document and step; `variables` hold the credentials, which an interpreter
        reads when it starts.
        """
        payload = inputs.get("InputPayload", {})
        context = LambdaContext(place, place, timeout_seconds)
        version = (inputs["Script"], variables["AWS_ACCESS_KEY_ID"])
        runtime = self.warm(place, version, lambda: begin_script(inputs, variables))
        told = runtime.run(payload, context)
        if told.error is not None and told.error.kind == "Sandbox.Timedout":
            raise ScriptTimedOut(told.error.text)
        if told.error is not None:
            raise ScriptFailed(describe_failure(told.error))
        if len(json.dumps(told.answer).encode()) > MAX_PAYLOAD:
            raise ScriptFailed("The output of the script is larger than 100 KB.")
        return told.answer


def begin_script(inputs: dict[str, Any], variables: dict[str, str]) -> Runtime:
    """Return an interpreter for the script of a step."""
    code = BytesIO()
    with zipfile.ZipFile(code, "w") as package:
        package.writestr(f"{MODULE}.py", inputs["Script"])
    handler = f"{MODULE}.{inputs['Handler']}"
    return Runtime(code.getvalue(), handler, {**variables, "TZ": ":UTC"}, is_script=True)


def describe_failure(error: FunctionError) -> str:
    """Return an error as the failure message of a step says it (a captured message)."""
    trace = f"Traceback (most recent call last):\n{error.trace}\n" if error.trace else ""
    return f"{trace}{error.kind} - {error.text}"
