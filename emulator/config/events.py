"""The events AWS Config invokes a rule's function with.

Forms: a real change event for AWS::IAM::User (shared case) and the examples of AWS's page "Example
events for AWS Config rules". An oversized notification has neither notificationCreationTime nor
recordVersion there.
"""

import json
from datetime import datetime
from typing import Any

from emulator.config.items import milliseconds, summarize_item


def change_message(item: dict[str, Any], sent: datetime) -> dict[str, Any]:
    """Return the invoking event for a changed, created or deleted item."""
    return {
        "configurationItemDiff": None,
        "configurationItem": item,
        "notificationCreationTime": milliseconds(sent),
        "messageType": "ConfigurationItemChangeNotification",
        "recordVersion": "1.3",
    }


def oversized_message(item: dict[str, Any]) -> dict[str, Any]:
    """Return the invoking event for an item that is too large to be sent."""
    return {
        "configurationItemSummary": summarize_item(item),
        "messageType": "OversizedConfigurationItemChangeNotification",
    }


def schedule_message(account: str, sent: datetime) -> dict[str, Any]:
    """Return the invoking event of a periodic trigger."""
    return {
        "awsAccountId": account,
        "notificationCreationTime": milliseconds(sent),
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    }


def make_event(
    message: dict[str, Any],
    *,
    account: str,
    rule_name: str,
    rule_id: str,
    rule_arn: str,
    parameters: dict[str, str],
    token: str,
    left_scope: bool = False,
) -> dict[str, Any]:
    """Return the event as the function receives it, message and parameters as JSON text."""
    role = "aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    return {
        "version": "1.0",
        "invokingEvent": json.dumps(message, separators=(",", ":")),
        "ruleParameters": json.dumps(parameters, separators=(",", ":")),
        "resultToken": token,
        "eventLeftScope": left_scope,
        "executionRoleArn": f"arn:{rule_arn.split(':')[1]}:iam::{account}:role/{role}",
        "configRuleArn": rule_arn,
        "configRuleName": rule_name,
        "configRuleId": rule_id,
        "accountId": account,
        "evaluationMode": "DETECTIVE",
    }
