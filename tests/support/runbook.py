"""The runbook of template.yaml in an emulated account: put there, run, and looked at."""

import json
from dataclasses import dataclass
from typing import Any

import boto3
from moto.cloudformation.models import Stack

from emulator import Account
from emulator.iam.users import User
from emulator.ssm.automation import Execution
from tests.support.paths import ROOT

NAME = "iam-user-no-setup-access-key"
ROLE = f"arn:aws:iam::111122223333:role/{NAME}-remediation"
STEP = "QuarantineOrDeleteOffendingKeys"
PARAMETERS = {
    "AutomationAssumeRole": ROLE,
    "Criterion": "SETUP_UNUSED",
    "SetupWindowSeconds": "300",
    "GraceHours": "4",
    "QuarantineDays": "7",
    "MaxExceptionDays": "90",
}
TAG = "no-setup-access-key:quarantined:"


@dataclass(frozen=True)
class Outcome:
    """What one run told about one key."""

    id: str
    done: str
    why: str


def read_template() -> dict[str, Any]:
    """Return template.yaml, its short forms written out."""
    template: dict[str, Any] = Stack.parse_template((ROOT / "template.yaml").read_text())
    return template


def put_runbook() -> None:
    """Let CloudFormation create the document and its role, and leave the rest of the stack out."""
    template = read_template()
    wanted = ("RemediationRole", "Runbook")
    boto3.client("cloudformation").create_stack(
        StackName=NAME,
        TemplateBody=json.dumps(
            {
                "Parameters": {
                    "PermissionsBoundaryArn": template["Parameters"]["PermissionsBoundaryArn"]
                },
                "Conditions": {
                    "HasPermissionsBoundary": template["Conditions"]["HasPermissionsBoundary"]
                },
                "Resources": {name: template["Resources"][name] for name in wanted},
            }
        ),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )


def start(account: Account, user_id: str, **changed: str) -> Execution:
    """Run the document for one user, with the defaults of the rule unless changed."""
    given = {**PARAMETERS, "UserId": user_id, **changed}
    return account.automation.start_automation(
        NAME, {name: [value] for name, value in given.items()}
    )


def run(account: Account, user: User, **changed: str) -> list[Outcome]:
    """Run the document for a user, see it succeed, and return what it tells about each key."""
    execution = start(account, user.id, **changed)
    assert (execution.status, execution.failure) == ("Success", "")
    return read_outcomes(execution)


def read_outcomes(execution: Execution) -> list[Outcome]:
    """Return what an execution that succeeded tells about each key."""
    told = [json.loads(text) for text in execution.outputs[f"{STEP}.Keys"]]
    return [Outcome(each["AccessKeyId"], each["Done"], each["Why"]) for each in told]


def read_failure(execution: Execution) -> str:
    """Return the last line of a failure message: the error, and not where it was raised."""
    assert execution.status == "Failed"
    return execution.failure.splitlines()[-1]


def read_state(user: User) -> tuple[dict[str, str], dict[str, str]]:
    """Return the status of each of a user's keys, by id, and the user's tags."""
    return {key.access_key_id: key.status for key in user.access_keys}, dict(user.tag_values)
