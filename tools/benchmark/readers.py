"""The readers that are measured, each in a process of its own: the floor, the plain loop, ours.

The floor is what nobody can go below by much: the report once, ListUsers by 1,000, two calls for
each suspect's key, one PutEvaluations for 100 users. It does less than the control needs: nobody
proves that the password, the tags or the user are still what they were. The plain loop is what a
rule does that reads each user: every published rule on users does so.
"""

import csv
import io
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REPORT_PAUSE = 0.5
RULE = "rule"


def read_report(iam: Any) -> list[dict[str, str]]:
    """Return the rows of the report, waiting for it in even steps."""
    while iam.generate_credential_report()["State"] != "COMPLETE":
        time.sleep(REPORT_PAUSE)
    content = iam.get_credential_report()["Content"].decode()
    return list(csv.DictReader(io.StringIO(content)))


def is_unused(iam: Any, name: str) -> bool:
    """Has the user an Active key that nobody ever used?"""
    return any(
        "LastUsedDate"
        not in iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
        if key["Status"] == "Active"
    )


def put(config: Any, results: Iterable[tuple[str, str]]) -> None:
    """Put the results, 100 a call."""
    now = datetime.now(UTC)
    evaluations = [
        {
            "ComplianceResourceType": "AWS::IAM::User",
            "ComplianceResourceId": user_id,
            "ComplianceType": compliance,
            "OrderingTimestamp": now,
        }
        for user_id, compliance in results
    ]
    for start in range(0, len(evaluations), 100):
        config.put_evaluations(Evaluations=evaluations[start : start + 100], ResultToken="token")


def list_users(iam: Any) -> Iterable[dict[str, Any]]:
    """Yield every user, 1,000 a page."""
    for page in iam.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 1000}):
        yield from page["Users"]


def read_floor() -> None:
    """Do the least that finds the keys."""
    import boto3

    iam, config = boto3.client("iam"), boto3.client("config")
    suspects = {
        row["user"]
        for row in read_report(iam)
        if row["password_enabled"] == "true"
        and row["access_key_1_active"] == "true"
        and row["access_key_1_last_used_date"] == "N/A"
    }
    results = list[tuple[str, str]]()
    for user in list_users(iam):
        found = user["UserName"] in suspects and is_unused(iam, user["UserName"])
        results.append((user["UserId"], "NON_COMPLIANT" if found else "COMPLIANT"))
    put(config, results)


def read_loop() -> None:
    """Read each user, one after the other."""
    import boto3

    iam, config = boto3.client("iam"), boto3.client("config")
    results = list[tuple[str, str]]()
    for user in list_users(iam):
        compliance = "NOT_APPLICABLE"
        try:
            iam.get_login_profile(UserName=user["UserName"])
        except iam.exceptions.NoSuchEntityException:
            pass
        else:
            found = is_unused(iam, user["UserName"])
            compliance = "NON_COMPLIANT" if found else "COMPLIANT"
        results.append((user["UserId"], compliance))
    put(config, results)


class Context:
    """As much of Lambda's context as the function looks at."""

    def __init__(self, seconds: float) -> None:
        self.end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may still run."""
        return max(0, int((self.end - time.monotonic()) * 1000))


def read_ours() -> None:
    """Send our function a scheduled event."""
    from rule.evaluator import lambda_handler

    moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    message = {
        "awsAccountId": "111122223333",
        "notificationCreationTime": moment,
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    }
    event = {
        "invokingEvent": json.dumps(message),
        "ruleParameters": "{}",
        "resultToken": "token",
        "eventLeftScope": False,
        "executionRoleArn": "arn:aws:iam::111122223333:role/config",
        "configRuleName": RULE,
        "accountId": "111122223333",
    }
    lambda_handler(event, Context(float(os.environ.get("BENCHMARK_SECONDS", "900"))))


READERS: dict[str, Callable[[], None]] = {
    "floor": read_floor,
    "plain loop": read_loop,
    "ours": read_ours,
}


def read_peak() -> float:
    """Return this process's peak of memory in MB; getrusage would count its parent's, too."""
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(told.partition("VmHWM:")[2].split()[0]) / 1024


def measure_reader(name: str) -> dict[str, object]:
    """Run one reader and return what it took; CPU and peak are the whole process's."""
    started = time.monotonic()
    error = ""
    out, sys.stdout = sys.stdout, io.StringIO()
    try:
        READERS[name]()
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    finally:
        sys.stdout = out
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "wall": time.monotonic() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "peak": read_peak(),
        "error": error,
    }


if __name__ == "__main__":
    print(json.dumps(measure_reader(sys.argv[1])))
