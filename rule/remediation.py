"""The function behind the runbook: quarantines what the rule finds for one user, deletes it later.

Two keys have to turn: the deployed rule holds the user NON_COMPLIANT, and a live read, judged by
that rule's own parameters, finds so again. A key with a use on record, an excepted user and an
Inactive key without our tag are never touched. Whatever stops a run, the next one finishes it.
"""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import boto3
from botocore.utils import ArnParser

from rule.decision import judge
from rule.deployed_rule import FUNCTION, read_holding
from rule.exception_tags import read_exception
from rule.facts import NOT_READ, User, utc
from rule.live import (
    CLIENT_CONFIG,
    UserGone,
    find_user,
    read_keys,
    read_last_uses,
    read_tags,
    read_user,
)
from rule.metrics import print_run
from rule.notice import send_notices
from rule.parameters import Policy
from rule.quarantine import QUARANTINE_TAG, find_quarantine, is_quarantine_tag
from rule.repair import PLANNED, WOULD_DELETE, WOULD_QUARANTINE, Outcome, Repair
from rule.sentences import KeyVerdict
from rule.standing import Standing
from rule.witness import read_first_seen

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient

LAST_LOOK_SECONDS = 15.0
"""Between the first look at a key and the last one before its deletion: IAM is eventually
consistent, and two looks in one second are one."""


class NotARequest(ValueError):
    """What called the function asks for nothing that it does."""


class RemediationFailed(Exception):
    """Something was not done; the text says of every key what was done and why."""


@dataclass(frozen=True)
class UserRun:
    """One run for one user; `now` is the clock of verdicts, `sleep` waits."""

    iam: "IAMClient"
    config: "ConfigServiceClient"
    policy: Policy
    dry_run: bool
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep

    def remediate(self, user_id: str) -> tuple[str, str, list[Outcome]]:
        """Return the user's name, the verdict, and for every key what was done and why."""
        began = time.monotonic()
        try:
            user = self.read(user_id)
        except UserGone as gone:
            return user_id, str(gone), []
        at = self.now()
        verdict = judge(user, self.policy, at)
        exception = read_exception(user.tags or {}, self.policy, at)
        why_not = ""
        if not user.has_password:
            why_not = verdict.annotation
        elif exception.accepted:
            why_not = f"{exception.describe()}."
        elif exception.malformed:
            why_not = f"{exception.fault} Mend the exception, or remove its tags."
        if why_not:
            return (
                user.name,
                verdict.annotation,
                [Outcome(key.id, "kept", why_not) for key in user.keys],
            )
        repair = Repair(self.iam, user, self.policy, self.now)
        outcomes = [
            repair.attempt(each.key.id, partial(self.deal_with, repair, each, began))
            # Deletions first: nothing comes between a last look and its deletion.
            for each in sorted(verdict.keys, key=lambda each: each.standing != Standing.TO_DELETE)
        ]
        return user.name, verdict.annotation, outcomes + self.tidy(repair)

    def read(self, user_id: str) -> User:
        """Return the user with every fact about every key. Raises UserGone."""
        user = read_user(self.iam, find_user(self.iam, self.config, user_id), self.policy)
        if not user.has_password:
            return replace(user, keys=read_keys(self.iam, user.name))
        if user.tags is None:
            return read_last_uses(self.iam, read_tags(self.iam, user), self.policy)
        return user

    def deal_with(self, repair: Repair, each: KeyVerdict, began: float, key_id: str) -> Outcome:
        """Return what was done about one key of a user without an exception."""
        if each.standing in (Standing.TO_QUARANTINE, Standing.TO_FINISH):
            if self.dry_run:
                return Outcome(key_id, WOULD_QUARANTINE, each.sentence)
            return repair.quarantine(each)
        if each.standing is Standing.TO_DELETE:
            if objection := self.find_objection(repair.user, each, began):
                return Outcome(key_id, "kept", objection)
            if self.dry_run:
                return Outcome(key_id, WOULD_DELETE, each.sentence)
            return repair.delete(each)
        return Outcome(key_id, "kept", each.sentence) if self.dry_run else repair.keep(each)

    def find_objection(self, user: User, each: KeyVerdict, began: float) -> str:
        """Return why a key is not to be deleted after all, "" where nothing speaks against it.

        The last look is the last call before the deletion.
        """
        key = each.key
        value = find_quarantine(user.known_tags, key.id) or ""
        seen = read_first_seen(self.config, str(user.id), key.id, value)
        if seen is None:
            return (
                "AWS Config has not recorded its quarantine tag as it stands, so nothing proves how"
                f" long it has been there. To delete it by hand: aws iam delete-access-key"
                f" --user-name {user.name} --access-key-id {key.id}"
            )
        if self.now() < seen + self.policy.quarantine:
            return (
                f"AWS Config has seen its quarantine tag since {utc(seen)}, so it is not deleted"
                f" before {utc(seen + self.policy.quarantine)}."
            )
        if self.dry_run:
            return ""
        self.sleep(max(0.0, LAST_LOOK_SECONDS - (time.monotonic() - began)))
        unread = replace(user, keys=(replace(key, last_used=NOT_READ),))
        used = any(look.last_used for look in read_last_uses(self.iam, unread, self.policy).keys)
        # The status last: whoever uses a key makes it Active before.
        status = {look.id: look.status for look in read_keys(self.iam, user.name)}.get(key.id)
        if used or status not in ("Inactive", None):
            return f"By now it is {status}{' and used' if used else ''}."
        return ""

    def tidy(self, repair: Repair) -> list[Outcome]:
        """Remove the tags of keys that are gone: a run was stopped after it had deleted one."""
        present = {(QUARANTINE_TAG + key.id).lower() for key in repair.user.keys}
        return [
            repair.attempt(tag[len(QUARANTINE_TAG) :], repair.forget)
            for tag in sorted(repair.user.known_tags)
            if is_quarantine_tag(tag) and tag.lower() not in present and not self.dry_run
        ]


