"""What AWS says about IAM users, in one shape whatever the source.

Never used is None. Not read is NOT_READ, and asking about what was not read raises NotRead: the two
must never be taken for each other. Times are aware, in UTC, in whole seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum


class NotRead(Exception):
    """The verdict depends on a fact that was not read."""


class Unread(Enum):
    """The type of NOT_READ, which must never be taken for None (never used)."""

    NOT_READ = "not read"


NOT_READ = Unread.NOT_READ


@dataclass(frozen=True)
class Identity:
    """A user's id, and the name that it had when somebody looked."""

    id: str
    name: str
    arn: str
    created: datetime


@dataclass(frozen=True)
class Key:
    """An access key. `status` is Active, Inactive or Expired; `last_used` None means never used."""

    id: str
    created: datetime
    status: str
    last_used: datetime | Unread | None


@dataclass(frozen=True)
class User:
    """What AWS says about one IAM user, in one shape whatever the source.

    `id` is None where the source has none (a credential report). `tags` None means not read.
    """

    name: str
    id: str | None
    arn: str
    created: datetime
    has_password: bool
    keys: tuple[Key, ...]
    tags: Mapping[str, str] | None

    @property
    def known_tags(self) -> Mapping[str, str]:
        """The tags. Raises NotRead where nobody read them."""
        if self.tags is None:
            raise NotRead(f"The tags of user {self.name} were not read.")
        return self.tags


def utc(moment: datetime) -> str:
    """Return a time as it is written everywhere: ISO 8601, UTC, whole seconds, Z."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def whole_seconds(moment: datetime) -> datetime:
    """Return the time in UTC, its fraction cut off: sources differ in it."""
    return moment.astimezone(UTC).replace(microsecond=0)
