"""What is still to happen in the emulated cloud, by its clock.

AWS's engines take minutes; here each step waits on the agenda until a request comes in after its
time. So nothing runs in the background, and a test that moves the clock knows what has happened.
"""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from threading import RLock

AgendaStep = Callable[[], None]


class Agenda:
    """Steps in the order of their times; a step may add others."""

    def __init__(self) -> None:
        self.lock = RLock()
        """Held while steps run; whoever changes what steps change holds it, too."""
        self._steps: list[tuple[datetime, int, AgendaStep]] = []
        self._numbers = count()

    def add(self, due: datetime, step: AgendaStep) -> None:
        """Let `step` happen at `due`; steps of one time happen in the order they were added."""
        with self.lock:
            heapq.heappush(self._steps, (due, next(self._numbers), step))

    def settle(self) -> None:
        """Do everything that is due by now."""
        with self.lock:
            while self._steps and self._steps[0][0] <= datetime.now(UTC):
                heapq.heappop(self._steps)[2]()

    def finish(self) -> None:
        """Do everything, however late it is due; the clock stays."""
        with self.lock:
            while self._steps:
                heapq.heappop(self._steps)[2]()
