"""What AWS Config recorded of users: their items, as GetResourceConfigHistory has them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class History:
    """The items of users by id, in the order in which they were captured."""

    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def note(self, item: dict[str, Any]) -> None:
        """Keep an item."""
        self.items.setdefault(item["resourceId"], []).append(item)

    def list(self, user_id: str, oldest_first: bool) -> list[dict[str, Any]]:
        """Return a user's items in the form of the API."""
        found = [_as_answer(item) for item in self.items.get(user_id, [])]
        return found if oldest_first else found[::-1]


def _as_answer(item: dict[str, Any]) -> dict[str, Any]:
    captured = datetime.fromisoformat(item["configurationItemCaptureTime"])
    return {
        "version": item["configurationItemVersion"],
        "accountId": item["awsAccountId"],
        "configurationItemCaptureTime": captured.timestamp(),
        "configurationItemStatus": item["configurationItemStatus"],
        "configurationStateId": str(item["configurationStateId"]),
        "arn": item["ARN"],
        "resourceType": item["resourceType"],
        "resourceId": item["resourceId"],
        "resourceName": item["resourceName"],
        "awsRegion": item["awsRegion"],
        "tags": item["tags"],
    }
