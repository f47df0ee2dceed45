"""Reads one IAM user as it is now, at the least number of calls.

NoSuchEntity has three meanings here, and none of them may be guessed: the user has no password, the
user is gone, or another user bears its name by now.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

from botocore.config import Config
from botocore.exceptions import ClientError

from rule.facts import NOT_READ, Identity, Key, User, whole_seconds
from rule.parameters import Policy
from rule.quarantine import find_quarantine
from rule.standing import needs_last_use, needs_tags

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient
    from types_boto3_iam.type_defs import UserDetailTypeDef, UserTypeDef

CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=3, read_timeout=10
)
RESOURCE_TYPE: Final = "AWS::IAM::User"
IDS_A_CALL = 20
Page = TypeVar("Page", bound=Mapping[str, object])


class ListCutShort(Exception):
    """IAM says that a list goes on and not from where, so that nobody knows who is missing."""


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
    """Return who has this id now, whatever the name. Raises UserGone where nobody has."""
    found, failed = find_users(iam, config, [user_id])
    if failed:
        raise failed[user_id]
    if not found:
        raise UserGone(f"No IAM user has the id {user_id}.")
    return found[user_id]


def find_users(
    iam: "IAMClient", config: "ConfigServiceClient", ids: Iterable[str]
) -> tuple[dict[str, Identity], dict[str, Exception]]:
    """Return who has these ids now, by id, and of whom that could not be told; the others are gone.

    A name that AWS Config gives is checked, as names are re-created; whom it has not recorded
    (yet), ListUsers has, which is read once for all.
    """
    found, failed = dict[str, Identity](), dict[str, Exception]()
    wanted, names = list(ids), dict[str, str]()
    for start in range(0, len(wanted), IDS_A_CALL):
        some = wanted[start : start + IDS_A_CALL]
        try:
            names |= read_discovered_names(config, some)
        except Exception as error:  # an answer that cannot be read, too
            failed |= dict.fromkeys(some, error)
    for user_id, name in names.items():
        try:
            who = read_identity(iam, name)
        except UserGone:
            continue
        except Exception as error:
            failed[user_id] = error
        else:
            found |= {user_id: who} if who.id == user_id else {}
    left = {*wanted} - found.keys() - failed.keys()
    pages = iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1000})
    try:
        for page in read_whole(pages) if left else ():
            users = (user for user in page["Users"] if user["UserId"] in left)
            found |= {user["UserId"]: identify(user) for user in users}
    except Exception as error:
        failed |= dict.fromkeys(left - found.keys(), error)
    return found, failed


def read_identity(iam: "IAMClient", name: str) -> Identity:
    """Return who bears this name now. Raises UserGone where nobody does."""
    return read_named(iam, name)[0]


def read_named(iam: "IAMClient", name: str) -> tuple[Identity, dict[str, str]]:
    """Return who bears this name now, and its tags, in one call. Raises UserGone."""
    with user_gone(name):
        return identify_tagged(iam.get_user(UserName=name)["User"])


def identify_tagged(user: "UserTypeDef | UserDetailTypeDef") -> tuple[Identity, dict[str, str]]:
    """Return the identity in an answer of IAM, and its tags."""
    return identify(user), {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])}


def identify(user: "UserTypeDef | UserDetailTypeDef") -> Identity:
    """Return the identity in an answer of IAM."""
    return Identity(
        user["UserId"], user["UserName"], user["Arn"], whole_seconds(user["CreateDate"])
    )


def read_discovered_names(config: "ConfigServiceClient", ids: Sequence[str]) -> dict[str, str]:
    """Return the names that AWS Config knows for at most 20 ids; none where it records nothing."""
    try:
        found = config.list_discovered_resources(resourceType=RESOURCE_TYPE, resourceIds=ids)
    except config.exceptions.NoAvailableConfigurationRecorderException:
        return {}
    return {
        each["resourceId"]: each["resourceName"]
        for each in found["resourceIdentifiers"]
        if "resourceName" in each
    }


def read_whole(pages: Iterable[Page]) -> Iterator[Page]:
    """Yield each page of a list. Raises ListCutShort where IAM breaks off in the middle."""
    truncated: object = False
    for page in pages:
        yield page
        truncated = page.get("IsTruncated")
    if truncated:
        raise ListCutShort("IAM's list breaks off: it says that more follows, and not from where.")


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
    found, tags = read_named(iam, user.name)
    check_owner(found, str(user.id))
    return replace(user, created=found.created, tags=tags)


def check_owner(found: Identity, user_id: str) -> None:
    """Raise UserGone where a name belongs to another user than this."""
    if found.id != user_id:
        raise UserGone(f"The name {found.name} belongs to {found.id} by now, not to {user_id}.")


def read_keys(iam: "IAMClient", name: str) -> tuple[Key, ...]:
    """Return the user's access keys, their last use not read.

    One call without botocore's paginator, which is a class made anew each time: IAM allows two keys
    a user, which is one page. The whole list is read should IAM say that there are more.
    """
    with user_gone(name):
        first = iam.list_access_keys(UserName=name)
        pages = (
            read_whole(iam.get_paginator("list_access_keys").paginate(UserName=name))
            if first.get("IsTruncated")
            else [first]
        )
        return tuple(
            Key(each["AccessKeyId"], whole_seconds(each["CreateDate"]), each["Status"], NOT_READ)
            for page in pages
            for each in page["AccessKeyMetadata"]
        )


def read_last_uses(iam: "IAMClient", user: User, policy: Policy) -> User:
    """Return the user with the last uses that matter, and without keys that vanished meanwhile."""
    keys = list[Key]()
    for key in user.keys:
        tagged = find_quarantine(user.tags or {}, key.id) is not None
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
