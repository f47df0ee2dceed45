"""Config's events become what rdklib can read; what is no event is refused."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from rule.events import NotAnEvent, name_user, normalise, read_created
from tests.support.paths import CASES

CAPTURED = json.loads((CASES / "iam-user-change-event.json").read_text())
ITEM = json.loads(CAPTURED["invokingEvent"])["configurationItem"]
SUMMARY = {
    "changeType": "UPDATE",
    "configurationItemCaptureTime": "2019-10-30T11:39:10.807Z",
    "configurationItemStatus": "OK",
    "resourceType": "AWS::IAM::User",
    "resourceId": "AIDAEXAMPLEEXAMPLE000",
    "resourceName": "alice",
    "ARN": "arn:aws:iam::111122223333:user/alice",
    "resourceCreationTime": "2019-06-25T08:37:33.000Z",
}
CREATED = datetime(2019, 6, 25, 8, 37, 33, tzinfo=UTC)


def tell(item: dict[str, Any]) -> tuple[str, str, datetime]:
    """Return what an item tells of its user."""
    return item["resourceId"], name_user(item), read_created(item)


ALICE = ("AIDAEXAMPLEEXAMPLE000", "alice", CREATED)


def event(invoking: object, **others: object) -> dict[str, Any]:
    """Return an event around this invoking event."""
    return {"invokingEvent": json.dumps(invoking), "resultToken": "t", **others}


def test_a_change_event_as_aws_sends_it_names_the_user() -> None:
    message_type, readable = normalise(CAPTURED)
    assert message_type == "ConfigurationItemChangeNotification"
    assert tell(json.loads(readable["invokingEvent"])["configurationItem"]) == ALICE
    assert readable["resultToken"] == "opaque-token"


def test_an_oversized_event_becomes_an_ordinary_one_from_its_summary() -> None:
    oversized = {
        "configurationItemSummary": SUMMARY,
        "messageType": "OversizedConfigurationItemChangeNotification",
    }
    message_type, readable = normalise(event(oversized))
    assert message_type == "OversizedConfigurationItemChangeNotification"
    assert json.loads(readable["invokingEvent"]) == {
        "messageType": "ConfigurationItemChangeNotification",
        "configurationItem": SUMMARY,
    }
    assert readable["eventLeftScope"] is False
    assert tell(SUMMARY) == ALICE


def test_an_item_without_name_or_creation_says_when_it_was_recorded() -> None:
    lost = {"resourceName": None, "resourceCreationTime": None}
    assert tell(SUMMARY | lost) == (ALICE[0], "", datetime(2019, 10, 30, 11, 39, 10, tzinfo=UTC))


@pytest.mark.parametrize("given", [{}, {"ruleParameters": ""}, {"ruleParameters": "null"}])
def test_an_event_without_parameters_is_one_with_the_defaults(given: dict[str, str]) -> None:
    _, readable = normalise(
        event({"messageType": "ScheduledNotification"}, configRuleName="r", **given)
    )
    assert readable["ruleParameters"] == "{}"


def test_a_user_that_is_not_recorded_any_more_is_judged_as_before() -> None:
    item = ITEM | {"configurationItemStatus": "ResourceNotRecorded"}
    _, readable = normalise(
        event({"messageType": "ConfigurationItemChangeNotification", "configurationItem": item})
    )
    assert (
        json.loads(readable["invokingEvent"])["configurationItem"]["configurationItemStatus"]
        == "OK"
    )


def test_a_scheduled_event_is_passed_on_as_it_is() -> None:
    scheduled = event(
        {"messageType": "ScheduledNotification", "notificationCreationTime": "x"},
        configRuleName="rule",
        eventLeftScope=True,
        ruleParameters='{"GraceHours": "5"}',
    )
    assert normalise(scheduled) == ("ScheduledNotification", scheduled)


NO_EVENT = "This is no event of AWS Config "
ONLY = " Only AWS Config may call this function."


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({}, f"{NO_EVENT}(KeyError: 'invokingEvent').{ONLY}"),
        (
            {"invokingEvent": "{"},
            f"{NO_EVENT}(JSONDecodeError: Expecting property name enclosed in double quotes: line 1"
            f" column 2 (char 1)).{ONLY}",
        ),
        (
            event([]),
            f"{NO_EVENT}(TypeError: list indices must be integers or slices, not str).{ONLY}",
        ),
        (event({}), f"{NO_EVENT}(KeyError: 'messageType').{ONLY}"),
        (
            event({"messageType": "ConfigurationSnapshotDeliveryCompleted"}),
            'The message type "ConfigurationSnapshotDeliveryCompleted" is not one of this rule.',
        ),
        (
            event({"messageType": "ScheduledNotification"}, ruleParameters="[1]"),
            f"{NO_EVENT}(TypeError: 'list' object is not a mapping).{ONLY}",
        ),
        (
            event({"messageType": "ScheduledNotification"}),
            f"{NO_EVENT}(KeyError: 'configRuleName').{ONLY}",
        ),
        (
            event(
                {"messageType": "ConfigurationItemChangeNotification", "configurationItem": None}
            ),
            f"{NO_EVENT}(AttributeError: 'NoneType' object has no attribute 'get').{ONLY}",
        ),
        (
            event(
                {
                    "messageType": "ConfigurationItemChangeNotification",
                    "configurationItem": {"resourceId": "x", "resourceType": ""},
                }
            ),
            "The configurationItem in the event has no configurationItemCaptureTime,"
            " configurationItemStatus, resourceType.",
        ),
        *(
            (
                event(
                    {
                        "messageType": "ConfigurationItemChangeNotification",
                        "configurationItem": ITEM | {"resourceId": told},
                    }
                ),
                f'"{told}" in the configurationItem is no id of an IAM user.',
            )
            for told in ("null", "alice", "AROAEXAMPLEEXAMPLE000", 7, "AIDAEXAMPLEEXAMPLE000\n")
        ),
    ],
)
def test_what_is_no_event_of_config_is_refused(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(NotAnEvent) as caught:
        normalise(given)
    assert str(caught.value) == fault
