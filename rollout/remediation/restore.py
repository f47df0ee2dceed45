"""Undoing a quarantine: the key becomes Active again, and its tag stays.

While the tag stays nobody judges the key before its quarantine would have ended; without it the
next run would quarantine it anew. A key that the runbook is still at gets its tag's end first.
"""

import time
from dataclasses import dataclass

from rollout.aws.session import Session
from rollout.errors import Denied
from rollout.remediation.attempt import ChangedMeanwhile
from rollout.remediation.quarantined_keys import Quarantined
from rollout.remediation.tagged_users import read_tagged_user
from rule.live import read_keys
from rule.parameters import Policy
from rule.quarantine import QUARANTINE_TAG, describe_until, find_quarantine

LOOKS, PAUSE_SECONDS = 5, 2.0
"""How often a key is read back: IAM is eventually consistent."""


@dataclass
class Restored:
    """What was changed for one key so far, and a note where one is due."""

    tag_ended: bool = False
    active: bool = False
    note: str = ""
    already: str = ""
    """The status that somebody else has given it meanwhile."""


def why_not(each: Quarantined) -> str:
    """Return why a key cannot or need not be made Active again, "" where it can."""
    if not each.status:
        return "it was deleted and cannot be brought back"
    if each.tag.fault or each.tag.start is None:
        return f"its quarantine tag is invalid: {each.tag.fault or 'it says no start'}"
    if each.status != "Inactive":
        begun = "" if each.tag.end else "; its quarantine was begun, and the next run finishes it"
        return f"it is {each.status} already{begun}"
    return ""


def restore_key(session: Session, policy: Policy, each: Quarantined, done: Restored) -> None:
    """Make the key Active again and leave its tag.

    `done` has each change as soon as AWS has taken it. Raises ChangedMeanwhile where user, tag or
    key are not what was shown, UserGone, ClientError.
    """
    name = each.user.who.name
    found = read_tagged_user(session, name)
    if found.who.id != each.user.who.id:
        raise ChangedMeanwhile(f"the name belongs to {found.who.id} by now")
    if (find_quarantine(found.tags, each.key_id) or "") != each.value:
        raise ChangedMeanwhile("its quarantine tag has changed meanwhile: look again")
    status = read_status(session, name, each.key_id)
    if status is None:
        raise ChangedMeanwhile("it was deleted meanwhile and cannot be brought back")
    if status != "Inactive":
        done.already = status
        return
    if each.tag.end is None:
        done.note = finish_tag(session, policy, each)
        done.tag_ended = not done.note
    session.iam.update_access_key(UserName=name, AccessKeyId=each.key_id, Status="Active")
    done.active = True
    for look_number in range(LOOKS):
        if read_status(session, name, each.key_id) == "Active":
            break
        if look_number == LOOKS - 1:
            raise ChangedMeanwhile("AWS took the change, and it does not show: look again")
        time.sleep(PAUSE_SECONDS)


def finish_tag(session: Session, policy: Policy, each: Quarantined) -> str:
    """Give the tag of an interrupted quarantine its end, so that nobody finishes it; "" when done.

    A policy may keep the tags for the function alone: then the key is made Active all the same.
    """
    assert each.tag.start is not None
    end = each.tag.start + policy.quarantine
    value = describe_until(each.tag.start, end, each.tag.again)
    try:
        session.iam.tag_user(
            UserName=each.user.who.name,
            Tags=[{"Key": QUARANTINE_TAG + each.key_id, "Value": value}],
        )
    except Denied as denied:
        return (
            "its quarantine was begun and not finished, and its tag may not be changed: the next"
            f" remediation finishes it ({denied})"
        )
    return ""


def read_status(session: Session, name: str, key_id: str) -> str | None:
    """Return the status of a key as it is now, None where it is gone."""
    return next((key.status for key in read_keys(session.iam, name) if key.id == key_id), None)
