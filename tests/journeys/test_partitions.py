"""China and GovCloud: deployed, judged, remediated, told and undone in partitions of their own.

The topic is SNS's own, read through a queue that subscribes to it.
"""

import json
import shlex
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emulator import Account, open_account
from emulator.iam.users import AccessKey, User
from rollout.names import RULE
from rollout.packs.template import render_pack
from tests.conftest import NOW
from tests.support.deployment import put_code, put_rendered, put_stack
from tests.support.runbook import TAG, read_state

pytestmark = pytest.mark.slow
CREATED = NOW - timedelta(days=60)
UNTIL = "2026-09-01T12:00:00Z until 2026-09-08T12:00:00Z"
REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


class Place:
    """An account of a partition, with the rule, a topic for notices and a queue that hears it."""

    def __init__(self, account: Account, partition: str, package: Path) -> None:
        self.account = account
        self.partition = partition
        self.topic = self.client("sns").create_topic(Name="notices")["TopicArn"]
        self.queue = self.client("sqs").create_queue(QueueName="notices")["QueueUrl"]
        arn = self.client("sqs").get_queue_attributes(
            QueueUrl=self.queue, AttributeNames=["QueueArn"]
        )["Attributes"]["QueueArn"]
        self.client("sns").subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=arn)
        put_stack(account, {**put_code(account, package), "NoticeTopicArn": self.topic})
        put_rendered(
            account,
            render_pack(account.account_id, partition, {"AutomaticRemediation": "true"}),
        )
        account.iam.report.rounds = 0

    def client(self, service: str) -> Any:
        """Return a client of the operator."""
        session: Any = self.account.session()
        return session.client(service, endpoint_url=self.account.url)

    def add_idle(self) -> tuple[User, AccessKey]:
        """Add a user with a setup key that nobody ever used."""
        ben = self.account.iam.add_user("ben", created=CREATED, password=CREATED)
        return ben, self.account.iam.add_key(ben, created=CREATED)

    def settle(self) -> None:
        """Judge everybody, and remediate what comes of it."""
        assert self.account.find_rule(RULE).send_schedule().errors == []
        for remediation in self.account.deliver_remediations():
            assert (remediation.state, remediation.error) == ("SUCCEEDED", "")

    def read_notices(self) -> list[tuple[str, list[str]]]:
        """Return subject and lines of what the topic has sent since the last look."""
        found = self.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        told = []
        for each in found.get("Messages", ()):
            self.client("sqs").delete_message(
                QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"]
            )
            body = json.loads(each["Body"])
            told.append((body["Subject"], body["Message"].splitlines()))
        return told


@pytest.fixture(params=REGIONS)
def place(request: pytest.FixtureRequest, package: Path) -> Iterator[Place]:
    """An account of a partition with everything deployed, its clock standing still."""
    partition = request.param
    with open_account(NOW, region=REGIONS[partition], ticking=False) as account:
        yield Place(account, partition, package)


def test_a_key_is_found_quarantined_told_undone_and_deleted(place: Place) -> None:
    ben, key = place.add_idle()
    account = place.account
    assert ben.arn.startswith(f"arn:{place.partition}:iam::")
    place.settle()
    assert read_state(ben) == (
        {key.access_key_id: "Inactive"},
        {TAG + key.access_key_id: UNTIL},
    )
    ((subject, lines),) = place.read_notices()
    undo = f"aws iam update-access-key --user-name ben --access-key-id {key.access_key_id} --status"
    assert subject == f"{account.account_id}: access key of ben quarantined"
    assert lines[:4] == [
        f"Account: {account.account_id}",
        "User: ben",
        f"Access key: {key.access_key_id}",
        "Done: quarantined",
    ]
    assert lines[-1] == f"To undo it: {undo} Active"
    # The command needs no partition and no ARN: what it says is what undoes it.
    words = shlex.split(lines[-1].partition(": ")[2])
    place.client("iam").update_access_key(
        UserName=words[words.index("--user-name") + 1],
        AccessKeyId=words[words.index("--access-key-id") + 1],
        Status=words[words.index("--status") + 1],
    )
    account.clock.advance(days=1)
    place.settle()
    assert read_state(ben)[0] == {key.access_key_id: "Active"}
    place.client("iam").update_access_key(
        UserName="ben", AccessKeyId=key.access_key_id, Status="Inactive"
    )
    account.clock.advance(days=8)
    place.settle()
    assert read_state(ben) == ({}, {})
    ((subject, lines),) = place.read_notices()
    assert subject == f"{account.account_id}: access key of ben deleted"
    assert "Next: Nothing else happens to it." in lines


def test_a_topic_that_refuses_costs_nothing_but_the_notice(place: Place) -> None:
    ben, key = place.add_idle()
    place.client("sns").delete_topic(TopicArn=place.topic)
    with place.account.calls.since_now() as calls:
        place.settle()
    assert read_state(ben)[0] == {key.access_key_id: "Inactive"}
    published = calls.made("sns:Publish")
    assert [each.parameters["TopicArn"] for each in published] == [place.topic]
    assert place.read_notices() == []
    # Nothing is done again for want of a notice.
    place.settle()
    assert read_state(ben)[0] == {key.access_key_id: "Inactive"}
