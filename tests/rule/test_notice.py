"""What the topic is told of a key, and what is left where it cannot be told."""

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoRegionError

from rule.notice import TOPIC_VARIABLE, send_notices
from rule.repair import Outcome
from tests.conftest import NOW

TOPIC = "arn:aws-us-gov:sns:us-gov-east-1:111122223333:security"
QUARANTINED = Outcome("AKIA1", "quarantined", "Idle.", undo="aws iam ...", until=NOW)
DELETED = Outcome("AKIA2", "deleted", "Over.", undo="A deletion cannot be undone.")
FAILED = Outcome("AKIA3", "failed", "", left="AccessDenied")
KEPT = Outcome("AKIA4", "kept", "In use.")
PREVIEWED = Outcome("AKIA5", "would be deleted", "Over.")


@dataclass
class Topic:
    """SNS as boto3 gives it: what was sent, and what keeps it from being sent."""

    sent: list[dict[str, str]] = field(default_factory=list)
    clients: list[tuple[Any, ...]] = field(default_factory=list)
    lost: tuple[str, ...] = ()
    broken: bool = False

    def client(self, name: str, region_name: str = "", config: Any = None) -> "Topic":
        """Make a client, or fail to."""
        if self.broken:
            raise NoRegionError
        waits = (config.connect_timeout, config.read_timeout) if config else ()
        self.clients.append((name, region_name, *waits, config and config.retries))
        return self

    def publish(self, **given: str) -> None:
        """Take a message, or lose it."""
        if any(key in given["Message"] for key in self.lost):
            raise EndpointConnectionError(endpoint_url="sns")
        self.sent.append(given)


@pytest.fixture
def topic(monkeypatch: pytest.MonkeyPatch) -> Topic:
    """The topic that the function is deployed with."""
    topic = Topic()
    monkeypatch.setenv(TOPIC_VARIABLE, TOPIC)
    monkeypatch.setattr(boto3, "client", topic.client)
    return topic


def send(*outcomes: Outcome, user: str = "ann") -> int:
    """Tell the topic of a run's outcomes; return how many notices were lost."""
    return send_notices("111122223333", user, list(outcomes))


def test_the_function_names_its_topic_as_the_template_does() -> None:
    assert TOPIC_VARIABLE == "NOTICE_TOPIC_ARN"


def test_each_key_that_was_changed_or_failed_is_told_and_no_other(topic: Topic) -> None:
    assert send(QUARANTINED, DELETED, FAILED, KEPT, PREVIEWED) == 0
    assert topic.sent == [
        {
            "TopicArn": TOPIC,
            "Subject": "111122223333: access key of ann quarantined",
            "Message": "Account: 111122223333\nUser: ann\nAccess key: AKIA1\nDone: quarantined\n"
            "Why: Idle.\nUntil: 2026-09-01T12:00:00Z\nNext: Until 2026-09-01T12:00:00Z nothing else"
            " happens to it. If nobody has made it Active again by then, it is deleted.\n"
            "To undo it: aws iam ...",
        },
        {
            "TopicArn": TOPIC,
            "Subject": "111122223333: access key of ann deleted",
            "Message": "Account: 111122223333\nUser: ann\nAccess key: AKIA2\nDone: deleted\n"
            "Why: Over.\nNext: Nothing else happens to it.\n"
            "To undo it: A deletion cannot be undone.",
        },
        {
            "TopicArn": TOPIC,
            "Subject": "111122223333: access key of ann failed",
            "Message": "Account: 111122223333\nUser: ann\nAccess key: AKIA3\nDone: failed\n"
            "Why: see below\nNot done: AccessDenied\n"
            "Next: AWS Config tries again; the function's log says more.",
        },
    ]


def test_the_topic_is_asked_in_its_own_region_and_not_for_long(topic: Topic) -> None:
    send(DELETED)
    quickly = {"mode": "standard", "total_max_attempts": 2}
    assert topic.clients == [("sns", "us-gov-east-1", 3, 5, quickly)]


def test_a_subject_is_cut_at_the_hundred_characters_that_sns_takes(topic: Topic) -> None:
    send(DELETED, user="x" * 64 + "y" * 36)
    (told,) = topic.sent
    assert told["Subject"] == f"111122223333: access key of {'x' * 64}{'y' * 8}"
    assert f"User: {'x' * 64}{'y' * 36}\n" in told["Message"]


@pytest.mark.parametrize(
    ("variable", "outcome"),
    [(TOPIC, KEPT), ("", DELETED), (None, DELETED)],
    ids=["nothing to tell", "an empty topic", "no topic"],
)
def test_where_there_is_nothing_to_tell_or_no_topic_nobody_is_asked(
    topic: Topic, monkeypatch: pytest.MonkeyPatch, variable: str | None, outcome: Outcome
) -> None:
    monkeypatch.delenv(TOPIC_VARIABLE)
    if variable is not None:
        monkeypatch.setenv(TOPIC_VARIABLE, variable)
    assert send(outcome) == 0
    assert topic.clients == []


def test_a_notice_that_is_lost_is_logged_and_counted_and_the_others_are_sent(
    topic: Topic, capsys: pytest.CaptureFixture[str]
) -> None:
    topic.lost = ("AKIA1", "AKIA2")
    assert send(QUARANTINED, DELETED, FAILED) == 2
    assert [each["Subject"][-6:] for each in topic.sent] == ["failed"]
    said = {
        "level": "ERROR",
        "message": "notice not sent",
        "topic": TOPIC,
        "error": 'Could not connect to the endpoint URL: "sns"',
    }
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [said, said]


def test_where_sns_has_no_client_every_notice_is_lost_and_told_once(
    topic: Topic, capsys: pytest.CaptureFixture[str]
) -> None:
    topic.broken = True
    assert send(QUARANTINED, DELETED, KEPT) == 2
    (said,) = capsys.readouterr().out.splitlines()
    assert json.loads(said)["error"] == "You must specify a region."
