"""Reads one IAM user as it is now, at the least number of calls.

NoSuchEntity has three meanings here, and none of them may be guessed: the user has no password, the
user is gone, or another user bears its name by now.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.config import Config
from botocore.exceptions import ClientError

from rule.facts import NOT_READ, Identity, Key, User, whole_seconds
from rule.parameters import Policy
from rule.quarantine import find_quarantines
from rule.standing import needs_last_use, needs_tags

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient
    from types_boto3_iam.type_defs import UserDetailTypeDef, UserTypeDef

CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=3, read_timeout=10
)
RESOURCE_TYPE: Final = "AWS::IAM::User"


class PasswordUnclear(Exception):
    """IAM's answer means neither that the user has a console password nor that he has none."""


class UserGone(Exception):
    """There is no such user any more, at least not under this name."""


def read_user(iam: "IAMClient", who: Identity, policy: Policy) -> User:
    """Return the facts on which the verdict depends; the rest stays NOT_READ or None.

    Costs 1 call without a password, 2 without an Active or Inactive key, else at most 5; one more
    where an answer was unclear. Raises UserGone, and ClientError for a read that failed.
    """
    user = User(who.name, who.id, who.arn, who.created, has_password(iam, who), (), None)
    if not user.has_password:
        return user
    user = read_last_uses(iam, replace(user, keys=read_keys(iam, who.name)), policy)
    if not needs_tags(user, policy):
        return user
    return read_last_uses(iam, read_tags(iam, user), policy)


def find_user(iam: "IAMClient", config: "ConfigServiceClient", user_id: str) -> Identity:
    """Return who has this id now, whatever the name. Raises UserGone where nobody has.

    A name that AWS Config gives is checked, as names are re-created; whom it has not recorded
    (yet), ListUsers has.
    """
    for name in read_discovered_names(config, user_id):
        try:
            found = read_identity(iam, name)
        except UserGone:
            continue
        if found.id == user_id:
            return found
    for page in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1000}):
        for user in page["Users"]:
            if user["UserId"] == user_id:
                return identify(user)
    raise UserGone(f"No IAM user has the id {user_id}.")


def read_identity(iam: "IAMClient", name: str) -> Identity:
    """Return who bears this name now. Raises UserGone where nobody does."""
    with user_gone(name):
        return identify(iam.get_user(UserName=name)["User"])


def identify(user: "UserTypeDef | UserDetailTypeDef") -> Identity:
    """Return the identity in an answer of IAM."""
    return Identity(
        user["UserId"], user["UserName"], user["Arn"], whole_seconds(user["CreateDate"])
    )


def read_discovered_names(config: "ConfigServiceClient", user_id: str) -> list[str]:
    """Return the names that AWS Config knows for the id; none where nothing is recorded."""
    try:
        found = config.list_discovered_resources(resourceType=RESOURCE_TYPE, resourceIds=[user_id])
    except config.exceptions.NoAvailableConfigurationRecorderException:
        return []
    return [each["resourceName"] for each in found["resourceIdentifiers"] if "resourceName" in each]


def has_password(iam: "IAMClient", who: Identity) -> bool:
    """Has the user a console password? Raises UserGone, and PasswordUnclear.

    NoSuchEntity means no password only in IAM's own words, which are in no reference page. In any
    other it is settled by GetUser and a second look.
    """
    for _ in range(2):
        try:
            iam.get_login_profile(UserName=who.name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity":
                raise
            message = error.response["Error"].get("Message", "")
            if re.fullmatch(r"The user with name .+ cannot be found\.?", message):
                raise UserGone(f"No IAM user has the name {who.name}.") from error
            if re.fullmatch(r"Login Profile for User .+ cannot be found\.?", message):
                return False
            check_owner(read_identity(iam, who.name), who.id)
        else:
            return True
    raise PasswordUnclear(
        f"Whether {who.name} has a console password is not clear: GetLoginProfile answers {message}"
        " Evaluate the user again in some minutes."
    )


def read_tags(iam: "IAMClient", user: User) -> User:
    """Return the user with its tags. Raises UserGone where the name has another owner by now.

    GetUser, not ListUserTags: it has the tags, and the id that proves whose they are.
    """
    with user_gone(user.name):
        found = iam.get_user(UserName=user.name)["User"]
    check_owner(identify(found), str(user.id))
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    return replace(user, created=whole_seconds(found["CreateDate"]), tags=tags)


def check_owner(found: Identity, user_id: str) -> None:
    """Raise UserGone where a name belongs to another user than this."""
    if found.id != user_id:
        raise UserGone(f"The name {found.name} belongs to {found.id} by now, not to {user_id}.")


def read_keys(iam: "IAMClient", name: str) -> tuple[Key, ...]:
    """Return the user's access keys, their last use not read."""
    with user_gone(name):
        return tuple(
            Key(each["AccessKeyId"], whole_seconds(each["CreateDate"]), each["Status"], NOT_READ)
            for page in iam.get_paginator("list_access_keys").paginate(UserName=name)
            for each in page["AccessKeyMetadata"]
        )


def read_last_uses(iam: "IAMClient", user: User, policy: Policy) -> User:
    """Return the user with the last uses that matter, and without keys that vanished meanwhile."""
    keys = list[Key]()
    quarantines = find_quarantines(user.tags or {})
    for key in user.keys:
        tagged = key.id.upper() in quarantines
        if key.last_used is not NOT_READ or not (tagged or needs_last_use(key, user, policy)):
            keys.append(key)
            continue
        try:
            keys.append(replace(key, last_used=read_last_use(iam, key.id)))
        except ClientError as error:
            # How a deleted key is answered; not in the reference.
            if error.response["Error"]["Code"] not in ("AccessDenied", "NoSuchEntity"):
                raise
            if key.id in {each.id for each in read_keys(iam, user.name)}:
                raise
    return replace(user, keys=tuple(keys))


def read_last_use(iam: "IAMClient", key_id: str) -> datetime | None:
    """Return when the key was last used, None when AWS has no use of it on record."""
    used = iam.get_access_key_last_used(AccessKeyId=key_id)["AccessKeyLastUsed"]
    return whole_seconds(used["LastUsedDate"]) if used.get("LastUsedDate") else None


@contextmanager
def user_gone(name: str) -> Iterator[None]:
    """Turn the NoSuchEntity of a call that names only a user into UserGone."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        raise UserGone(f"No IAM user has the name {name}.") from error