def answer(user: str, verdict: str, outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the runbook's outputs. Raises RemediationFailed when something was not done."""
    keys = [each.answer() for each in outcomes]
    if any(each.failed for each in outcomes):
        told = " ".join("{AccessKeyId} {Done}: {Why}".format(**each) for each in keys)
        raise RemediationFailed(f"Run this again, it finishes the rest. User {user}: {told}")
    return {"User": user, "Verdict": verdict, "Keys": keys}


def parse_request(event: Mapping[str, object]) -> tuple[str, bool]:
    """Return the user's id and whether to change nothing; other fields count for nothing."""
    user_id, dry_run = event.get("UserId"), event.get("DryRun")
    if not isinstance(user_id, str) or not re.fullmatch(r"AIDA\w{12,124}", user_id, re.ASCII):
        raise NotARequest(f"UserId is {user_id!r}; give the unique id of an IAM user, AIDA...")
    if dry_run not in ("true", "false"):
        raise NotARequest(f"DryRun is {dry_run!r}; give true or false.")
    return user_id, dry_run == "true"


@cache
def make_remediation_clients() -> tuple["IAMClient", "ConfigServiceClient"]:
    """Return the clients, made once per process."""
    return boto3.client("iam", config=CLIENT_CONFIG), boto3.client("config", config=CLIENT_CONFIG)


def lambda_handler(event: Mapping[str, object], context: Any) -> dict[str, Any]:
    """Do what the runbook asks for one user and return its outputs.

    Raises NotARequest, RuleUnclear, InvalidParameters, RemediationFailed, and whatever a read
    raised that came before the first change.
    """
    started = time.monotonic()
    user_id, dry_run = parse_request(event)
    own = ArnParser().parse_arn(context.invoked_function_arn)
    account = own["account"]
    evaluator = f"arn:{own['partition']}:lambda:{own['region']}:{account}:function:{FUNCTION}"
    summary: dict[str, Any] = {"account": account, "user_id": user_id, "dry_run": dry_run}
    counts = Counter[str](dict.fromkeys(("Quarantined", "Deleted", "Kept", "Failed"), 0))
    try:
        iam, config = make_remediation_clients()
        holding = read_holding(config, user_id, evaluator)
        if holding.policy is None:
            return answer(user_id, holding.describe(user_id), [])
        run = UserRun(iam, config, holding.policy, dry_run, lambda: datetime.now(UTC))
        user, verdict, outcomes = run.remediate(user_id)
        lost = send_notices(account, user, outcomes)
        counts.update(each.done.capitalize() for each in outcomes if each.done not in PLANNED)
        counts["Failed"] = sum(each.failed for each in outcomes)
        counts["NoticesLost"] = lost
        summary |= {"user": user, "verdict": verdict, "keys": [each.answer() for each in outcomes]}
        return answer(user, verdict, outcomes)
    except Exception as error:
        counts["Failed"] = max(1, counts["Failed"])
        summary["error"] = str(error)
        raise
    finally:
        mode = ("DryRun", str(dry_run).lower())
        print_run("remediated", summary, mode, counts, time.monotonic() - started)
