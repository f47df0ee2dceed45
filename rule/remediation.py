"""Repairs what the rule finds for one user: quarantines a key first, deletes it later.

Nothing is taken from the finding but the user's id: AWS Config may start this for users who comply
by now, so the user is read and judged anew. A key with a use on record, an excepted user and an
Inactive key without our tag are never touched. Whatever stops a run, the next one finishes it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rule.decision import NOT_READ, PARAMETERS, QUARANTINE_TAG, Key, KeyVerdict, Policy
from rule.decision import Standing, User, Verdict, check_exception, judge, parse_parameters, utc
from rule.live import UserGone, find_user, read_keys, read_last_use, read_tags, read_user

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient

MOST_TAGS = 50  # IAM's quota for a user
READ_BACKS = 5
READ_BACK_SECONDS = 2.0


class RemediationFailed(Exception):
    """Something was not done; the text says of every key what was done, and why or why not."""


class NotConfirmed(Exception):
    """IAM does not show yet what was changed."""


@dataclass(frozen=True)
class Runbook:
    """One run for one user, read and judged at its start; `now` is the clock."""

    iam: "IAMClient"
    user: User
    policy: Policy
    dry_run: bool
    now: Callable[[], datetime]

    def check_room_for_tags(self, verdict: Verdict) -> None:
        """Raise RemediationFailed where IAM has no room to record a quarantine."""
        tags = self.user.tags or {}
        new = [
            each.key.id
            for each in verdict.keys
            if each.standing is Standing.TO_QUARANTINE and QUARANTINE_TAG + each.key.id not in tags
        ]
        if new and (excess := len(tags) + len(new) - MOST_TAGS) > 0:
            raise RemediationFailed(
                f"User {self.user.name} has {len(tags)} tags and IAM allows {MOST_TAGS}. Remove"
                f" {excess}, so that the quarantine of {' and '.join(new)} can be recorded. Nothing"
                " was changed."
            )

    def repair(self, each: KeyVerdict, excepted: str) -> tuple[str, str]:
        """Return what was done about one key, and why."""
        key, why = each.key, each.sentence
        if excepted:
            return "kept", f"{excepted}."
        if each.standing in (Standing.TO_QUARANTINE, Standing.TO_FINISH):
            return ("would be quarantined", why) if self.dry_run else self.quarantine(each)
        if each.standing is Standing.TO_DELETE:
            return ("would be deleted", why) if self.dry_run else self.delete(each)
        if key.status == "Active" and key.last_used not in (None, NOT_READ):
            # The tag of a key in use counts for nothing any more.
            self.remove_tag(key.id)
        return "kept", why

    def quarantine(self, each: KeyVerdict) -> tuple[str, str]:
        """Make the key Inactive, between the two tags that let an interrupted run be finished.

        The time runs from now even where an earlier run began it: the key may have been Active
        until now, and the days in which a person can object must not be fewer.
        """
        key, start = each.key, self.now()
        if each.standing is Standing.TO_QUARANTINE:
            self.put_tag(key, f"{utc(start)} started")
        if key.status == "Active":
            self.iam.update_access_key(
                UserName=self.user.name, AccessKeyId=key.id, Status="Inactive"
            )
        for _ in range(READ_BACKS):
            status = self.read_status(key)
            if status == "Inactive":
                self.put_tag(key, f"{utc(start)} until {utc(start + self.policy.quarantine)}")
                return "quarantined", each.sentence
            if status is None:
                self.remove_tag(key.id)
                return "kept", f"Access key {key.id} was deleted by somebody else meanwhile."
            time.sleep(READ_BACK_SECONDS)  # IAM is eventually consistent
        raise NotConfirmed(f"It still reads {status} after it was made Inactive.")

    def delete(self, each: KeyVerdict) -> tuple[str, str]:
        """Delete the key, after one more look that it is Inactive and has no use on record."""
        key = each.key
        status = self.read_status(key)
        if status not in ("Inactive", None):
            return "kept", f"Access key {key.id} is {status} by now."
        if status:
            if read_last_use(self.iam, key.id) is not None:
                return "kept", f"Access key {key.id}: AWS has a use of it on record by now."
            self.iam.delete_access_key(UserName=self.user.name, AccessKeyId=key.id)
        self.remove_tag(key.id)
        return "deleted", each.sentence

    def read_status(self, key: Key) -> str | None:
        """Return the key's status as it is now, None where the key is gone."""
        keys = read_keys(self.iam, self.user.name)
        return next((each.status for each in keys if each.id == key.id), None)

    def put_tag(self, key: Key, value: str) -> None:
        """Write the key's quarantine tag."""
        tag = {"Key": QUARANTINE_TAG + key.id, "Value": value}
        self.iam.tag_user(UserName=self.user.name, Tags=[tag])  # type: ignore[list-item]

    def remove_tag(self, key_id: str) -> None:
        """Remove the key's quarantine tag where there is one."""
        if not self.dry_run and QUARANTINE_TAG + key_id in (self.user.tags or {}):
            self.iam.untag_user(UserName=self.user.name, TagKeys=[QUARANTINE_TAG + key_id])

    def clear_tag(self, key_id: str) -> tuple[str, str]:
        """Remove the tag of a key that is gone."""
        self.remove_tag(key_id)
        return "deleted", f"Access key {key_id} is gone, and its quarantine tag with it."

    def find_tags_of_deleted_keys(self) -> list[str]:
        """Return the ids of keys that are gone while their tag, as of a stopped run, is not."""
        tagged = [name for name in self.user.tags or {} if name.startswith(QUARANTINE_TAG)]
        present = {key.id for key in self.user.keys}
        return sorted({name.removeprefix(QUARANTINE_TAG) for name in tagged} - present)


