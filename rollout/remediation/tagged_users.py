"""Every user of an account with its tags, in one call for a thousand of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rollout.aws.session import Session
from rule.facts import Identity
from rule.live import identify, user_gone

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import UserDetailTypeDef, UserTypeDef


@dataclass(frozen=True)
class TaggedUser:
    """A user and its tags."""

    who: Identity
    tags: Mapping[str, str]


def read_tagged_users(session: Session) -> dict[str, TaggedUser]:
    """Return the users of an account by name."""
    pages = session.iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 1000}
    )
    return {
        user["UserName"]: describe_tagged_user(user)
        for page in pages
        for user in page["UserDetailList"]
    }


def read_tagged_user(session: Session, name: str) -> TaggedUser:
    """Return one user with its tags, as they are now. Raises UserGone."""
    with user_gone(name):
        return describe_tagged_user(session.iam.get_user(UserName=name)["User"])


def describe_tagged_user(user: "UserTypeDef | UserDetailTypeDef") -> TaggedUser:
    """Return the user in an answer of IAM."""
    return TaggedUser(identify(user), {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])})
