"""IAM users and access keys with AWS's ids and dates that tests and the demo can set.

They are moto's own objects, so every moto operation works on them. What moto lacks is added: a
login profile with a date of its own, and last-used data that lags behind the use.
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from moto.iam import models

from emulator.backend import OwnResource
from emulator.clock import cut_fraction


def new_id(prefix: str, account: str, number: int, length: int) -> str:
    """Return the `number`-th id of its kind in `account`: AWS's form, the same in every run."""
    digest = hashlib.sha256(f"{account}/{prefix}/{number}".encode()).digest()
    return prefix + base64.b32encode(digest).decode()[: length - len(prefix)]


class AccessKey(OwnResource, models.AccessKey):
    """An access key. `create_date` and `status` (Active, Inactive, Expired) may be set.

    `slot`, 1 or 2, fixes its place in the credential report; None leaves it to the report.
    """

    def __init__(
        self,
        user_name: str | None,
        account: str,
        key_id: str,
        created: datetime,
        read_lag: Callable[[], timedelta],
    ) -> None:
        self._uses: list[models.AccessKeyLastUsed] = []
        self._read_lag = read_lag
        super().__init__(user_name, prefix=key_id[:4], account_id=account)
        self.access_key_id = key_id
        self.create_date = cut_fraction(created)
        self.slot: int | None = None
        self.caller = ""

    @property
    def last_used(self) -> models.AccessKeyLastUsed | None:
        """The newest use that AWS shows by now: one at t shows `use_lag` after t."""
        horizon = datetime.now(UTC) - self._read_lag()
        shown = [use for use in self._uses if use.timestamp <= horizon]
        return max(shown, key=lambda use: use.timestamp, default=None)

    @last_used.setter
    def last_used(self, use: models.AccessKeyLastUsed | None) -> None:
        # Moto sets this on each signed request and, with None, in its constructor.
        if use is None:
            self._uses.clear()
        else:
            self.record_use(use.timestamp.replace(tzinfo=UTC), use.service, use.region)

    def record_use(self, when: datetime, service: str = "s3", region: str = "us-east-1") -> None:
        """Note that the key signed a request at `when`."""
        self._uses.append(models.AccessKeyLastUsed(cut_fraction(when), service, region))


class User(OwnResource, models.User):
    """A user. `create_date`, `password_changed` and `password_last_used` may be set."""

    access_keys: list["AccessKey"]  # type: ignore[assignment] # moto declares its own

    def __init__(
        self, account: str, partition: str, name: str, path: str, user_id: str, created: datetime
    ) -> None:
        # Moto takes a partition for the Region of what has none.
        super().__init__(account, partition, name, path)
        self.id = user_id
        self.create_date = cut_fraction(created)
        self.password_last_used: datetime | None = None  # type: ignore[assignment]
        self.login_created: datetime | None = None
        self.password_changed: datetime | None = None
        self.tag_values: dict[str, str] = {}

    @property
    def tags(self) -> list[dict[str, str]] | None:
        """The tags as IAM answers them; None rather than an empty list, as moto has it."""
        return [{"Key": key, "Value": value} for key, value in self.tag_values.items()] or None

    def set_password(
        self, created: datetime, *, last_used: datetime | None = None, reset_required: bool = False
    ) -> None:
        """Give the user a login profile that was created, and last changed, at `created`."""
        self.password = "not a secret"
        self.login_created = self.password_changed = cut_fraction(created)
        self.password_last_used = None if last_used is None else cut_fraction(last_used)
        self.password_reset_required = reset_required

    def remove_password(self) -> None:
        """Take the login profile away."""
        self.password = self.login_created = self.password_changed = None
        self.password_last_used = None
