import os
import socket
import time
from datetime import UTC, datetime, timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.awslambda.models import lambda_backends
from moto.cloudformation.models import Stack, cloudformation_backends
from moto.cloudformation.parsing import ResourceMap, get_model_map, get_name_type_map
from moto.config.models import MANAGED_RULES_CONSTRAINTS, ConfigBackend, config_backends
from moto.core import responses
from moto.core.base_backend import AccountSpecificBackend
from moto.iam.models import IAMBackend, iam_backends
from moto.organizations.models import organizations_backends
from moto.s3.models import FakeBucket
from moto.ssm.models import ssm_backends

from emulator import Account, Cloud, open_account
from emulator.clock import cut_fraction
from emulator.cloud import CloudAlreadyOpen
from tests.conftest import NOW


def test_the_time_of_the_process_is_the_clouds_until_it_closes() -> None:
    before = datetime.now(UTC)
    with open_account(NOW, ticking=False) as account:
        inside = datetime.now(UTC)
        later = account.clock.advance(days=8, hours=1)
        account.clock.move_to(NOW)
        back = datetime.now(UTC)
    assert (inside, later, back) == (NOW, NOW + timedelta(days=8, hours=1), NOW)
    assert before <= datetime.now(UTC) < before + timedelta(minutes=1)


def read_moto() -> dict[str, object]:
    """Return what stands in each place in which this package changes moto."""
    return {
        "bucket policies": FakeBucket.get_permission,
        "resources of stacks": dict(get_model_map()),
        "names of resources": dict(get_name_type_map()),
        "partition of stacks": vars(ResourceMap)["__init__"],
        "rules of AWS": dict(MANAGED_RULES_CONSTRAINTS),
        "operations of services": vars(responses)["method_names_from_class"],
        "names of operations": vars(responses)["camelcase_to_underscores"],
        "iam": iam_backends.backend,
        "config": config_backends.backend,
        "lambda": lambda_backends.backend,
        "cloudformation": cloudformation_backends.backend,
        "organizations": organizations_backends.backend,
        "ssm": ssm_backends.backend,
        "texts of templates": Stack.parse_template,
    }


def test_nothing_of_moto_stays_changed_when_the_cloud_has_closed() -> None:
    before = read_moto()
    for _ in range(2):
        with open_account(NOW):
            inside = read_moto()
            assert [place for place in before if inside[place] == before[place]] == []
        after = read_moto()
        assert [place for place in before if after[place] != before[place]] == []


def test_a_region_that_aws_does_not_have_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with open_account(NOW), pytest.raises(ClientError, match="valid Region, not 'us-west-7'"):
        boto3.client("config", region_name="us-west-7").describe_config_rules()
    assert "Traceback" not in capfd.readouterr().err


def test_the_clock_ticks_on() -> None:
    with open_account(NOW) as account:
        time.sleep(0.001)
        assert account.clock.now() > NOW


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-09-01T12:00:00 has no time zone"):
        cut_fraction(NOW.replace(tzinfo=None))


def test_the_environment_counts_for_nothing_and_is_as_it_was_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # As in a process that has not used moto before: its session is made once.
    AccountSpecificBackend.get_session.cache_clear()
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", "https://iam.example.com")
    before = dict(os.environ)
    with open_account(NOW) as account:
        assert {name: os.environ[name] for name in os.environ if name.startswith("AWS_")} == {
            name: value for name, value in account.variables().items() if name.startswith("AWS_")
        }
    assert dict(os.environ) == before


def test_a_cloud_leaves_nothing_behind_for_the_next() -> None:
    urls = []
    for _ in range(3):
        with open_account(NOW) as account:
            urls.append(account.url)
            assert boto3.client("iam").list_users()["Users"] == []
            account.iam.add_user("ann")
    assert len(set(urls)) == 1
    assert (iam_backends.backend, config_backends.backend) == (IAMBackend, ConfigBackend)
    assert (dict(iam_backends), dict(config_backends)) == ({}, {})


def test_plain_clients_reach_whichever_account_is_open() -> None:
    seen = []
    for account_id in ("111122223333", "444455556666", "111122223333"):
        with open_account(NOW, account_id=account_id) as account:
            account.iam.add_user("ann")
            seen.append(boto3.client("iam").list_users()["Users"][0]["Arn"].split(":")[4])
    assert seen == ["111122223333", "444455556666", "111122223333"]


