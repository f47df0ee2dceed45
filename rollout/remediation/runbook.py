"""Runs of the runbook in one account: started for one user, followed to their end, read back.

The runbook takes no parameters of the rule: the function behind it reads them from the deployed
rule, and does nothing for a user whom that rule does not hold NON_COMPLIANT.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rollout.aws.session import Session
from rollout.aws.waiting import wait
from rollout.names import DOCUMENT, REMEDIATION

if TYPE_CHECKING:
    from types_boto3_ssm.type_defs import AutomationExecutionFilterTypeDef

MINUTES = 15.0
"""The runbook's step ends after 10 minutes; a start may wait for others."""
UNDER_WAY = frozenset({"Pending", "InProgress", "Waiting", "Cancelling"})
DAYS_KEPT = 30
"""Days for which Systems Manager keeps executions."""


@dataclass(frozen=True)
class KeyOutcome:
    """What a run did to one key, and why."""

    key: str
    done: str
    why: str


@dataclass(frozen=True)
class RunOutcome:
    """How a run ended; `failure` is AWS's text where it did not succeed."""

    execution: str
    user: str
    verdict: str
    keys: tuple[KeyOutcome, ...]
    failure: str = ""
    ended: datetime | None = None


def start_run(session: Session, user_id: str, *, dry_run: bool) -> str:
    """Start the runbook for one user and return the execution's id.

    Systems Manager runs 100 at a time in an account: a start that is one too many waits. The token
    makes a start that was sent twice one start.
    """
    role = f"arn:{session.partition}:iam::{session.account}:role/{REMEDIATION}"
    token = str(uuid.uuid4())
    for _ in wait(f"{session.label}: the start of {DOCUMENT}", MINUTES):
        try:
            return session.ssm.start_automation_execution(
                DocumentName=DOCUMENT,
                Parameters={
                    "AutomationAssumeRole": [role],
                    "UserId": [user_id],
                    "DryRun": ["true" if dry_run else "false"],
                },
                ClientToken=token,
            )["AutomationExecutionId"]
        except session.ssm.exceptions.AutomationExecutionLimitExceededException:
            continue
    raise AssertionError("wait raises when the time is over")


def follow_run(
    session: Session, execution: str, gone_on: Callable[[], bool] = lambda: True
) -> RunOutcome | None:
    """Return how an execution ended; None when nobody wants to know any more (`gone_on`).

    Raises Stopped where it has not ended within the time.
    """
    for _ in wait(f"{session.label}: runbook execution {execution}", MINUTES):
        if not gone_on():
            return None
        found = session.ssm.get_automation_execution(AutomationExecutionId=execution)[
            "AutomationExecution"
        ]
        status = found["AutomationExecutionStatus"]
        if status not in UNDER_WAY:
            failure = "" if status == "Success" else found.get("FailureMessage") or status
            return read_outcome(
                execution, found.get("Outputs", {}), failure, found.get("ExecutionEndTime")
            )
    raise AssertionError("wait raises when the time is over")


def read_outcome(
    execution: str,
    outputs: Mapping[str, Sequence[str]],
    failure: str,
    ended: datetime | None = None,
) -> RunOutcome:
    """Return an execution's outputs in typed form; a run that failed has none."""
    told = {name.rpartition(".")[2]: values for name, values in outputs.items()}
    if failure:
        return RunOutcome(execution, "", "", (), failure, ended)
    keys = tuple(
        KeyOutcome(key["AccessKeyId"], key["Done"], key["Why"])
        for key in map(json.loads, told.get("Keys", ()))
    )
    (user,), (verdict,) = told.get("User", [""]), told.get("Verdict", [""])
    return RunOutcome(execution, user, verdict, keys, "", ended)


def read_runbook_runs(session: Session, since: datetime) -> Iterator[RunOutcome]:
    """Yield the runs of an account that succeeded since a time, newest first."""
    asked: list[AutomationExecutionFilterTypeDef] = [
        {"Key": "DocumentNamePrefix", "Values": [DOCUMENT]},
        {"Key": "ExecutionStatus", "Values": ["Success"]},
        {"Key": "StartTimeAfter", "Values": [since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")]},
    ]
    pages = session.ssm.get_paginator("describe_automation_executions").paginate(Filters=asked)
    for page in pages:
        for each in page["AutomationExecutionMetadataList"]:
            if each.get("DocumentName") == DOCUMENT:
                yield read_outcome(
                    each["AutomationExecutionId"],
                    each.get("Outputs", {}),
                    "",
                    each.get("ExecutionEndTime"),
                )
