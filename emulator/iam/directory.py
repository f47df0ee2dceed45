"""The users and keys of one emulated account, and the way to add them without HTTP.

Over HTTP thousands of users take minutes; through `Directory.add_user`, a moment.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from moto.core.exceptions import AccessDeniedError
from moto.iam import models
from moto.iam.exceptions import (
    EntityAlreadyExists,
    LimitExceededException,
    NoSuchEntity,
)

from emulator.iam.consistency import KeyHistory
from emulator.iam.credential_report import CredentialReport
from emulator.iam.tags import check_tags, put_tags
from emulator.iam.users import AccessKey, User, new_id

MAX_USERS = 5000
UserChanged = Callable[[User, str], None]
"""Told of each write that makes a configuration item: the user and the item's status."""


class Directory(models.IAMBackend):
    """Who exists in one account; the attributes below may be set at any time."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        # Moto's type allows other users; only ours are ever put in.
        self.users: dict[str, User] = {}  # type: ignore[assignment]
        self.page_limit = 1000
        """The most that one page holds, whatever MaxItems asks for."""
        self.use_lag = timedelta(0)
        """How long a use of a key stays unseen in GetAccessKeyLastUsed and in the report."""
        self.key_history = KeyHistory()
        """What ListAccessKeys still shows after a write: `key_history.lag`."""
        self.deleted_key_error = "NoSuchEntity"
        """What GetAccessKeyLastUsed answers for a deleted key: this or AccessDenied (unsure)."""
        self.account_created = datetime(2020, 1, 1, tzinfo=UTC)
        self.report = CredentialReport(account_id, self.partition)
        self.user_changed: UserChanged | None = None
        self._numbers = count(1)

    def add_user(
        self,
        name: str,
        *,
        created: datetime | None = None,
        path: str = "/",
        password: datetime | None = None,
        tags: dict[str, str] | None = None,
    ) -> User:
        """Add a user, created now unless said; `password` is when the login profile was created."""
        if name in self.users:
            raise EntityAlreadyExists(f"User with name {name} already exists.")
        if len(self.users) >= MAX_USERS:
            raise LimitExceededException(f"Cannot exceed quota for UsersPerAccount: {MAX_USERS}")
        checked = check_tags([{"Key": key, "Value": value} for key, value in (tags or {}).items()])
        user_id = new_id("AIDA", self.account_id, next(self._numbers), 21)
        user = User(
            self.account_id, self.partition, name, path, user_id, created or datetime.now(UTC)
        )
        put_tags(user.tag_values, checked)
        if password is not None:
            user.set_password(password)
        self.users[name] = user
        self.tell_change(user, "ResourceDiscovered")
        return user

    def add_key(
        self,
        user: User,
        *,
        created: datetime | None = None,
        status: str = "Active",
        last_used: datetime | None = None,
    ) -> AccessKey:
        """Add an access key to `user`, created now unless said."""
        if len(user.access_keys) >= models.LIMIT_KEYS_PER_USER:
            raise LimitExceededException("Cannot exceed quota for AccessKeysPerUser: 2")
        key = self.make_key(user.name, "AKIA", created or datetime.now(UTC))
        key.status = status
        if last_used is not None:
            key.record_use(last_used)
        user.access_keys.append(key)
        return key

    def make_key(self, user_name: str | None, prefix: str, created: datetime) -> AccessKey:
        """Return a new key that this account knows; without a user it belongs to a session."""
        key_id = new_id(prefix, self.account_id, next(self._numbers), 20)
        key = AccessKey(user_name, self.account_id, key_id, created, lambda: self.use_lag)
        self.access_keys[key_id] = key
        return key

    def tell_change(self, user: User, status: str) -> None:
        """Tell the recorder that the user's configuration item changed."""
        if self.user_changed is not None:
            self.user_changed(user, status)

    def get_user(self, name: str) -> User:
        user = self.users.get(name)
        if user is None:
            raise NoSuchEntity(f"The user with name {name} cannot be found.")
        return user

    def create_temp_access_key(self) -> AccessKey:
        return self.make_key(None, "ASIA", datetime.now(UTC))

    def list_access_keys(self, user_name: str) -> list[models.AccessKey]:
        return [*self.key_history.list(self.get_user(user_name))]

    def update_access_key(
        self, user_name: str, access_key_id: str, status: str | None = None
    ) -> models.AccessKey:
        self.key_history.note(self.get_user(user_name))
        return super().update_access_key(user_name, access_key_id, status)

    def delete_access_key(self, access_key_id: str, user_name: str) -> None:
        self.key_history.note(self.get_user(user_name))
        super().delete_access_key(access_key_id, user_name)

    def get_access_key_last_used(self, access_key_id: str) -> dict[str, Any]:
        key = self.access_keys.get(access_key_id)
        if key is None or key.user_name is None:
            if self.deleted_key_error == "AccessDenied":
                action = f"iam:GetAccessKeyLastUsed on resource: access key {access_key_id}"
                raise AccessDeniedError(f"arn:{self.partition}:iam::{self.account_id}:root", action)
            raise NoSuchEntity(f"The Access Key with id {access_key_id} cannot be found")
        return {"user_name": key.user_name, "last_used": key.last_used}
