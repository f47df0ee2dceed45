"""Configuration items of AWS::IAM::User in the form AWS Config records them.

The form is that of a real change event (shared case `iam-user-change-event.json`): awsRegion
"global", createDate with milliseconds, the tags twice, and nothing about passwords or keys.
"""

from datetime import UTC, datetime
from typing import Any

from emulator.iam.models import Iam
from emulator.iam.users import User

USER_TYPE = "AWS::IAM::User"
GONE = ("ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded")


def milliseconds(moment: datetime) -> str:
    """Return `moment` as Config writes times: 2019-06-25T08:37:33.000Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_item(iam: Iam, user: User, status: str, captured: datetime) -> dict[str, Any]:
    """Return the user's item as captured at `captured`.

    An item of a user that is gone, or is not recorded any more, has no configuration, tags or times
    of its own; that it still has name and ARN is an assumption (M).
    """
    gone = status in GONE
    tags = [] if gone else user.tags or []
    return {
        "relatedEvents": [],
        "relationships": [] if gone else _relationships(iam, user),
        "configuration": None if gone else _configuration(user, tags),
        "supplementaryConfiguration": {},
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
        "configurationItemVersion": "1.3",
        "configurationItemCaptureTime": milliseconds(captured),
        "configurationStateId": int(captured.timestamp() * 1000),
        "awsAccountId": iam.account_id,
        "configurationItemStatus": status,
        "resourceType": USER_TYPE,
        "resourceId": user.id,
        "resourceName": user.name,
        "ARN": user.arn,
        "awsRegion": "global",
        "availabilityZone": "Not Applicable",
        "configurationStateMd5Hash": "",
        "resourceCreationTime": None if gone else milliseconds(user.create_date),
    }


def summarize_item(item: dict[str, Any]) -> dict[str, Any]:
    """Return the `configurationItemSummary` that an oversized notification carries instead."""
    left_out = (
        "relatedEvents",
        "relationships",
        "configuration",
        "supplementaryConfiguration",
        "tags",
    )
    changes = {"ResourceDiscovered": "CREATE", "OK": "UPDATE"}
    change = changes.get(item["configurationItemStatus"], "DELETE")
    summary = {key: value for key, value in item.items() if key not in left_out}
    return {"changeType": change, **summary}


def _configuration(user: User, tags: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "path": user.path,
        "userName": user.name,
        "userId": user.id,
        "arn": user.arn,
        "createDate": milliseconds(user.create_date),
        "userPolicyList": [
            {"policyName": policy["PolicyName"], "policyDocument": policy["PolicyDocument"]}
            for policy in user.user_policy_list
        ],
        "groupList": user.group_list,
        "attachedManagedPolicies": [
            {"policyName": policy["PolicyName"], "policyArn": policy["PolicyArn"]}
            for policy in user.attached_managed_policies
        ],
        "permissionsBoundary": None,
        "tags": [{"key": tag["Key"], "value": tag["Value"]} for tag in tags],
    }


def _relationships(iam: Iam, user: User) -> list[dict[str, str]]:
    return [
        {
            "resourceId": group.id,
            "resourceName": group.name,
            "resourceType": "AWS::IAM::Group",
            "name": "Is attached to Group",
        }
        for group in iam.get_groups_for_user(user.name)
    ]