def test_what_was_set_on_the_default_session_once_holds_in_the_next_cloud() -> None:
    seen = []
    with open_account(NOW):
        boto3.setup_default_session()
        session = boto3.DEFAULT_SESSION
        assert session is not None
        session.events.register("before-call.iam", lambda **_: seen.append("called"))
        boto3.client("iam").list_users()
    with open_account(NOW):
        boto3.client("iam").list_users()
    boto3.DEFAULT_SESSION = None
    assert seen == ["called", "called"]


def test_a_port_that_somebody_else_took_meanwhile_is_left_alone() -> None:
    with open_account(NOW) as account:
        port = int(account.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)), open_account(NOW) as account:
        assert boto3.client("iam").list_users()["Users"] == []
        assert account.url != f"http://127.0.0.1:{port}"


def test_a_clock_that_does_not_run_cannot_be_moved() -> None:
    with pytest.raises(RuntimeError, match="The clock is not running"):
        Cloud(NOW).clock.advance(hours=1)


def test_a_client_that_was_kept_reaches_the_next_cloud() -> None:
    with open_account(NOW):
        kept = boto3.client("iam")
        kept.list_users()
    with open_account(NOW) as account:
        account.iam.add_user("ann")
        assert [user["UserName"] for user in kept.list_users()["Users"]] == ["ann"]


def test_a_cloud_that_fails_while_opening_is_closed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("emulator.cloud.Server.start", lambda self: 1 / 0)
        with pytest.raises(ZeroDivisionError), Cloud(NOW):
            pass
    assert iam_backends.backend is IAMBackend
    with Cloud(NOW):
        pass


def test_two_clouds_at_once_are_refused() -> None:
    with Cloud(NOW), pytest.raises(CloudAlreadyOpen, match="is open already"), Cloud(NOW):
        pass


def test_opening_takes_well_under_a_second() -> None:
    begin = time.process_time()  # not the wall clock: a busy machine proves nothing
    with open_account(NOW):
        boto3.client("iam").list_users()
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("status", ["Inactive", "Expired", "unknown"])
def test_a_key_that_is_not_active_opens_nothing(status: str) -> None:
    with open_account(NOW) as account:
        key_id = "AKIAUNKNOWNUNKNOWN22"
        if status != "unknown":
            key = account.iam.add_key(account.iam.add_user("ann"), status=status)
            key_id = key.access_key_id
        client = boto3.client("iam", aws_access_key_id=key_id, aws_secret_access_key="x")
        with pytest.raises(ClientError) as error:
            client.list_users()
        assert error.value.response["Error"]["Code"] == "InvalidClientTokenId"
        assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_assumed_role_is_named_as_the_caller() -> None:
    role = "arn:aws:iam::444455556666:role/reader"
    with open_account(NOW) as account:
        account.open_other("444455556666").iam.add_user("bob")
        credentials = boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="reading")[
            "Credentials"
        ]
        users = boto3.client(
            "iam",
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials["SessionToken"],
        ).list_users()["Users"]
        last = account.calls.made()[-1]
    assert [user["UserName"] for user in users] == ["bob"]
    assert (last.account, last.caller) == ("444455556666", role)


@pytest.mark.parametrize(
    ("headers", "body", "answer"),
    [
        pytest.param({}, b"", "POST / is not signed.", id="no signature"),
        pytest.param(
            {"Authorization": "AWS4 Credential=AKIA/20260901/us-east-1/iam/aws4_request"},
            b"Action=Frobnicate",
            "iam: Frobnicate is no operation that botocore knows.",
            id="an operation that is none",
        ),
        pytest.param(
            {
                "Authorization": "AWS4 Credential=AKIA/20260901/us-east-1/lambda/aws4_request",
                "Content-Type": "application/json",
            },
            b"",
            "lambda: POST / is no operation that botocore knows.",
            id="a path that is none",
        ),
        pytest.param(
            {"Authorization": "AWS4 Credential=AKIA/20260901/us-east-1/nothing/aws4_request"},
            b"",
            "nothing is no service that botocore knows.",
            id="a service that is none",
        ),
    ],
)
def test_what_no_aws_client_sends_is_refused(
    account: Account, headers: dict[str, str], body: bytes, answer: str
) -> None:
    with pytest.raises(HTTPError) as error:
        urlopen(Request(account.url, body, headers, method="POST"))
    assert (error.value.code, error.value.read().decode()) == (403, answer)
    assert account.calls.actions() == []


def test_an_operation_that_nobody_has_written_is_named_at_once() -> None:
    with open_account(NOW) as account:
        with pytest.raises(ClientError, match="has not been implemented"):
            boto3.client("config").get_custom_rule_policy()
        assert account.calls.actions() == ["config:GetCustomRulePolicy"]
