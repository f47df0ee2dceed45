"""Tells a topic of what was done to a key: one message in plain words, with what undoes it.

A message that cannot be sent never stops or repeats a remediation: it is logged, and counted.
"""

import json
import os
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.utils import ArnParser

from rule.facts import utc
from rule.repair import Outcome

if TYPE_CHECKING:
    from types_boto3_sns import SNSClient

TOPIC_VARIABLE = "NOTICE_TOPIC_ARN"
QUICKLY = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=3, read_timeout=5
)
NEXT = {
    "quarantined": (
        "Until {until} nothing else happens to it. If nobody has made it Active again by then, it"
        " is deleted."
    ),
    "deleted": "Nothing else happens to it.",
    "failed": "AWS Config tries again; the function's log says more.",
}


def send_notices(account: str, user: str, outcomes: list[Outcome]) -> int:
    """Tell the topic of each key that was changed or failed; return how many could not be sent."""
    topic = os.environ.get(TOPIC_VARIABLE, "")
    told = [each for each in outcomes if each.failed or each.done in ("quarantined", "deleted")]
    if not topic or not told:
        return 0
    lost = 0
    try:
        sns = boto3.client(
            "sns", region_name=ArnParser().parse_arn(topic)["region"], config=QUICKLY
        )
    except Exception as error:
        _log_lost(topic, error)
        return len(told)
    for each in told:
        try:
            send(sns, topic, account, user, each)
        except Exception as error:
            _log_lost(topic, error)
            lost += 1
    return lost


def send(sns: "SNSClient", topic: str, account: str, user: str, outcome: Outcome) -> None:
    """Send one message."""
    subject = f"{account}: access key of {user} {outcome.done}"
    sns.publish(TopicArn=topic, Subject=subject[:100], Message=write_notice(account, user, outcome))


def write_notice(account: str, user: str, outcome: Outcome) -> str:
    """Return the message on one key."""
    until = utc(outcome.until) if outcome.until else ""
    following = NEXT["failed"] if outcome.failed else NEXT[outcome.done].format(until=until)
    lines = [
        f"Account: {account}",
        f"User: {user}",
        f"Access key: {outcome.key_id}",
        f"Done: {outcome.done}",
        f"Why: {outcome.why or 'see below'}",
        *([f"Until: {until}"] if until else []),
        *([f"Not done: {outcome.left}"] if outcome.failed else []),
        f"Next: {following}",
        *([f"To undo it: {outcome.undo}"] if outcome.undo else []),
    ]
    return "\n".join(lines)


def _log_lost(topic: str, error: Exception) -> None:
    said = {"level": "ERROR", "message": "notice not sent", "topic": topic, "error": str(error)}
    print(json.dumps(said))
