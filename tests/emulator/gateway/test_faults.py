import time

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from emulator import Account
from tests.conftest import NOW

ONCE = Config(retries={"total_max_attempts": 1})


def errors(account: Account, *actions: str) -> list[str | None]:
    return [call.error for call in account.calls.made(*actions)]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        pytest.param("iam", "list_users", {}, id="a query service"),
        pytest.param("config", "describe_config_rules", {}, id="a JSON service"),
        pytest.param("lambda", "list_functions", {}, id="a REST JSON service"),
        pytest.param("s3", "list_buckets", {}, id="a REST XML service"),
    ],
)
def test_an_error_arrives_in_the_services_own_form(
    account: Account, service: str, operation: str, parameters: dict[str, str]
) -> None:
    account.faults.fail(service, "", "AccessDenied", "No & never.")
    client = boto3.client(service, config=ONCE)
    with pytest.raises(ClientError) as error:
        getattr(client, operation)(**parameters)
    assert error.value.response["Error"] | {"Type": None} == {
        "Code": "AccessDenied",
        "Message": "No & never.",
        "Type": None,
    }
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("operation", "code", "status"),
    [
        ("generate_credential_report", "LimitExceeded", 409),
        ("generate_credential_report", "ServiceFailure", 500),
        ("get_credential_report", "ReportNotPresent", 410),
        ("get_credential_report", "ReportExpired", 410),
        ("get_credential_report", "ReportInProgress", 404),
        ("get_credential_report", "Throttling", 400),
    ],
)
def test_an_error_has_the_status_of_the_service_model(
    account: Account, operation: str, code: str, status: int
) -> None:
    account.faults.fail("iam", "", code)
    with pytest.raises(ClientError) as error:
        getattr(boto3.client("iam", config=ONCE), operation)()
    assert error.value.response["Error"]["Code"] == code
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_fault_strikes_the_calls_it_names_and_as_often_as_it_says(account: Account) -> None:
    fault = account.faults.fail("iam", "ListUsers", "Throttling", skip=1, times=2)
    iam = boto3.client("iam", config=ONCE)
    for _ in range(5):
        try:
            iam.list_users()
        except ClientError:
            iam.list_groups()
    assert errors(account, "iam:ListUsers") == [None, "Throttling", "Throttling", None, None]
    assert errors(account, "iam:ListGroups") == [None, None]
    assert fault.met == 2


def test_a_call_that_was_throttled_and_sent_again_is_two_calls(account: Account) -> None:
    account.faults.fail("iam", "ListUsers", "Throttling")
    boto3.client("iam").list_users()
    assert errors(account) == ["Throttling", None]


def test_faults_end_when_they_are_cleared(account: Account) -> None:
    account.faults.fail("", "", "AccessDenied", times=None)
    iam = boto3.client("iam", config=ONCE)
    for _ in range(3):
        with pytest.raises(ClientError):
            iam.list_users()
    account.faults.clear()
    assert iam.list_users()["Users"] == []


def test_a_dropped_connection_has_no_answer(account: Account) -> None:
    account.faults.drop("iam", "ListUsers")
    iam = boto3.client("iam", config=ONCE)
    with pytest.raises(ConnectionClosedError):
        iam.list_users()
    assert iam.list_users()["Users"] == []
    assert errors(account) == ["(dropped)", None]


def test_a_call_that_is_sent_again_says_which_attempt_it_is(account: Account) -> None:
    account.faults.drop("iam", "ListUsers")
    boto3.client("iam").list_users()
    assert [each.attempt for each in account.calls.made("iam:ListUsers")] == [1, 2]


def test_a_delayed_call_is_answered_late(account: Account) -> None:
    account.faults.delay("iam", "ListUsers", 0.05)
    begin = time.perf_counter()
    assert boto3.client("iam").list_users()["Users"] == []
    assert time.perf_counter() - begin >= 0.05


def test_a_delayed_call_can_fail_as_well(account: Account) -> None:
    account.faults.delay("iam", "", 0.001)
    account.faults.fail("iam", "", "AccessDenied")
    with pytest.raises(ClientError):
        boto3.client("iam", config=ONCE).list_users()


def test_calls_are_recorded_with_what_was_asked(account: Account) -> None:
    account.iam.add_user("ann", tags={"team": "red"})
    with account.calls.since_now() as during:
        boto3.client("iam").tag_user(UserName="ann", Tags=[{"Key": "a", "Value": "b"}])
        boto3.client("config").put_evaluations(
            Evaluations=[], ResultToken="TESTMODE", TestMode=True
        )
        with pytest.raises(ClientError):
            boto3.client("iam").get_user(UserName="nobody")
    boto3.client("iam").list_users()
    seen = [(call.action, call.parameters, call.error) for call in during.made()]
    assert seen == [
        ("iam:TagUser", {"UserName": "ann", "Tags": [{"Key": "a", "Value": "b"}]}, None),
        (
            "config:PutEvaluations",
            {"Evaluations": [], "ResultToken": "TESTMODE", "TestMode": True},
            None,
        ),
        ("iam:GetUser", {"UserName": "nobody"}, "NoSuchEntity"),
    ]
    assert {(call.account, call.region, call.caller) for call in during.made()} == {
        (
            "111122223333",
            "us-east-1",
            "arn:aws:sts::111122223333:assumed-role/Operator/emulator",
        )
    }
    assert account.calls.count() == 4
    assert account.calls.count("iam:GetUser", "iam:TagUser") == 2


def test_nothing_is_recorded_when_the_account_is_set_up_from_python(account: Account) -> None:
    account.iam.add_key(account.iam.add_user("ann", password=NOW))
    assert account.calls.actions() == []
