"""Waiting for AWS's engines: pauses that grow, and an end to them."""

import time
from collections.abc import Iterator

from rollout.errors import Stopped

FIRST, GROWTH, LONGEST = 2.0, 1.5, 30.0
"""Seconds. Status calls are cheap and throttled per account; an account takes a minute or so."""


def wait(what: str, minutes: float) -> Iterator[None]:
    """Pause before each turn but the first, for `minutes` in all.

    Raises Stopped after that, saying `what` has not ended.
    """
    waited, pause = 0.0, FIRST
    yield
    while waited < minutes * 60:
        time.sleep(pause)
        waited += pause
        pause = min(pause * GROWTH, LONGEST)
        yield
    raise Stopped(
        f"{what} has not ended after {minutes:g} minutes. AWS goes on with it: run the same"
        " command again to follow it, or give more time with --minutes."
    )
