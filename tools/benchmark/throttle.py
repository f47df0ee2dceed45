"""A token bucket, as IAM is believed to have them: its limits are not published."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class TokenBucket:
    """So many calls a second, and as many at once after a quiet second."""

    rate: float
    now: Callable[[], float]
    _tokens: float = field(init=False)
    _looked: float = field(init=False)

    def __post_init__(self) -> None:
        self._tokens, self._looked = self.rate, self.now()

    def take(self) -> bool:
        """Take one token. Is there one?"""
        moment = self.now()
        self._tokens = min(self.rate, self._tokens + (moment - self._looked) * self.rate)
        self._looked = moment
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


@dataclass
class Throttle:
    """Buckets for IAM's actions: one each, or one over all; a rate of 0 throttles nothing."""

    per_action: float
    in_all: float
    now: Callable[[], float]
    _buckets: dict[str, TokenBucket] = field(default_factory=dict)

    def admits(self, action: str) -> bool:
        """Is the call let through? Who is refused has cost nothing."""
        for rate, name in ((self.per_action, action), (self.in_all, "")):
            if rate and not self._buckets.setdefault(name, TokenBucket(rate, self.now)).take():
                return False
        return True
