"""Since when AWS Config has seen a quarantine tag, page by page."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from rule.quarantine import QUARANTINE_TAG
from rule.witness import read_first_seen

USER, KEY = "AIDAEXAMPLE000000001", "AKIAEXAMPLE000000001"
OURS, OTHER = "2026-08-20T12:00:00Z started", "2026-08-21T12:00:00Z started"
DAY = timedelta(days=1)
LATEST = datetime(2026, 9, 1, 12, 0, 0, 750_000, tzinfo=UTC)


def item(age: int, value: str | None, name: str = QUARANTINE_TAG + KEY) -> dict[str, Any]:
    """Return an item that was captured so many days before the latest one."""
    tags = {"team": "people"} if value is None else {"team": "people", name: value}
    return {"configurationItemCaptureTime": LATEST - age * DAY, "tags": tags}


def ask(*pages: list[dict[str, Any]], error: str = "") -> datetime | None:
    """Return since when the tag has been seen, by these pages of items, the latest first."""
    config = boto3.client("config", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(config) as stub:
        if error:
            stub.add_client_error("get_resource_config_history", error)
        asked: dict[str, Any] = {"resourceType": "AWS::IAM::User", "resourceId": USER, "limit": 100}
        for place, page in enumerate(pages):
            given = {**asked, "nextToken": f"page {place}"} if place else asked
            more = {"nextToken": f"page {place + 1}"} if place + 1 < len(pages) else {}
            answer = {"configurationItems": page, **more}
            stub.add_response("get_resource_config_history", answer, given)
        return read_first_seen(config, USER, KEY, OURS)


def seen(age: int) -> datetime:
    """Return when an item of that age was captured, in whole seconds."""
    return LATEST.replace(microsecond=0) - age * DAY


@pytest.mark.parametrize(
    ("pages", "first"),
    [
        pytest.param([[]], None, id="no item"),
        pytest.param([[item(0, OURS)]], seen(0), id="one item"),
        pytest.param([[item(0, OURS), item(3, OURS)], [item(9, OURS)]], seen(9), id="two pages"),
        pytest.param([[item(0, OURS), item(3, None), item(9, OURS)]], seen(0), id="away between"),
        pytest.param([[item(0, OURS), item(3, OTHER), item(9, OURS)]], seen(0), id="changed"),
        pytest.param([[item(0, OTHER), item(3, OURS)]], None, id="another value by now"),
        pytest.param([[item(0, None), item(3, OURS)]], None, id="gone by now"),
        pytest.param([[{"configurationItemCaptureTime": LATEST}]], None, id="an item without tags"),
        pytest.param(
            [[item(0, OURS, (QUARANTINE_TAG + KEY).upper())]], seen(0), id="another letter case"
        ),
        pytest.param([[item(0, OURS, QUARANTINE_TAG + KEY[:-1])]], None, id="another key's tag"),
    ],
)
def test_a_tag_counts_from_the_first_item_that_has_it_without_a_break(
    pages: list[list[dict[str, Any]]], first: datetime | None
) -> None:
    assert ask(*pages) == first


@pytest.mark.parametrize(
    "code", ["NoAvailableConfigurationRecorderException", "ResourceNotDiscoveredException"]
)
def test_where_aws_config_records_nothing_nobody_is_a_witness(code: str) -> None:
    assert ask(error=code) is None


def test_a_history_that_cannot_be_read_is_an_error_and_no_missing_witness() -> None:
    with pytest.raises(ClientError, match="AccessDeniedException"):
        ask(error="AccessDeniedException")
