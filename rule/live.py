"""Reads one IAM user as it is now, at the least number of calls.

NoSuchEntity has three meanings here, and none of them may be guessed: the user has no password, the
user is gone, or another user bears its name by now.
"""

import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from botocore.config import Config
from botocore.exceptions import ClientError

from rule.decision import NOT_READ, QUARANTINE_TAG, Key, Policy, User, needs_last_use, needs_tags

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient
    from types_boto3_iam.type_defs import UserDetailTypeDef, UserTypeDef

CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=3, read_timeout=10
)
RESOURCE_TYPE: Final = "AWS::IAM::User"


class UserGone(Exception):
    """There is no such user any more, at least not under this name."""


@dataclass(frozen=True)
class Identity:
    """A user's id and the name that was its own at `known_at`."""

    id: str
    name: str
    arn: str
    created: datetime
    known_at: datetime


def read_user(iam: "IAMClient", who: Identity, policy: Policy) -> User:
    """Return the facts on which the verdict depends; the rest stays NOT_READ or None.

    Costs 1 call without a password, 2 without an Active or Inactive key, else at most 5; one more
    where an answer was unclear. Raises UserGone, and ClientError for a read that failed.
    """
    password_since = read_password_time(iam, who)
    user = User(who.name, who.id, who.arn, who.created, password_since is not None, (), None)
    if password_since is None:
        return user
    if password_since >= who.known_at:
        # The name may have been given away before this password. GetUser has the tags, too.
        user = replace(user, tags=read_own_tags(iam, who))
    user = replace(user, keys=read_keys(iam, user.name))
    user = read_last_uses(
        iam, user, {key.id for key in user.keys if needs_last_use(key, user, policy)}
    )
    if not needs_tags(user, policy):
        return user
    tags = read_tags(iam, user.name) if user.tags is None else user.tags
    quarantined = {
        key.id for key in user.keys if key.last_used is NOT_READ and QUARANTINE_TAG + key.id in tags
    }
    return read_last_uses(iam, replace(user, tags=tags), quarantined)


def find_user(
    iam: "IAMClient", config: "ConfigServiceClient", user_id: str, now: datetime
) -> Identity:
    """Return who has this id now, whatever the name. Raises UserGone where nobody has.

    A name that AWS Config gives is checked, as names are re-created; whom it has not recorded
    (yet), ListUsers has.
    """
    for name in read_discovered_names(config, user_id):
        try:
            found = read_identity(iam, name, now)
        except UserGone:
            continue
        if found.id == user_id:
            return found
    for page in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1000}):
        for user in page["Users"]:
            if user["UserId"] == user_id:
                return identify(user, now)
    raise UserGone(f"No IAM user has the id {user_id}.")


def read_identity(iam: "IAMClient", name: str, now: datetime) -> Identity:
    """Return who bears this name now. Raises UserGone where nobody does."""
    with user_gone(name):
        return identify(iam.get_user(UserName=name)["User"], now)


def identify(user: "UserTypeDef | UserDetailTypeDef", now: datetime) -> Identity:
    """Return the identity in an answer of IAM."""
    return Identity(
        user["UserId"], user["UserName"], user["Arn"], whole_seconds(user["CreateDate"]), now
    )


def read_discovered_names(config: "ConfigServiceClient", user_id: str) -> list[str]:
    """Return the names that AWS Config knows for the id; none where nothing is recorded."""
    try:
        found = config.list_discovered_resources(resourceType=RESOURCE_TYPE, resourceIds=[user_id])
    except config.exceptions.NoAvailableConfigurationRecorderException:
        return []
    return [each["resourceName"] for each in found["resourceIdentifiers"] if "resourceName" in each]


def read_password_time(iam: "IAMClient", who: Identity) -> datetime | None:
    """Return since when the user has a console password, None where it has none."""
    try:
        profile = iam.get_login_profile(UserName=who.name)["LoginProfile"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        # IAM's own sentences, in no reference page: any other wording costs a GetUser.
        message = error.response["Error"].get("Message", "")
        if re.fullmatch(r"Login Profile for User .+ cannot be found\.?", message):
            return None
        if re.fullmatch(r"The user with name .+ cannot be found\.?", message):
            raise UserGone(f"No IAM user has the name {who.name}.") from error
        read_own_tags(iam, who)
        return None
    return whole_seconds(profile["CreateDate"])


def read_own_tags(iam: "IAMClient", who: Identity) -> dict[str, str]:
    """Return the tags that GetUser gives. Raises UserGone where the name has another owner."""
    with user_gone(who.name):
        user = iam.get_user(UserName=who.name)["User"]
    if user["UserId"] != who.id:
        raise UserGone(f"The name {who.name} belongs to {user['UserId']} by now, not to {who.id}.")
    return {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}


def read_keys(iam: "IAMClient", name: str) -> tuple[Key, ...]:
    """Return the user's access keys, their last use not read."""
    with user_gone(name):
        return tuple(
            Key(each["AccessKeyId"], whole_seconds(each["CreateDate"]), each["Status"], NOT_READ)
            for page in iam.get_paginator("list_access_keys").paginate(UserName=name)
            for each in page["AccessKeyMetadata"]
        )


def read_tags(iam: "IAMClient", name: str) -> Mapping[str, str]:
    """Return the user's tags."""
    with user_gone(name):
        return {
            tag["Key"]: tag["Value"]
            for page in iam.get_paginator("list_user_tags").paginate(UserName=name)
            for tag in page["Tags"]
        }


def read_last_uses(iam: "IAMClient", user: User, wanted: Set[str]) -> User:
    """Return the user with the last use of the wanted keys read, less the keys that are gone."""
    keys = list[Key]()
    for key in user.keys:
        try:
            keys.append(
                replace(key, last_used=read_last_use(iam, key.id)) if key.id in wanted else key
            )
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


def whole_seconds(moment: datetime) -> datetime:
    """Return the time in UTC, its fraction cut off: sources differ in it."""
    return moment.astimezone(UTC).replace(microsecond=0)
