"""The operator's calls, one after the other, and what happens at one of them.

Calls of what runs in AWS (the functions, the runbook) arrive in threads of the emulated cloud and
are none of the operator's: they go on when the operator has gone.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from threading import Lock, current_thread
from typing import Any

import pytest
from botocore.client import BaseClient

from emulator.gateway.faults import Faults
from rollout.aws.iam_actions import ACTION_PREFIXES

Send = Callable[[], Any]
Happen = Callable[["OperatorCall", Send], Any]


class Killed(BaseException):
    """The process is gone: nobody catches this, and nothing is called after it."""


@dataclass(frozen=True)
class OperatorCall:
    """One call of the operator: its number from 1, its service and its operation."""

    number: int
    service: str
    operation: str

    @property
    def reads(self) -> bool:
        """Whether the call changes nothing, as its name says."""
        return self.operation.startswith(("Get", "List", "Describe", "Select", "Assume"))

    def __str__(self) -> str:
        return f"{self.number} {self.service}:{self.operation}"


@dataclass
class Calls:
    """What the operator called so far; `happen` sends each call, or does something else."""

    happen: Happen = lambda call, send: send()
    made: list[OperatorCall] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def send(self, client: Any, operation: str, send: Send) -> Any:
        """Count a call and let it happen."""
        service = client.meta.service_model.signing_name
        with self._lock:
            call = OperatorCall(
                len(self.made) + 1, ACTION_PREFIXES.get(service, service), operation
            )
            self.made.append(call)
        # Without the lock: another operator's calls may come in between.
        return self.happen(call, send)


@contextmanager
def watch_calls(happen: Happen | None = None) -> Iterator[Calls]:
    """Let the operator's calls be counted: one account and one user at a time, in a sure order."""
    calls = Calls(happen) if happen else Calls()
    send = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make_api_call(client: Any, operation: str, parameters: Any) -> Any:
        sent = partial(send, client, operation, parameters)
        if "process_request_thread" in current_thread().name:
            return sent()
        return calls.send(client, operation, sent)

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr(BaseClient, "_make_api_call", make_api_call)
        for pool in (
            "rollout.remediation.work.AT_ONCE",
            "rollout.organization.members.LOOKERS",
            "rollout.findings.aggregate_results.READERS",
        ):
            patches.setattr(pool, 1)
        yield calls


def kill_after(last: int) -> Happen:
    """Let the operator be killed before he has the answer to his call of that number."""

    def happen(call: OperatorCall, send: Send) -> Any:
        if call.number <= last:
            answer = send()
        if call.number >= last:
            raise Killed
        return answer

    return happen


def fail_at(number: int, faults: Faults, code: str) -> Happen:
    """Let AWS answer the call of that number, and each time it is sent again, with an error."""

    def happen(call: OperatorCall, send: Send) -> Any:
        if call.number != number:
            return send()
        faults.fail(call.service, call.operation, code, times=None)
        try:
            return send()
        finally:
            faults.clear()

    return happen


def expire_at(number: int, faults: Faults) -> Happen:
    """Let the operator's credentials be expired from the call of that number on."""

    def happen(call: OperatorCall, send: Send) -> Any:
        return fail_at(max(number, call.number), faults, "ExpiredToken")(call, send)

    return happen


def do_before(number: int, act: Callable[[], object]) -> Happen:
    """Let something happen once, before the call of that number."""

    def happen(call: OperatorCall, send: Send) -> Any:
        if call.number == number:
            act()
        return send()

    return happen
