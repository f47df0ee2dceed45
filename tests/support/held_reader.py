"""A single reader that is held after some users: where a run is cut does not depend on speed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from threading import Event, current_thread

import pytest

from rule.readers import RESERVED_SECONDS, Clock


@contextmanager
def hold_after(users: int, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Give the clock of a run whose time is over once this many users are read, and not before.

    A reader asks for the time twice for each user: when it begins, and for the verdict.
    """
    asked, begun, held, over = count(), Event(), Event(), Event()

    def tell() -> datetime:
        if current_thread().name.startswith("read-user"):
            begun.set()
            if next(asked) == 2 * users:
                held.set()
                over.wait(60)
        return now

    def tell_left() -> float:
        if not begun.is_set():
            return RESERVED_SECONDS + 60
        held.wait(60)
        return RESERVED_SECONDS - 1

    monkeypatch.setattr("rule.readers.READERS", 1)
    try:
        yield Clock(tell, tell_left, lambda seconds: None)
    finally:
        over.set()
