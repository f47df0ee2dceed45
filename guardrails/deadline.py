"""Bounds the time that one file may take: what is built to take for ever must not hold a pipeline.

Signals reach the main thread alone and Windows has no such timer: elsewhere nothing is bounded but
by the counts that the checks themselves keep.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from guardrails.judgement import Unreadable

SECONDS = 20.0
"""Of processor time, so that a busy machine refuses nothing; the slowest real template took two."""


class TooLong(Unreadable):
    """A file takes more time than one file may."""


class _TimeIsUp(BaseException):
    """Passes the many places that catch Exception."""


@contextmanager
def limit_time(seconds: float = SECONDS) -> Iterator[None]:
    """Raise TooLong when the body takes longer than this."""
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise _TimeIsUp

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    except _TimeIsUp:
        raise TooLong(
            f"it takes more than {seconds:g} seconds of processor time to judge"
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
