"""How often a remediation may fail before AWS Config gives its user up for good."""

from datetime import timedelta
from typing import Any

import boto3
import pytest

from emulator import open_account
from rollout.names import PACK_FILE
from rollout.packs.template import load_template
from tests.conftest import NOW

RULE, RUNBOOK = "untagged", "Repair"
DOCUMENT = """
{
  "schemaVersion": "0.3",
  "assumeRole": "{{ AutomationAssumeRole }}",
  "parameters": {
    "AutomationAssumeRole": {"type": "String"}, "UserId": {"type": "String"}
  },
  "mainSteps": [
    {
      "name": "Repair",
      "action": "aws:executeScript",
      "inputs": {
        "Runtime": "python3.11",
        "Handler": "repair",
        "Script": "def repair(events, context): pass"
      }
    }
  ]
}
"""


def read_attempts() -> dict[str, int]:
    """Return the attempts and the window of the pack."""
    resources = load_template(PACK_FILE.read_text(encoding="utf-8"))["Resources"].values()
    (found,) = (
        each["Properties"]
        for each in resources
        if each["Type"] == "AWS::Config::RemediationConfiguration"
    )
    return {name: found[name] for name in ("MaximumAutomaticAttempts", "RetryAttemptSeconds")}


@pytest.mark.parametrize(
    ("attempts", "given_up"),
    [
        pytest.param({"MaximumAutomaticAttempts": 5, "RetryAttemptSeconds": 3600}, True, id="5"),
        pytest.param(read_attempts(), False, id="as the pack has it"),
    ],
)
def test_an_hour_of_failures_one_a_minute_shuts_nobody_out(
    attempts: dict[str, int], given_up: bool
) -> None:
    with open_account(NOW) as account:
        ann = account.iam.add_user("ann")
        account.add_rule(RULE, lambda event, context: None, from_pack=False)
        role = "arn:aws:iam::111122223333:role/repair"
        configuration: dict[str, Any] = {
            "ConfigRuleName": RULE,
            "TargetType": "SSM_DOCUMENT",
            "TargetId": RUNBOOK,
            "ResourceType": "AWS::IAM::User",
            "Parameters": {
                "AutomationAssumeRole": {"StaticValue": {"Values": [role]}},
                "UserId": {"ResourceValue": {"Value": "RESOURCE_ID"}},
            },
            "Automatic": True,
            **attempts,
        }
        ssm = boto3.client("ssm")
        ssm.create_document(
            Name=RUNBOOK, Content=DOCUMENT, DocumentType="Automation", DocumentFormat="YAML"
        )
        boto3.client("config").put_remediation_configurations(
            RemediationConfigurations=[configuration]
        )
        # From now on each attempt fails at once.
        ssm.delete_document(Name=RUNBOOK)
        remediations, resource = account.config.remediations, ("AWS::IAM::User", ann.id)
        remediations.note_violation(RULE, resource)
        for _ in range(60):
            remediations.deliver()
            account.clock.advance(seconds=timedelta(minutes=1).total_seconds())
        assert ((RULE, resource) in remediations.exemptions) is given_up
