"""AWS Config's own history as the witness of a quarantine, without which nothing is deleted.

Whoever may tag a user can write any tag, with any date in it. When AWS Config first saw it, nobody
but AWS Config can say. An item may come up to a day late where the recorder works daily.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from rule.facts import whole_seconds
from rule.live import RESOURCE_TYPE
from rule.quarantine import find_quarantine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_config import ConfigServiceClient
    from types_boto3_config.type_defs import ConfigurationItemTypeDef


def read_first_seen(
    config: "ConfigServiceClient", user_id: str, key_id: str, value: str
) -> datetime | None:
    """Return since when AWS Config has seen the key's quarantine tag with just this value.

    None where its latest item of the user has another one or none, or where it has no item. A tag
    that was away in between counts from when it came back.
    """
    first = None
    for item in read_items(config, user_id):
        if find_quarantine(item.get("tags") or {}, key_id) != value:
            break
        first = whole_seconds(item["configurationItemCaptureTime"])
    return first


def read_items(config: "ConfigServiceClient", user_id: str) -> "Iterator[ConfigurationItemTypeDef]":
    """Yield the user's configuration items, the latest first; none where nothing is recorded."""
    pages = config.get_paginator("get_resource_config_history").paginate(
        resourceType=RESOURCE_TYPE, resourceId=user_id, PaginationConfig={"PageSize": 100}
    )
    try:
        for page in pages:
            yield from page["configurationItems"]
    except (
        config.exceptions.NoAvailableConfigurationRecorderException,
        config.exceptions.ResourceNotDiscoveredException,
    ):
        return
