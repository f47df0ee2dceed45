"""Time that passes for whoever sleeps, and for nobody else: no test waits.

Botocore's adaptive retries wait on a condition, by a clock that never goes back: a clock that
stands would let them wait for ever.
"""

import time
from datetime import timedelta
from typing import Any

import pytest
from botocore.retries import bucket

_slept = timedelta()
"""By everybody in this process: cached clients outlive a test, and their clock must not go back."""


def sleep(seconds: float) -> None:
    """Let the time pass at once."""
    global _slept
    _slept += timedelta(seconds=max(seconds, 0))


def let_time_pass(patches: pytest.MonkeyPatch) -> None:
    """Make `time.sleep` and the waits of adaptive retries move the retries' clock."""

    def acquire(self: Any, amount: int = 1, block: bool = True) -> bool:
        with self._lock:
            self._refill()
            sleep(self._sleep_amount(amount))
            self._refill()
            self._current_capacity -= amount
            return True

    patches.setattr(time, "sleep", sleep)
    patches.setattr(
        bucket.Clock, "current_time", lambda clock: time.monotonic() + _slept.total_seconds()
    )
    patches.setattr(bucket.TokenBucket, "acquire", acquire)
