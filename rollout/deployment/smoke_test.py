"""The smoke test: the deployed function judges a user who does not exist, and nothing is stored."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from rollout.aws.session import Session
from rollout.names import FUNCTION, RULE

SMOKE_USER = "AIDASMOKETESTNOSUCHUSER"


def run_smoke_test(session: Session, parameters: Mapping[str, str]) -> str:
    """Invoke the function with a change of a user who does not exist; return "" or its error.

    The result token is TESTMODE, so AWS Config stores nothing (PutEvaluations' API reference, and
    rdklib's handling of that word).
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    name = "rollout-smoke-test-no-such-user"
    item = {
        "configurationItemCaptureTime": now,
        "configurationItemStatus": "OK",
        "resourceType": "AWS::IAM::User",
        "resourceId": SMOKE_USER,
        "resourceName": name,
        "resourceCreationTime": now,
        "awsAccountId": session.account,
        "ARN": f"arn:{session.partition}:iam::{session.account}:user/{name}",
        "tags": {},
    }
    invoking = {
        "messageType": "ConfigurationItemChangeNotification",
        "configurationItem": item,
        "notificationCreationTime": now,
        "recordVersion": "1.3",
    }
    event = {
        "invokingEvent": json.dumps(invoking),
        "ruleParameters": json.dumps(dict(parameters)),
        "resultToken": "TESTMODE",
        "eventLeftScope": False,
        "executionRoleArn": "",
        "configRuleArn": "",
        "configRuleName": RULE,
        "configRuleId": "config-rule-smoke",
        "accountId": session.account,
        "version": "1.0",
    }
    client = session.awslambda
    try:
        answer = client.invoke(FunctionName=FUNCTION, Payload=json.dumps(event).encode())
    except ClientError as error:
        return str(error.response["Error"].get("Message", error))
    payload: bytes = answer["Payload"].read()
    if "FunctionError" not in answer:
        return ""
    try:
        return str(json.loads(payload).get("errorMessage", payload))
    except ValueError:
        return payload.decode(errors="replace")
