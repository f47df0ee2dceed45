"""Repairs what the rule finds for one user: quarantines a key first, deletes it later.

AWS Config may start this for users who comply by now, so the user is read and judged anew. A key
with a use on record, an excepted user and an Inactive key without our tag are never touched.
Whatever stops a run, the next one finishes it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from rule.decision import Verdict, judge
from rule.exception_tags import check_exception
from rule.facts import NOT_READ, Key, User, utc
from rule.live import (
    CLIENT_CONFIG,
    UserGone,
    find_user,
    read_keys,
    read_last_uses,
    read_tags,
    read_user,
)
from rule.parameters import PARAMETERS, Policy, parse_parameters
from rule.quarantine import QUARANTINE_TAG
from rule.sentences import KeyVerdict
from rule.standing import Standing

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient

MOST_TAGS = 50  # IAM's quota for a user


class RemediationFailed(Exception):
    """Something was not done; the text says of every key what was done and why."""


class Remediation(NamedTuple):
    """One run for one user, read and judged at its start; `now` is the clock."""

    # No dataclass: those look into sys.modules, where SSM may not list a script.
    iam: "IAMClient"
    user: User
    policy: Policy
    dry_run: bool
    now: Callable[[], datetime]

    def repair(self, each: KeyVerdict, objection: str) -> tuple[str, str]:
        """Return what was done about one key of a user without an exception, and why."""
        key, why = each.key, each.sentence
        if objection:
            return "kept", objection
        if each.standing in (Standing.TO_QUARANTINE, Standing.TO_FINISH):
            return ("would be quarantined", why) if self.dry_run else self.quarantine(each)
        if each.standing is Standing.TO_DELETE:
            return ("would be deleted", why) if self.dry_run else self.delete(each)
        tagged = QUARANTINE_TAG + key.id in (self.user.tags or {}) and not self.dry_run
        if tagged and key.status == "Active" and key.last_used not in (None, NOT_READ):
            self.remove_tag(key.id)
            why += " Its old quarantine tag was removed."
        return "kept", why

    def find_objections(self, verdict: Verdict) -> dict[str, str]:
        """Return by id, from one more look, why a key is not to be deleted after all."""
        keys = [each.key for each in verdict.keys if each.standing is Standing.TO_DELETE]
        if not keys:
            return {}
        unread = tuple(replace(key, last_used=NOT_READ) for key in keys)
        user = read_last_uses(self.iam, replace(self.user, keys=unread), self.policy)
        # The status last: whoever uses a key makes it Active before.
        status = {key.id: key.status for key in read_keys(self.iam, self.user.name)}
        return {
            key.id: f"By now it is {status.get(key.id)}{' and used' if key.last_used else ''}."
            for key in user.keys
            if key.last_used is not None or status.get(key.id, "Inactive") != "Inactive"
        }

    def quarantine(self, each: KeyVerdict) -> tuple[str, str]:
        """Make the key Inactive, between two tags that let the next run finish a stopped one.

        The time runs from now even then: the key may have been Active until now.
        """
        key, start = each.key, self.now()
        if each.standing is Standing.TO_QUARANTINE:
            self.put_tag(key, f"{utc(start)} started")
        if key.status == "Active":
            self.change(key, self.iam.update_access_key, Status="Inactive")
        for _ in range(5):
            status = self.read_status(key)
            if status == "Inactive":
                self.put_tag(key, f"{utc(start)} until {utc(start + self.policy.quarantine)}")
                return "quarantined", each.sentence
            if status is None:
                self.remove_tag(key.id)
                return "kept", "Somebody else deleted it meanwhile."
            time.sleep(2)  # IAM is eventually consistent.
        raise RemediationFailed(f"It should be Inactive, but still reads {status}.")

    def delete(self, each: KeyVerdict) -> tuple[str, str]:
        """Delete the key, then its tag."""
        self.change(each.key, self.iam.delete_access_key)
        self.remove_tag(each.key.id)
        return "deleted", each.sentence

    def change(self, key: Key, call: Callable[..., object], **more: str) -> None:
        """Change the key; one that is gone, as for a retry of its deletion, is no error."""
        try:
            call(UserName=self.user.name, AccessKeyId=key.id, **more)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchEntity" or self.read_status(key):
                raise

    def read_status(self, key: Key) -> str | None:
        """Return the key's status as it is now, None where the key is gone."""
        keys = read_keys(self.iam, self.user.name)
        return next((each.status for each in keys if each.id == key.id), None)

    def put_tag(self, key: Key, value: str) -> None:
        """Write the key's quarantine tag."""
        name = QUARANTINE_TAG + key.id
        self.iam.tag_user(UserName=self.user.name, Tags=[{"Key": name, "Value": value}])

    def remove_tag(self, key_id: str) -> tuple[str, str]:
        """Remove the quarantine tag of a key that is gone or in use."""
        self.iam.untag_user(UserName=self.user.name, TagKeys=[QUARANTINE_TAG + key_id])
        return "deleted", "The key is gone, and now its quarantine tag is, too."


