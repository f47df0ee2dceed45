"""Puts a child process on its parent's clock, as `emulator.clock.CloudClock.describe` tells it."""

from datetime import datetime, timedelta
from typing import Any


def travel(clock: str) -> Any:
    """Start the clock, and return the traveller, whose `stop` gives the real time back.

    The library is asked for here only: a child has it on its path for that moment.
    """
    import time_machine

    if "T" in clock:
        traveller = time_machine.travel(datetime.fromisoformat(clock), tick=False)
    else:
        traveller = time_machine.travel(timedelta(seconds=float(clock)), tick=True)
    traveller.start()
    return traveller
