"""Emulated time: one clock for moto, botocore and the code under test.

It is process-wide and ticks on from where it was set, so signatures, time-outs and `datetime.now`
agree with the dates that the emulated account hands out.
"""

from datetime import UTC, datetime, timedelta
from typing import ClassVar

import time_machine


def cut_fraction(moment: datetime) -> datetime:
    """Return `moment` in UTC without its fraction, as IAM stores times.

    Raises ValueError for a time without a zone: it would be wrong by hours on some machine.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone; give it one, such as UTC.")
    return moment.astimezone(UTC).replace(microsecond=0)


class CloudClock:
    """The time of an emulated cloud, from `start` to `stop`."""

    stands: ClassVar[bool] = False
    """Whether this process's clock is one that does not tick."""

    def __init__(self, begin: datetime | None = None, *, ticking: bool = True) -> None:
        """Prepare a clock that will stand at `begin`, or at the real time when that is None."""
        self._traveller = time_machine.travel(begin or datetime.now(UTC), tick=ticking)
        self._ticking = ticking
        self._position: time_machine.Traveller | None = None

    def start(self) -> None:
        """Put the whole process on this clock."""
        self._position = self._traveller.start()
        CloudClock.stands = not self._ticking

    def stop(self) -> None:
        """Give the process its real time back."""
        self._traveller.stop()
        self._position = None
        CloudClock.stands = False

    def now(self) -> datetime:
        """Return the emulated time, UTC."""
        return datetime.now(UTC)

    def advance(self, **delta: float) -> datetime:
        """Move the clock by what `timedelta` takes, such as hours=5, and return the new time."""
        self._running().shift(timedelta(**delta))
        return self.now()

    def move_to(self, moment: datetime) -> None:
        """Set the clock to `moment`, which has a time zone."""
        self._running().move_to(moment)

    @classmethod
    def describe(cls) -> str:
        """Return what a child process has to know of this process's time, whatever clock runs.

        A clock that stands is the time itself: a child starts late on a busy machine, and may not
        add that to it. One that ticks is how many seconds it is ahead of the real time.
        """
        now = datetime.now(UTC)
        if cls.stands:
            return now.isoformat()
        return str(now.timestamp() - time_machine.escape_hatch.time.time())

    def _running(self) -> time_machine.Traveller:
        if self._position is None:
            raise RuntimeError("The clock is not running; use it while the emulated cloud is open.")
        return self._position
