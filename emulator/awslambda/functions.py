"""Lambda functions as AWS Config calls them: asynchronously, with two retries, nobody listening.

What the function returns must be JSON, or the runtime fails after the work is done.
"""

import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

ATTEMPTS = 3
"""One call and two retries of an asynchronous invocation, unless the function says otherwise."""


@dataclass
class LambdaContext:
    """The context object of one attempt, as far as Python functions use it."""

    function_name: str
    invoked_function_arn: str
    timeout_seconds: float = 900.0
    memory_limit_in_mb: int = 256
    function_version: str = "$LATEST"
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    _deadline: float = 0.0

    def __post_init__(self) -> None:
        # Monotonic: the emulated clock may be moved while a handler runs.
        self._deadline = time.monotonic() + self.timeout_seconds

    @property
    def log_group_name(self) -> str:
        """The function's log group."""
        return f"/aws/lambda/{self.function_name}"

    @property
    def log_stream_name(self) -> str:
        """The log stream of this run."""
        return f"emulated/[{self.function_version}]{self.aws_request_id}"

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run; never negative."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


Handler = Callable[[dict[str, Any], Any], Any]


@dataclass
class Function:
    """A function as Config sees it: one of this process, or a deployed one that runs in its own."""

    arn: str
    handler: Handler
    timeout_seconds: float = 900.0
    attempts: int = ATTEMPTS
    code_sha_256: str = ""
    """The digest of the code that stands for it, as Lambda tells it: base64."""
    reserved_concurrency: int | None = None

    def get_configuration(self) -> dict[str, Any]:
        """Return the function as GetFunctionConfiguration sends it."""
        return {
            "FunctionName": self.name,
            "FunctionArn": self.arn,
            "CodeSha256": self.code_sha_256,
            "Timeout": int(self.timeout_seconds),
            "Version": "$LATEST",
            "State": "Active",
            "LastUpdateStatus": "Successful",
        }

    def get_code(self) -> dict[str, Any]:
        """Return the function as GetFunction sends it."""
        return {"Code": {"RepositoryType": "S3"}, "Configuration": self.get_configuration()}

    @property
    def name(self) -> str:
        """The function's name: the last part of its ARN."""
        return self.arn.rpartition(":")[2]


@dataclass
class Invocation:
    """One event handed to a function: what it answered, or the error of each attempt."""

    event: dict[str, Any]
    answer: Any = None
    errors: list[Exception] = field(default_factory=list)
    attempts: int = ATTEMPTS

    @property
    def succeeded(self) -> bool:
        """Whether the last attempt returned: what Lambda counts, whatever the function did."""
        return len(self.errors) < self.attempts

    @property
    def message(self) -> dict[str, Any]:
        """The invoking event, read."""
        message: dict[str, Any] = json.loads(self.event["invokingEvent"])
        return message


def invoke(function: Function, event: dict[str, Any]) -> Invocation:
    """Call `function` until an attempt returns, as often as it allows; keep every error."""
    invocation = Invocation(event, attempts=function.attempts)
    for _ in range(function.attempts):
        context = LambdaContext(function.name, function.arn, function.timeout_seconds)
        try:
            # A copy, as each attempt of the real service reads the event anew.
            answer = function.handler(json.loads(json.dumps(event)), context)
            invocation.answer = json.loads(json.dumps(answer))
        except Exception as error:
            invocation.errors.append(error)
        else:
            break
    return invocation
