"""The quarantines of one account, as its tags say; what the runbook has deleted there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rollout.aws.session import Session
from rollout.findings.rule_in_force import read_rule_in_force
from rollout.remediation.runbook import DAYS_KEPT, read_runbook_runs
from rollout.remediation.tagged_users import TaggedUser, read_tagged_users
from rule.facts import Key, User
from rule.live import UserGone, read_keys
from rule.parameters import Policy, parse_parameters
from rule.quarantine import QUARANTINE_TAG, Tag, find_quarantine, is_quarantine_tag, parse_tag


@dataclass(frozen=True)
class Quarantined:
    """One key with a quarantine tag: what the tag says, and the key's status ("" when it is gone).

    A key whose tag is not valid, or that is Inactive without one, is none of ours.
    """

    user: TaggedUser
    key_id: str
    status: str
    tag: Tag

    @property
    def value(self) -> str:
        """The tag's value as it stands."""
        return find_quarantine(self.user.tags, self.key_id) or ""


@dataclass(frozen=True)
class Deleted:
    """One key that the runbook has deleted."""

    user: str
    key_id: str
    when: datetime | None


@dataclass(frozen=True)
class Quarantines:
    """What stands in an account and what is gone from there."""

    policy: Policy
    keys: tuple[Quarantined, ...]
    deleted: tuple[Deleted, ...]


def read_quarantines(session: Session, now: datetime, since: datetime | None) -> Quarantines:
    """Return the quarantines begun since a time, all of them without one, and what was deleted.

    One call for a thousand users, and one for each user with a tag. Systems Manager keeps what the
    runbook did for 30 days: what was deleted before that is known to CloudTrail alone.
    """
    rule = read_rule_in_force(session)
    policy = rule.policy if rule else parse_parameters({})
    keys = [
        each
        for user in read_tagged_users(session).values()
        for each in read_user_quarantines(session, user, policy, now)
        if since is None or each.tag.start is None or each.tag.start >= since
    ]
    begin = max(since or now - timedelta(days=DAYS_KEPT), now - timedelta(days=DAYS_KEPT))
    return Quarantines(policy, tuple(keys), tuple(read_deleted(session, begin)))


def read_user_quarantines(
    session: Session, user: TaggedUser, policy: Policy, now: datetime
) -> list[Quarantined]:
    """Return the quarantine tags of a user with the keys they are about, as they are now."""
    ids = [name[len(QUARANTINE_TAG) :].upper() for name in user.tags if is_quarantine_tag(name)]
    if not ids:
        return []
    try:
        keys = {key.id: key for key in read_keys(session.iam, user.who.name)}
    except UserGone:
        return []
    return [
        Quarantined(
            user,
            each,
            keys[each].status if each in keys else "",
            read_tag(user, keys[each], policy, now) if each in keys else Tag(),
        )
        for each in sorted(ids)
    ]


def read_tag(user: TaggedUser, key: Key, policy: Policy, now: datetime) -> Tag:
    """Return what the rule makes of a key's tag."""
    who = user.who
    facts = User(who.name, who.id, who.arn, who.created, True, (key,), user.tags)
    return parse_tag(key, facts, policy, now)


def read_deleted(session: Session, since: datetime) -> Iterable[Deleted]:
    """Yield the keys that the runbook has deleted since a time."""
    for run in read_runbook_runs(session, since):
        for key in run.keys:
            if key.done == "deleted":
                yield Deleted(run.user, key.key, run.ended)
