"""IAM of one emulated account: what moto does, with AWS's messages and limits.

Texts of errors are AWS's own as clients have published them; where none is known, moto's stand.
Each write that changes a user's configuration item is told to the recorder; passwords and keys are
not part of the item, so writes to them are not.
"""

from datetime import UTC, datetime
from typing import Self

from moto.iam.exceptions import DeleteConflictException, EntityAlreadyExists, NoSuchEntity
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from emulator.backend import OwnBackend
from emulator.iam.directory import Directory
from emulator.iam.tags import check_tags, put_tags, remove_tags
from emulator.iam.users import AccessKey, User


class Iam(OwnBackend, Directory):
    """The IAM of one account and partition."""

    backends = iam_backends

    @classmethod
    def of(cls, account_id: str, region: str) -> Self:
        return super().of(account_id, get_partition(region))

    def create_user(
        self,
        region_name: str,
        user_name: str,
        path: str | None = "/",
        tags: list[dict[str, str]] | None = None,
    ) -> User:
        values = check_tags(tags or [])
        return self.add_user(user_name, path=path or "/", tags=values)

    def update_user(
        self, user_name: str, new_path: str | None = None, new_user_name: str | None = None
    ) -> None:
        user = self.get_user(user_name)
        if new_user_name and new_user_name != user_name and new_user_name in self.users:
            raise EntityAlreadyExists(f"User with name {new_user_name} already exists.")
        super().update_user(user_name, new_path, new_user_name)
        for key in user.access_keys:
            key.user_name = user.name
        self.tell_change(user, "OK")

    def delete_user(self, user_name: str) -> None:
        user = self.get_user(user_name)
        if user.access_keys:
            raise DeleteConflictException("Cannot delete entity, must delete access keys first.")
        if user.password is not None:
            raise DeleteConflictException("Cannot delete entity, must delete login profile first.")
        super().delete_user(user_name)
        self.tell_change(user, "ResourceDeleted")

    def tag_user(self, name: str, tags: list[dict[str, str]]) -> None:
        user = self.get_user(name)
        put_tags(user.tag_values, check_tags(tags))
        self.tell_change(user, "OK")

    def untag_user(self, name: str, tag_keys: list[str]) -> None:
        user = self.get_user(name)
        remove_tags(user.tag_values, tag_keys)
        self.tell_change(user, "OK")

    def list_user_tags(self, user_name: str) -> list[dict[str, str]]:
        return self.get_user(user_name).tags or []

    def create_login_profile(self, user_name: str, password: str) -> User:
        user = self.get_user(user_name)
        if user.password is not None:
            raise EntityAlreadyExists(f"Login Profile for user {user_name} already exists.")
        user.set_password(datetime.now(UTC))
        return user

    def get_login_profile(self, user_name: str) -> User:
        user = self.get_user(user_name)
        if user.password is None:
            raise NoSuchEntity(f"Login Profile for User {user_name} cannot be found.")
        return user

    def delete_login_profile(self, user_name: str) -> None:
        self.get_login_profile(user_name).remove_password()

    def create_access_key(
        self, user_name: str, prefix: str = "AKIA", status: str = "Active"
    ) -> AccessKey:
        user = self.get_user(user_name)
        self.key_history.note(user)
        return self.add_key(user, status=status)

    def add_user_to_group(self, group_name: str, user_name: str) -> None:
        super().add_user_to_group(group_name, user_name)
        self.tell_change(self.get_user(user_name), "OK")
