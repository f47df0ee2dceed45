"""Takes AWS Config's events apart as far as rdklib cannot.

AWS's own example of an oversized event has neither notificationCreationTime nor recordVersion,
which rdklib indexes, and for its item rdklib would call GetResourceConfigHistory and trip over what
is missing there. The rule needs no more than the summary in the event.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rule.facts import whole_seconds
from rule.live import RESOURCE_TYPE

OVERSIZED = "OversizedConfigurationItemChangeNotification"
CHANGE = "ConfigurationItemChangeNotification"
SCHEDULED = "ScheduledNotification"
ITEM_FIELDS = (
    "configurationItemCaptureTime",
    "configurationItemStatus",
    "resourceId",
    "resourceType",
)
USER_ID = r"AIDA[0-9A-Za-z_]{12,124}"


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
    if item["resourceType"] == RESOURCE_TYPE and not re.fullmatch(USER_ID, str(item["resourceId"])):
        raise NotAnEvent(f'"{item["resourceId"]}" in the {source} is no id of an IAM user.')
    change = {"messageType": CHANGE, "configurationItem": item}
    return message_type, {**whole, "invokingEvent": json.dumps(change)}


def name_user(item: Mapping[str, Any]) -> str:
    """Return the name that the user had when the item was recorded, "" where it lacks one."""
    configuration = item.get("configuration") or {}
    return str(configuration.get("userName") or item.get("resourceName") or "")


def read_created(item: Mapping[str, Any]) -> datetime:
    """Return when the user was created, or at the latest: when the item was recorded."""
    configuration = item.get("configuration") or {}
    created = configuration.get("createDate") or item.get("resourceCreationTime")
    return whole_seconds(datetime.fromisoformat(created or item["configurationItemCaptureTime"]))