def check_room(user: User, verdict: Verdict) -> None:
    """Raise RemediationFailed where IAM has no room for the tag that records a quarantine."""
    tags = {*(user.tags or {})}
    new = [each.key.id for each in verdict.keys if each.standing is Standing.TO_QUARANTINE]
    needed = tags.union(QUARANTINE_TAG + key_id for key_id in new)
    if needed > tags and len(needed) > MOST_TAGS:
        raise RemediationFailed(
            f"User {user.name} has {len(tags)} tags and IAM allows {MOST_TAGS}: remove"
            f" {len(needed) - MOST_TAGS} to record the quarantine. Nothing was changed."
        )


def remediate(
    iam: "IAMClient",
    config: "ConfigServiceClient",
    user_id: str,
    policy: Policy,
    dry_run: bool,
    now: Callable[[], datetime],
) -> dict[str, Any]:
    """Return the user, the verdict, and for every key what was done and why.

    Raises RemediationFailed when something was not done; ClientError when nothing was changed.
    """
    try:
        user = read_user(iam, find_user(iam, config, user_id), policy)
        if not user.has_password:
            user = replace(user, keys=read_keys(iam, user.name))
        elif user.tags is None:
            user = read_last_uses(iam, read_tags(iam, user), policy)
    except UserGone as gone:
        return {"User": user_id, "Verdict": str(gone), "Keys": []}
    at, tags = now(), user.tags or {}
    verdict = judge(user, policy, at)
    accepted, _ = check_exception(tags, policy, at)
    run = Remediation(iam, user, policy, dry_run, now)
    jobs = list[tuple[str, Callable[[], tuple[str, str]]]]()
    if accepted or not user.has_password:
        why_not = f"{accepted}." if accepted else verdict.annotation
        jobs += [(key.id, lambda: ("kept", why_not)) for key in user.keys]
    else:
        check_room(user, verdict)
        # All reading comes before the first change, and deletions follow their last look at once.
        objections = run.find_objections(verdict)
        for each in sorted(verdict.keys, key=lambda each: each.standing != Standing.TO_DELETE):
            objection = objections.get(each.key.id, "")
            jobs.append((each.key.id, partial(run.repair, each, objection)))
        # A run stopped after a deletion has left the tag. IAM finds tags in any letter case.
        present = {key.id for key in user.keys}
        for tag in sorted(tags):
            key_id = tag.removeprefix(QUARANTINE_TAG)
            if key_id != tag and key_id.upper() not in present and not dry_run:
                jobs.append((key_id, partial(run.remove_tag, key_id)))
    outcomes = list[dict[str, str]]()
    for key_id, job in jobs:
        try:
            done, why = job()
        except UserGone as gone:
            done, why = "kept", str(gone)
        except (BotoCoreError, ClientError, RemediationFailed) as error:
            done, why = "failed", str(error)
        outcomes.append({"AccessKeyId": key_id, "Done": done, "Why": why})
    if any(each["Done"] == "failed" for each in outcomes):
        told = " ".join("{AccessKeyId} {Done}: {Why}".format(**each) for each in outcomes)
        raise RemediationFailed(f"Run this again, it finishes the rest. User {user.name}: {told}")
    return {"User": user.name, "Verdict": verdict.annotation, "Keys": outcomes}


def remediate_user(events: Mapping[str, str], context: object) -> dict[str, Any]:
    """Do what the SSM document asks for: its parameters in, its outputs out."""
    names = [each.name for each in PARAMETERS if each.name != "ReportUnchanged"]
    return remediate(
        boto3.client("iam", config=CLIENT_CONFIG),
        boto3.client("config", config=CLIENT_CONFIG),
        events["UserId"],
        parse_parameters({name: events[name] for name in names}),
        events["DryRun"] == "true",
        lambda: datetime.now(UTC),
    )
