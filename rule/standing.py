"""How one key of a user with a console password stands, and which facts that takes."""

from dataclasses import replace
from datetime import datetime
from enum import Enum, auto

from rule.facts import NOT_READ, Key, NotRead, User
from rule.parameters import Policy
from rule.quarantine import NO_TAG, Tag, parse_tag


class Standing(Enum):
    """How one key stands."""

    TO_QUARANTINE = auto()
    TO_FINISH = auto()
    TO_DELETE = auto()
    USED_AT_SETUP = auto()
    YOUNG = auto()
    REACTIVATED = auto()
    IN_QUARANTINE = auto()
    QUARANTINED_USED = auto()
    QUARANTINED_UNMET = auto()
    UNUSED_LATER = auto()
    IN_USE = auto()
    NOT_AT_SETUP = auto()
    NOT_OURS = auto()
    EXPIRED = auto()


OFFENDING = (
    Standing.TO_QUARANTINE,
    Standing.TO_FINISH,
    Standing.TO_DELETE,
    Standing.USED_AT_SETUP,
)
WAITING = (Standing.YOUNG, Standing.REACTIVATED)


def is_setup_key(key: Key, user: User, policy: Policy) -> bool:
    """Was the key created no later than the setup window after its user?"""
    return key.created - user.created <= policy.setup_window


def is_used(key: Key) -> bool:
    """Has AWS a use of the key on record? Raises NotRead where nobody asked."""
    if key.last_used is NOT_READ:
        raise NotRead(f"The last use of access key {key.id} was not read.")
    return key.last_used is not None


def meets_criterion(key: Key, user: User, policy: Policy) -> bool:
    """Does the key meet the criterion in all but being Active?"""
    if policy.criterion == "UNUSED":
        return not is_used(key)
    at_setup = is_setup_key(key, user, policy)
    return at_setup and (policy.criterion == "SETUP" or not is_used(key))


def needs_last_use(key: Key, user: User, policy: Policy) -> bool:
    """Does the verdict depend on the last use of this key, whatever its tag?"""
    judged = policy.criterion != "SETUP" or is_setup_key(key, user, policy)
    return key.status == "Active" and judged


def needs_tags(user: User, policy: Policy) -> bool:
    """Does the verdict depend on the user's tags: may a key offend or be in quarantine?"""
    return any(
        key.status == "Inactive"
        or (needs_last_use(key, user, policy) and meets_criterion(key, user, policy))
        for key in user.keys
    )


def judge_standing(key: Key, user: User, policy: Policy, now: datetime) -> tuple[Standing, Tag]:
    """Return how one key of a user with a password stands, and its tag where that was asked for."""
    if key.status == "Inactive":
        tag = parse_tag(key, user, policy, now)
        return judge_inactive(key, user, policy, now, tag), tag
    if key.status != "Active":
        # An Expired key opens nothing, whatever its tag.
        return Standing.EXPIRED, NO_TAG
    if not needs_last_use(key, user, policy):
        return Standing.NOT_AT_SETUP, NO_TAG
    if not meets_criterion(key, user, policy):
        return (Standing.IN_USE if is_used(key) else Standing.UNUSED_LATER), NO_TAG
    if is_used(key):
        return Standing.USED_AT_SETUP, NO_TAG
    tag = parse_tag(key, user, policy, now)
    ripe = key.created + policy.grace
    if tag.end and now < tag.end + policy.grace and not tag.again:
        # Its use may not show yet.
        return Standing.REACTIVATED, replace(tag, end=tag.end + policy.grace)
    if now < ripe:
        # Also before a quarantine that was begun: the runbook begins none on a young key.
        return Standing.YOUNG, Tag(end=ripe, fault=tag.fault)
    if tag.start and not tag.end:
        return Standing.TO_FINISH, tag
    return Standing.TO_QUARANTINE, tag


def judge_inactive(key: Key, user: User, policy: Policy, now: datetime, tag: Tag) -> Standing:
    """Return how an Inactive key stands: without a valid tag of ours it is not ours to judge."""
    if tag.start is None:
        return Standing.NOT_OURS
    if is_used(key):
        return Standing.QUARANTINED_USED
    if tag.end and now < tag.end:
        return Standing.IN_QUARANTINE
    if not meets_criterion(key, user, policy):
        return Standing.QUARANTINED_UNMET
    return Standing.TO_DELETE if tag.end else Standing.TO_FINISH
