"""The runbook and its function on plain moto, by an executor that knows nothing of the emulator.

The document is the one that moto's CloudFormation stores. Moto has no Automation, runs no function
and holds no results of Config: those calls are answered here, all others by moto.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
import yaml
from botocore.client import BaseClient
from moto import mock_aws
from moto.iam.models import iam_backends

from rule import remediation
from tests.support.paths import ROOT

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse")
NAME = "iam-user-no-setup-access-key"
FUNCTION = f"arn:aws:lambda:us-east-1:123456789012:function:{NAME}"
USER = "AIDAPLAINMOTO0000001"
TAG = "no-setup-access-key:quarantined:"


class Plain:
    """An account of moto's, what its Config holds, and an executor of documents."""

    def __init__(self, patches: pytest.MonkeyPatch) -> None:
        self.held = "NON_COMPLIANT"
        self.history = list[dict[str, Any]]()
        self.iam = boto3.client("iam")
        self.answers = {
            "Invoke": self.invoke,
            "GetComplianceDetailsByResource": self.hold,
            "DescribeConfigRules": self.describe_rules,
            "ListDiscoveredResources": self.discover,
            "GetResourceConfigHistory": self.read_history,
        }
        call = BaseClient._make_api_call  # type: ignore[attr-defined]

        def answer(client: BaseClient, name: str, given: dict[str, Any]) -> Any:
            ours = self.answers.get(name)
            return ours(given) if ours else call(client, name, given)

        patches.setattr(BaseClient, "_make_api_call", answer)

    def invoke(self, given: dict[str, Any]) -> dict[str, Any]:
        """Run the function that the template names, as Lambda would."""
        told = boto3.client("lambda").get_function(FunctionName=given["FunctionName"])
        handler = told["Configuration"]["Handler"]
        assert handler == f"{remediation.__name__}.lambda_handler"
        context = SimpleNamespace(invoked_function_arn=told["Configuration"]["FunctionArn"])
        try:
            said: Any = remediation.lambda_handler(json.loads(given["Payload"]), context)
            failed = {}
        except Exception as error:  # noqa: BLE001 - as Lambda does
            said, failed = {"errorMessage": str(error)}, {"FunctionError": "Unhandled"}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **failed}

    def hold(self, given: dict[str, Any]) -> dict[str, Any]:
        """Say what the rule holds of the user."""
        assert given["ResourceId"] == USER
        qualifier = {"EvaluationResultQualifier": {"ConfigRuleName": NAME}}
        result = {"EvaluationResultIdentifier": qualifier, "ComplianceType": self.held}
        return {"EvaluationResults": [result]}

    def describe_rules(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the rule."""
        source = {"Owner": "CUSTOM_LAMBDA", "SourceIdentifier": FUNCTION}
        return {"ConfigRules": [{"ConfigRuleName": NAME, "Source": source}]}

    def discover(self, given: dict[str, Any]) -> dict[str, Any]:
        """Name the user."""
        return {"resourceIdentifiers": [{"resourceId": USER, "resourceName": "ann"}]}

    def read_history(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return what Config has recorded."""
        return {"configurationItems": self.history}

    def execute(self) -> dict[str, Any]:
        """Run the document that SSM stores, as Automation's executeScript does."""
        stored = boto3.client("ssm").get_document(Name=f"{NAME}-remediation")["Content"]
        document = yaml.safe_load(stored)
        given = {"UserId": USER, "DryRun": document["parameters"]["DryRun"]["default"]}
        (step,) = document["mainSteps"]
        inputs = step["inputs"]
        payload = {name: given[text.strip("{} ")] for name, text in inputs["InputPayload"].items()}
        scope: dict[str, Any] = {}
        exec(inputs["Script"], scope)  # noqa: S102 - what SSM does with it
        outputs: dict[str, Any] = scope[inputs["Handler"]](payload, {})
        return {
            each["Name"]: outputs[each["Selector"].rpartition(".")[2]] for each in step["outputs"]
        }

    def read(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return the status of the user's keys, and the user's tags."""
        keys = self.iam.list_access_keys(UserName="ann")["AccessKeyMetadata"]
        tags = self.iam.list_user_tags(UserName="ann")["Tags"]
        return {each["AccessKeyId"]: each["Status"] for each in keys}, {
            each["Key"]: each["Value"] for each in tags
        }


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plain]:
    """Plain moto with the stack of template.yaml and a user with a setup key."""
    # Whatever says where AWS is must not count: this moto is in the process.
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr(remediation, "LAST_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    remediation.make_remediation_clients.cache_clear()
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("empty.py", "")
    with mock_aws(config={"lambda": {"use_docker": False}}):
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="code.zip", Body=code.getvalue())
        given = {"CodeBucket": "code", "CodeKey": "code.zip"}
        boto3.client("cloudformation").create_stack(
            StackName=NAME,
            TemplateBody=(ROOT / "template.yaml").read_text(encoding="utf-8"),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": given[key]} for key in given],
        )
        account = Plain(monkeypatch)
        account.iam.create_user(UserName="ann")
        account.iam.create_login_profile(UserName="ann", Password="not a secret")
        account.iam.create_access_key(UserName="ann")
        user = iam_backends["123456789012"]["aws"].users["ann"]
        user.id = USER
        user.create_date = datetime.now(UTC).replace(microsecond=0) - timedelta(days=60)
        user.access_keys[0].create_date = user.create_date
        yield account
    remediation.make_remediation_clients.cache_clear()


def test_a_key_is_quarantined_and_deleted_when_config_has_seen_it_long_enough(plain: Plain) -> None:
    ((key_id, _),) = plain.read()[0].items()
    told = plain.execute()
    assert (told["User"], [each["Done"] for each in told["Keys"]]) == ("ann", ["quarantined"])
    statuses, tags = plain.read()
    start, end = (datetime.fromisoformat(each) for each in tags[TAG + key_id].split(" until "))
    assert (statuses, end - start) == ({key_id: "Inactive"}, timedelta(days=7))
    began = start - timedelta(days=8)
    old = f"{began:%Y-%m-%dT%H:%M:%SZ} until {began + timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}"
    plain.iam.tag_user(UserName="ann", Tags=[{"Key": TAG + key_id, "Value": old}])
    assert [each["Done"] for each in plain.execute()["Keys"]] == ["kept"]
    assert plain.read()[0] == {key_id: "Inactive"}
    plain.history = [{"tags": {TAG + key_id: old}, "configurationItemCaptureTime": began}]
    assert [each["Done"] for each in plain.execute()["Keys"]] == ["deleted"]
    assert plain.read() == ({}, {})


def test_a_user_whom_the_rule_holds_compliant_is_left_alone(plain: Plain) -> None:
    before = plain.read()
    plain.held = "COMPLIANT"
    told = plain.execute()
    assert (told["Keys"], "Nothing was done" in told["Verdict"], plain.read()) == ([], True, before)


def test_a_failure_of_the_function_fails_the_step(plain: Plain) -> None:
    plain.answers["DescribeConfigRules"] = lambda given: {"ConfigRules": []}
    with pytest.raises(RuntimeError, match="is gone by now"):
        plain.execute()
