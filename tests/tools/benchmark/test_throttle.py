"""The token buckets of the benchmark's account."""

from tools.benchmark.throttle import Throttle


class Seconds:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def admitted(throttle: Throttle, *actions: str) -> list[bool]:
    """Return which of the calls are let through."""
    return [throttle.admits(action) for action in actions]


def test_each_action_has_its_own_bucket() -> None:
    throttle = Throttle(per_action=1, in_all=0, now=Seconds())
    assert admitted(throttle, "A", "A", "B") == [True, False, True]


def test_a_bucket_over_all_counts_every_action() -> None:
    throttle = Throttle(per_action=0, in_all=2, now=Seconds())
    assert admitted(throttle, "A", "B", "C") == [True, True, False]


def test_a_bucket_fills_with_the_time_and_holds_a_second_at_most() -> None:
    now = Seconds()
    throttle = Throttle(per_action=0, in_all=2, now=now)
    admitted(throttle, "A", "A")
    now.now = 0.5
    assert admitted(throttle, "A", "A") == [True, False]
    now.now = 60
    assert admitted(throttle, "A", "A", "A") == [True, True, False]


def test_without_a_rate_nothing_is_refused() -> None:
    assert all(admitted(Throttle(0, 0, Seconds()), *"A" * 1000))
