"""Every user of an account with its tags, in one call for a thousand of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.aws.session import Session
from rule.facts import Identity
from rule.live import identify_tagged, read_named


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
        user["UserName"]: TaggedUser(*identify_tagged(user))
        for page in pages
        for user in page["UserDetailList"]
    }


def read_tagged_user(session: Session, name: str) -> TaggedUser:
    """Return one user with its tags, as they are now. Raises UserGone."""
    return TaggedUser(*read_named(session.iam, name))