def remediate(
    iam: "IAMClient",
    config: "ConfigServiceClient",
    user_id: str,
    policy: Policy,
    dry_run: bool,
    now: Callable[[], datetime],
) -> dict[str, Any]:
    """Return the user, the verdict, and for every key what was done and why.

    Raises RemediationFailed when something was not done, and ClientError for a read of the user
    that failed; then nothing was changed.
    """
    try:
        user = read_user(iam, find_user(iam, config, user_id, now()), policy)
        if user.has_password and user.tags is None:
            user = replace(user, tags=read_tags(iam, user.name))
    except UserGone as gone:
        return {"User": user_id, "Verdict": str(gone), "Keys": []}
    at = now()
    verdict = judge(user, policy, at)
    excepted, _ = check_exception(user.tags or {}, policy, at)
    runbook = Runbook(iam, user, policy, dry_run, now)
    if not excepted:
        runbook.check_room_for_tags(verdict)
    outcomes = list[dict[str, str]]()

    def note(key_id: str, act: Callable[[], tuple[str, str]]) -> None:
        try:
            done, why = act()
        except UserGone as gone:
            done, why = "kept", str(gone)
        except (BotoCoreError, ClientError, NotConfirmed) as error:
            done, why = "failed", str(error)
        outcomes.append({"AccessKeyId": key_id, "Done": done, "Why": why})

    for each in verdict.keys:
        note(each.key.id, partial(runbook.repair, each, excepted))
    if user.has_password and not excepted:
        for key_id in runbook.find_tags_of_deleted_keys():
            note(key_id, partial(runbook.clear_tag, key_id))
    if any(each["Done"] == "failed" for each in outcomes):
        told = "; ".join("{AccessKeyId} {Done}: {Why}".format(**each) for each in outcomes)
        raise RemediationFailed(
            f"User {user.name}: {told} Run the document again: it finishes what was begun."
        )
    return {"User": user.name, "Verdict": verdict.annotation, "Keys": outcomes}


def remediate_user(events: Mapping[str, str], context: object) -> dict[str, Any]:
    """Do what the SSM document asks for: its parameters in, its outputs out."""
    settings = Config(
        retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=3, read_timeout=10
    )
    names = [each.name for each in PARAMETERS if each.name != "ReportUnchanged"]
    return remediate(
        boto3.client("iam", config=settings),
        boto3.client("config", config=settings),
        events["UserId"],
        parse_parameters({name: events[name] for name in names}),
        events["DryRun"] == "true",
        lambda: datetime.now(UTC),
    )
