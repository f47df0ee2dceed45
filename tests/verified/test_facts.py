"""Facts of AWS on which the product leans, asked of the API alone.

They hold on the emulated account in every run. Where a real account is named (docs/verify.md), they
ask that one: what each makes carries the name below, and is gone at the end.
"""

import csv
import io
import json
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import open_account
from tests.conftest import NOW
from tests.support import real_account

pytestmark = pytest.mark.aws_verified
TRIES = 40


@pytest.fixture
def aws() -> Iterator[boto3.Session]:
    """The account that is asked."""
    if real_account.wanted:
        yield real_account.open_session()
        return
    with open_account(NOW) as account:
        yield account.session()


@pytest.fixture
def user(aws: boto3.Session) -> Iterator[str]:
    """A user of this test alone."""
    iam, name = aws.client("iam"), f"aws-verified-{uuid.uuid4().hex[:12]}"
    iam.create_user(UserName=name)
    try:
        yield name
    finally:
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        iam.delete_user(UserName=name)


@pytest.fixture
def document(aws: boto3.Session) -> Iterator[str]:
    """The name of a runbook, which is deleted at the end when it was made."""
    name = f"verified-{uuid.uuid4().hex[:12]}"
    yield name
    ssm = aws.client("ssm")
    with suppress(ssm.exceptions.InvalidDocument):
        ssm.delete_document(Name=name)


def code(error: ClientError) -> str:
    """Return the code of an error."""
    return error.response["Error"]["Code"]


def refusal(call: Any, **arguments: Any) -> tuple[str, str]:
    """Return code and text of the error that a call meets."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return code(caught.value), caught.value.response["Error"]["Message"]


def runbook(step: str, variable: str = "Known") -> str:
    """Return a runbook with one step of that name, which refers to one variable."""
    return json.dumps(
        {
            "schemaVersion": "0.3",
            "parameters": {"Known": {"type": "String", "default": "x"}},
            "mainSteps": [
                {
                    "name": step,
                    "action": "aws:branch",
                    "inputs": {
                        "Choices": [
                            {
                                "NextStep": step,
                                "Variable": f"{{{{ {variable} }}}}",
                                "StringEquals": "never",
                            }
                        ]
                    },
                    "isEnd": True,
                }
            ],
        }
    )


def put_runbook(aws: boto3.Session, name: str, text: str) -> None:
    """Create a runbook of JSON."""
    aws.client("ssm").create_document(
        Name=name, Content=text, DocumentType="Automation", DocumentFormat="JSON"
    )


def test_tag_keys_that_differ_in_case_are_one(aws: boto3.Session, user: str) -> None:
    iam = aws.client("iam")
    iam.tag_user(UserName=user, Tags=[{"Key": "Team", "Value": "a"}])
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "b"}])
    assert [each["Value"] for each in iam.list_user_tags(UserName=user)["Tags"]] == ["b"]


def test_a_missing_login_profile_and_a_missing_user_are_told_apart(
    aws: boto3.Session, user: str
) -> None:
    ask = aws.client("iam").get_login_profile
    assert refusal(ask, UserName=user) == (
        "NoSuchEntity",
        f"Login Profile for User {user} cannot be found.",
    )
    gone = f"{user}-none"
    assert refusal(ask, UserName=gone) == (
        "NoSuchEntity",
        f"The user with name {gone} cannot be found.",
    )


def test_the_last_use_of_a_deleted_key_is_an_error_of_two(aws: boto3.Session, user: str) -> None:
    iam = aws.client("iam")
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    found, _ = refusal(iam.get_access_key_last_used, AccessKeyId=key)
    assert found in ("NoSuchEntity", "AccessDenied")


def test_the_credential_report_has_the_columns_and_the_row_of_root(aws: boto3.Session) -> None:
    iam = aws.client("iam")
    for _ in range(TRIES):
        with suppress(iam.exceptions.LimitExceededException):
            if iam.generate_credential_report()["State"] == "COMPLETE":
                break
        if real_account.wanted:
            time.sleep(3)
    text = iam.get_credential_report()["Content"].decode()
    header, root, *_ = csv.reader(io.StringIO(text))
    assert header[:4] == ["user", "arn", "user_creation_time", "password_enabled"]
    assert 21 <= len(header) <= 23
    assert root[0] == "<root_account>"
    assert root[2].endswith(("+00:00", "Z"))


def test_no_evaluations_are_accepted(aws: boto3.Session) -> None:
    answer = aws.client("config").put_evaluations(
        Evaluations=[], ResultToken="verified", TestMode=True
    )
    assert answer.get("FailedEvaluations", []) == []


def test_a_text_that_a_document_had_before_is_refused(aws: boto3.Session, document: str) -> None:
    ssm = aws.client("ssm")
    put_runbook(aws, document, runbook("First"))
    ssm.update_document(Name=document, Content=runbook("Second"), DocumentVersion="$LATEST")
    found, _ = refusal(
        ssm.update_document, Name=document, Content=runbook("First"), DocumentVersion="$LATEST"
    )
    assert found == "DuplicateDocumentContent"


def test_a_document_with_an_unknown_variable_is_refused(aws: boto3.Session, document: str) -> None:
    with pytest.raises(ClientError) as caught:
        put_runbook(aws, document, runbook("First", "Unknown"))
    assert code(caught.value) == "InvalidDocumentContent"


def test_a_new_version_is_not_the_default_one_by_itself(aws: boto3.Session, document: str) -> None:
    ssm = aws.client("ssm")
    put_runbook(aws, document, runbook("First"))
    ssm.update_document(Name=document, Content=runbook("Second"), DocumentVersion="$LATEST")
    described = ssm.describe_document(Name=document)["Document"]
    assert (described["DefaultVersion"], described["LatestVersion"]) == ("1", "2")


def test_a_stack_refuses_a_parameter_that_its_template_does_not_declare(
    aws: boto3.Session,
) -> None:
    template = {
        "Resources": {"Runbook": {"Type": "AWS::SSM::Document", "Properties": {"Content": {}}}}
    }
    cloudformation, name = aws.client("cloudformation"), f"verified-{uuid.uuid4().hex[:12]}"
    try:
        found = refusal(
            cloudformation.create_stack,
            StackName=name,
            TemplateBody=json.dumps(template),
            Parameters=[{"ParameterKey": "Foo", "ParameterValue": "1"}],
        )
    finally:
        cloudformation.delete_stack(StackName=name)
    assert found == ("ValidationError", "Parameters: [Foo] do not exist in the template")
