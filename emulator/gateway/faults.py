"""Faults on demand: errors, latency and dropped connections, for exactly the calls a test names.

A fault replaces the call: the service never sees it, except for `delay`, which only makes it late.
"""

import time
from dataclasses import dataclass, field
from threading import Lock

from emulator.gateway.calls import Call

_MESSAGES = {
    "Throttling": "Rate exceeded",
    "AccessDenied": "User is not authorized to perform this operation",
    "ServiceFailure": "The request processing has failed because of an unknown error.",
}


@dataclass
class InjectedFault:
    """What happens to calls of one operation: to `times` of them, after `skip` were let through.

    An empty operation or service means any. `code` None leaves the answer alone.
    """

    service: str
    operation: str
    code: str | None = None
    message: str = ""
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    dropped: bool = False
    met: int = 0
    """How many calls this fault has struck."""

    def matches(self, call: Call) -> bool:
        """Say whether this fault is about `call` at all."""
        return self.service in ("", call.service) and self.operation in ("", call.operation)


@dataclass
class Faults:
    """The faults of an emulated cloud, struck in the order they were added."""

    _faults: list[InjectedFault] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def fail(
        self,
        service: str,
        operation: str,
        code: str,
        message: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
    ) -> InjectedFault:
        """Answer calls with the error `code`, such as "Throttling" or "ReportInProgress".

        `times` None goes on until `clear`; `skip` lets that many calls through first.
        """
        text = message or _MESSAGES.get(code, f"{code} (a fault of the emulated account)")
        return self._add(InjectedFault(service, operation, code, text, times, skip))

    def delay(
        self, service: str, operation: str, seconds: float, *, times: int | None = 1, skip: int = 0
    ) -> InjectedFault:
        """Let calls wait for `seconds` of real time before they are answered as usual."""
        return self._add(InjectedFault(service, operation, seconds=seconds, times=times, skip=skip))

    def drop(
        self, service: str, operation: str, *, times: int | None = 1, skip: int = 0
    ) -> InjectedFault:
        """Close the connection instead of answering."""
        return self._add(InjectedFault(service, operation, dropped=True, times=times, skip=skip))

    def clear(self) -> None:
        """Take back every fault."""
        with self._lock:
            self._faults.clear()

    def strike(self, call: Call) -> InjectedFault | None:
        """Return the fault that `call` meets, counting it, after any delay has passed."""
        seconds, struck = 0.0, None
        with self._lock:
            for fault in self._faults:
                if not fault.matches(call):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                elif fault.times is None or fault.met < fault.times:
                    fault.met += 1
                    if not fault.seconds:
                        struck = fault
                        break
                    seconds += fault.seconds
        if seconds:
            time.sleep(seconds)
        return struck

    def _add(self, fault: InjectedFault) -> InjectedFault:
        with self._lock:
            self._faults.append(fault)
        return fault
