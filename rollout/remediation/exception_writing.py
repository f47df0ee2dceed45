"""Writes and removes exceptions, each only over what was read: two people never undo each other."""

from rollout.aws.session import Session
from rollout.remediation.attempt import ChangedMeanwhile
from rollout.remediation.exceptions import Write, exception_tags
from rollout.remediation.tagged_users import TaggedUser, read_tagged_user


def write_exception(session: Session, write: Write) -> None:
    """Write the three tags in one call, which also replaces those in another letter case.

    Raises ChangedMeanwhile where the user is not the one that was read or has other tags by now,
    UserGone where there is none of this name.
    """
    check_unchanged(session, write.user)
    session.iam.tag_user(
        UserName=write.wanted.user,
        Tags=[{"Key": key, "Value": value} for key, value in write.wanted.tags.items()],
    )


def remove_exception(session: Session, user: TaggedUser) -> tuple[str, ...]:
    """Remove the tags of an exception, and return their names."""
    check_unchanged(session, user)
    names = tuple(sorted(exception_tags(user.tags)))
    if names:
        session.iam.untag_user(UserName=user.who.name, TagKeys=list(names))
    return names


def check_unchanged(session: Session, user: TaggedUser) -> None:
    """Raise ChangedMeanwhile where somebody changed user or exception since they were read."""
    found = read_tagged_user(session, user.who.name)
    if found.who.id != user.who.id:
        raise ChangedMeanwhile(f"the name belongs to {found.who.id} by now, not {user.who.id}")
    if exception_tags(found.tags) != exception_tags(user.tags):
        raise ChangedMeanwhile("somebody changed its exception meanwhile")
