"""IAM is eventually consistent: what a write changed, a read may not show for a while.

How long is not published; botocore's tests and users wait ten to twenty seconds (M).
"""

from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from emulator.iam.users import AccessKey, User


@dataclass
class KeyHistory:
    """The access keys of each user as they were before each write."""

    lag: timedelta = timedelta(0)
    """How long ListAccessKeys shows what was before a write; may be set at any time."""
    _before: dict[str, list[tuple[datetime, list[AccessKey]]]] = field(default_factory=dict)

    def note(self, user: User) -> None:
        """Keep the keys of a user, whom a write is about to change."""
        keys = [copy(key) for key in user.access_keys if isinstance(key, AccessKey)]
        self._before.setdefault(user.id, []).append((datetime.now(UTC), keys))

    def list(self, user: User) -> list[AccessKey]:
        """Return the keys as a read finds them now."""
        horizon = datetime.now(UTC) - self.lag
        for written, keys in self._before.get(user.id, []):
            if written > horizon:
                return keys
        return [key for key in user.access_keys if isinstance(key, AccessKey)]
