"""Writes and removes exceptions, each only over what was read: two people never undo each other."""

from collections.abc import Mapping

from rollout.aws.session import Session
from rollout.remediation.attempt import ChangedMeanwhile
from rollout.remediation.exceptions import Write, exception_tags
from rollout.remediation.tagged_users import TaggedUser, read_tagged_user


def write_exception(session: Session, write: Write) -> bool:
    """Write the three tags in one call, which also replaces those in another letter case.

    Returns False where somebody else has written them meanwhile. Raises ChangedMeanwhile where the
    user is not the one that was read or has other tags by now, UserGone where there is none of
    this name.
    """
    if check_exception_unchanged(session, write.user, write.wanted.tags):
        return False
    session.iam.tag_user(
        UserName=write.wanted.user,
        Tags=[{"Key": key, "Value": value} for key, value in write.wanted.tags.items()],
    )
    return True


def remove_exception(session: Session, user: TaggedUser) -> bool:
    """Remove the tags of an exception; False where somebody else has removed them meanwhile."""
    if check_exception_unchanged(session, user, {}):
        return False
    names = sorted(exception_tags(user.tags))
    session.iam.untag_user(UserName=user.who.name, TagKeys=names)
    return True


def check_exception_unchanged(
    session: Session, user: TaggedUser, wanted: Mapping[str, str]
) -> bool:
    """Return whether the exception is as wanted by now.

    Raises ChangedMeanwhile where somebody changed user or exception since they were read.
    """
    found = read_tagged_user(session, user.who.name)
    if found.who.id != user.who.id:
        raise ChangedMeanwhile(f"the name belongs to {found.who.id} by now, not {user.who.id}")
    by_now = exception_tags(found.tags)
    if by_now == wanted:
        return True
    if by_now != exception_tags(user.tags):
        raise ChangedMeanwhile("somebody changed its exception meanwhile")
    return False
