"""What CloudFormation refuses, and how a stack stands afterwards."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.cloudformation.models import Stack

from emulator import Account, open_account
from emulator.s3.policies import digest_code
from tests.support.organizations import MANAGEMENT, REGION, SHOP, World, run
from tests.support.paths import ROOT

SCRIPT = """
schemaVersion: "0.3"
mainSteps:
  - name: {name}
    action: aws:executeScript
    inputs: {{Runtime: python3.11, Handler: f, Script: ""}}
"""


def template(name: str, **parameters: Any) -> str:
    """Return a template of one runbook, whose only step has that name."""
    document = {
        "Type": "AWS::SSM::Document",
        "Properties": {
            "Name": "runbook",
            "DocumentType": "Automation",
            "DocumentFormat": "YAML",
            "UpdateMethod": "NewVersion",
            "Content": SCRIPT.format(name=name),
        },
    }
    declared = {key: {"Type": "String", "Default": value} for key, value in parameters.items()}
    return json.dumps({"Parameters": declared, "Resources": {"Runbook": document}})


def read_stack() -> tuple[str, list[str]]:
    """Return the stack's status and the reasons of its failures."""
    client = boto3.client("cloudformation")
    events = client.describe_stack_events(StackName="one")["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
    status = client.describe_stacks(StackName="one")["Stacks"][0]["StackStatus"]
    return status, [each["ResourceStatusReason"] for each in failed]


def test_a_template_is_read_as_moto_reads_it_and_by_each_stack_for_itself() -> None:
    text = (ROOT / "template.yaml").read_text()
    by_moto = Stack.parse_template(text)
    with open_account():
        one, other = Stack.parse_template(text), Stack.parse_template(text)
        one["Resources"].clear()
        assert other == by_moto == Stack.parse_template(text)
        with pytest.raises(json.JSONDecodeError):
            Stack.parse_template("no: [template")


def test_a_document_text_that_stood_once_is_refused_and_the_stack_rolls_back(
    account: Account,
) -> None:
    client = boto3.client("cloudformation")
    client.create_stack(StackName="one", TemplateBody=template("first"))
    client.update_stack(StackName="one", TemplateBody=template("second"))
    assert read_stack() == ("UPDATE_COMPLETE", [])
    client.update_stack(StackName="one", TemplateBody=template("first"))
    status, (reason,) = read_stack()
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert reason.endswith("(Error Code: DuplicateDocumentContent)")
    assert client.get_template(StackName="one")["TemplateBody"] == json.loads(template("second"))


def test_a_parameter_that_the_template_does_not_declare_is_refused(account: Account) -> None:
    client = boto3.client("cloudformation")
    client.create_stack(StackName="one", TemplateBody=template("first", Kept="1"))
    with pytest.raises(ClientError, match=r"Parameters: \[Kept\] do not exist in the template"):
        client.update_stack(
            StackName="one",
            TemplateBody=template("second"),
            Parameters=[{"ParameterKey": "Kept", "UsePreviousValue": True}],
        )


def put_stack_set(**parameters: str) -> None:
    """Create a stack set and its stacks."""
    client = boto3.client("cloudformation")
    client.create_stack_set(
        StackSetName="one",
        TemplateBody=template("first", Kept="1"),
        PermissionModel="SERVICE_MANAGED",
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    )
    client.create_stack_instances(
        StackSetName="one",
        DeploymentTargets={"OrganizationalUnitIds": ["r-exam"]},
        Regions=[REGION],
    )


def test_a_stack_set_refuses_a_parameter_that_its_template_does_not_declare(
    estate: World,
) -> None:
    with pytest.raises(ClientError, match=r"Parameters: \[Foo\] do not exist in the template"):
        put_stack_set(Foo="1")


def test_each_account_tells_the_digest_of_the_code_that_it_has(estate: World) -> None:
    run(f"deploy --yes --exclude {MANAGEMENT}")
    (stack_set,) = estate.sets.sets.values()
    code = stack_set.parameters
    stored = boto3.client("s3").get_object(Bucket=code["CodeBucket"], Key=code["CodeKey"])
    digest = digest_code(stored["Body"].read())
    shop = estate.account.open_other(SHOP).session().client("lambda")
    listed = {
        each["FunctionName"]: each["CodeSha256"] for each in shop.list_functions()["Functions"]
    }
    assert {*listed.values()} == {digest}
    for name in listed:
        assert shop.get_function_configuration(FunctionName=name)["CodeSha256"] == digest
        assert shop.get_function(FunctionName=name)["Configuration"]["CodeSha256"] == digest
