"""Takes AWS Config's events apart as far as rdklib cannot.

AWS's own example of an oversized event has neither notificationCreationTime nor recordVersion,
which rdklib indexes, and for its item rdklib would call GetResourceConfigHistory and trip over what
is missing there. The rule needs no more than the summary in the event.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rule.facts import Identity, whole_seconds

OVERSIZED = "OversizedConfigurationItemChangeNotification"
CHANGE = "ConfigurationItemChangeNotification"
SCHEDULED = "ScheduledNotification"
ITEM_FIELDS = (
    "configurationItemCaptureTime",
    "configurationItemStatus",
    "resourceId",
    "resourceType",
)


class NotAnEvent(ValueError):
    """What called the function is no event of AWS Config that this rule knows."""


def normalise(event: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the event's message type and the event in the form that rdklib reads.

    An oversized event becomes an ordinary one. Raises NotAnEvent.
    """
    try:
        invoking = json.loads(event["invokingEvent"])
        message_type = invoking["messageType"]
        parameters = json.loads(event.get("ruleParameters") or "{}") or {}
        whole = {"eventLeftScope": False, **event, "ruleParameters": json.dumps({**parameters})}
        if message_type == SCHEDULED:
            return message_type, {**whole, "configRuleName": event["configRuleName"]}
        if message_type not in (CHANGE, OVERSIZED):
            raise NotAnEvent(f'The message type "{message_type}" is not one of this rule.')
        source = "configurationItem" + ("Summary" if message_type == OVERSIZED else "")
        item = invoking[source]
        if item.get("configurationItemStatus") == "ResourceNotRecorded":
            # The user is there as before: what IAM says of it counts, as for the schedule.
            item = {**item, "configurationItemStatus": "OK"}
        missing = [name for name in ITEM_FIELDS if not item.get(name)]
    except (AttributeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise NotAnEvent(
            f"This is no event of AWS Config ({type(error).__name__}: {error}). Only AWS Config"
            " may call this function."
        ) from error
    if missing:
        raise NotAnEvent(f"The {source} in the event has no {', '.join(missing)}.")
    change = {"messageType": CHANGE, "configurationItem": item}
    return message_type, {**whole, "invokingEvent": json.dumps(change)}


def identify_item(item: Mapping[str, Any]) -> Identity | None:
    """Return the user that a configuration item is about, None where it lacks name or creation."""
    configuration = item.get("configuration") or {}
    name = configuration.get("userName") or item.get("resourceName")
    created = configuration.get("createDate") or item.get("resourceCreationTime")
    if not name or not created:
        return None
    return Identity(
        item["resourceId"],
        name,
        item.get("ARN") or configuration.get("arn") or "",
        whole_seconds(datetime.fromisoformat(created)),
    )
