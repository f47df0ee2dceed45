"""Waiting for AWS's engines: pauses that grow, and an end to them.

What was put or delegated a moment ago may not be there yet, or not be allowed yet (FACTS 1): that
is looked for again, for about two minutes.
"""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from rollout.errors import Stopped

FIRST, GROWTH, LONGEST = 2.0, 1.5, 30.0
"""Seconds. Status calls are cheap and throttled per account; an account takes a minute or so."""
PROPAGATION = 120.0
"""Seconds for which "not there" right after a change is not believed."""
_Found = TypeVar("_Found")


def wait(what: str, minutes: float) -> Iterator[float]:
    """Pause before each turn but the first, for `minutes` in all; yield the seconds waited.

    Raises Stopped after that, saying `what` has not ended.
    """
    yield from pause(minutes * 60)
    raise Stopped(
        f"{what} has not ended after {tell_minutes(minutes)}. AWS goes on with it: run the same"
        " command again to follow it, or give more time with --minutes."
    )


def tell_minutes(minutes: float) -> str:
    """Return a time to wait as it was given: "1 minute", "0.5 minutes"."""
    return f"{minutes:g} {'minute' if minutes == 1 else 'minutes'}"


def pause(seconds: float) -> Iterator[float]:
    """Yield the seconds waited, pausing before each turn but the first."""
    waited, turn = 0.0, FIRST
    yield waited
    while waited < seconds:
        time.sleep(turn)
        waited += turn
        turn = min(turn * GROWTH, LONGEST)
        yield waited


def look_again(read: Callable[[], _Found], is_there: Callable[[_Found], bool]) -> _Found:
    """Return what `read` finds once it is there, or what it found last."""
    for _ in pause(PROPAGATION):
        found = read()
        if is_there(found):
            break
    return found
