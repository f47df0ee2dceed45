import json
from typing import Any

import boto3
import pytest
from botocore.parsers import ResponseParserError
from moto.s3.responses import S3Response

import rollout.aws.session
from rollout.aws.session import Session, turn_pages
from rollout.errors import CutShort
from tests.support.broken_lists import break_users_off
from tests.support.organizations import MANAGEMENT, ROLE, SANDBOX, SHOP, World, run
from tests.support.planted import plant

MEMBERS_ONLY = f"deploy --exclude {MANAGEMENT}"


@pytest.mark.parametrize(
    "operation",
    ["ListAccounts", "CreateStackInstances", "PutOrganizationConformancePack", "PutObject"],
)
def test_a_throttled_call_is_sent_again(estate: World, operation: str) -> None:
    fault = estate.cloud.faults.fail("", operation, "ThrottlingException", times=3)
    assert (run(MEMBERS_ONLY).code, fault.met) == (3, 3)


def test_throttling_that_does_not_end_is_one_sentence_that_names_the_action(
    estate: World,
) -> None:
    estate.cloud.faults.fail("", "ListStackInstances", "Throttling", times=None)
    outcome = run(MEMBERS_ONLY)
    assert (outcome.code, outcome.err) == (
        2,
        "Changed: the bucket; the code; the StackSet.\n"
        f"python -m rollout: {MANAGEMENT} management, us-east-1: AWS answered"
        " cloudformation:ListStackInstances with Throttling ten times over. Wait a minute and run"
        " the same command again; it goes on where it stopped.\n",
    )
    estate.cloud.faults.clear()
    assert run(MEMBERS_ONLY).code == 3


def test_a_member_that_throttles_is_not_seen_and_the_others_are(estate: World) -> None:
    fault = estate.cloud.faults.fail("", "", "Throttling", times=None)

    def is_in_shop(call: object) -> bool:
        return getattr(call, "account", "") == SHOP

    fault.matches = is_in_shop  # type: ignore[method-assign,assignment]
    outcome = run(f"check --exclude {MANAGEMENT} --member-role OrganizationAccountAccessRole")
    name = "recorder records AWS::IAM::User in 4 accounts"
    assert outcome.result(name) == "3 ok, 1 not seen"
    assert outcome.below(name)[0].startswith(f"{SHOP} shop: not seen: {SHOP} shop, us-east-1: AWS")


def test_a_member_where_a_proxy_answers_is_not_seen_and_the_others_are(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    explain = rollout.aws.session.raise_hopeless

    def answer(session: Session, **more: Any) -> None:
        if session.account == SHOP:
            raise ResponseParserError("<html>")
        explain(session, **more)

    monkeypatch.setattr("rollout.aws.session.raise_hopeless", answer)
    outcome = run(f"check --exclude {MANAGEMENT} --member-role OrganizationAccountAccessRole")
    name = "recorder records AWS::IAM::User in 4 accounts"
    assert outcome.result(name) == "3 ok, 1 not seen"
    assert outcome.below(name)[0].startswith(f"{SHOP} shop: not seen: What answered is not AWS:")


def test_an_account_in_no_organization_is_told_of_the_way_for_one_account(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in estate.cloud.open_account("888800000000").variables().items():
        monkeypatch.setenv(name, value)
    outcome = run("status --region us-east-1")
    assert outcome.code == 2
    assert "Config recorder" in outcome.err or "--account-only" in outcome.err


def test_the_document_of_json_holds_every_line_with_its_faults(estate: World) -> None:
    estate.members.config(SANDBOX, "us-east-1").recorders.clear()
    role = "--member-role OrganizationAccountAccessRole"
    document = json.loads(run(f"check --format json {role}").out)
    (check,) = [each for each in document["checks"] if each["check"] == "recorders"]
    assert check == {
        "check": "recorders",
        "title": "recorder records AWS::IAM::User in 4 accounts",
        "result": "1 FAULT",
        "fine": False,
        "seen": True,
        "notes": [],
    }
    assert document["faults"] == [
        {
            "account": SANDBOX,
            "check": "recorders",
            "text": f"{SANDBOX} sandbox, us-east-1: there is no Config recorder. Mend it there,"
            f" or leave the account out with --exclude {SANDBOX}.",
            "mend": "",
        }
    ]
    assert document["changes"] == []


@pytest.mark.parametrize(
    "command",
    [
        "exceptions list",
        f"restore --dry-run --all --account {SHOP}",
        "report --source members",
        "evaluate --organization",
        "remove --yes",
    ],
)
def test_a_list_of_users_that_breaks_off_is_never_an_account_with_nothing_in_it(
    estate: World, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    if command.startswith("report"):
        plant(estate)
    shop = estate.members.config(SHOP, "us-east-1").iam
    shop.add_user("eve", tags={"no-setup-access-key:exception-owner": "eve"})
    break_users_off(monkeypatch, 0)
    outcome = run(f"{command} --member-role {ROLE}")
    assert outcome.code != 0
    assert "breaks off" in outcome.out + outcome.err


def test_a_bucket_whose_list_breaks_off_is_not_taken_for_one_with_nothing_but_ours(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("deploy --yes")
    whole = S3Response.list_objects_v2

    def break_off(response: S3Response) -> Any:
        status, headers, body = whole(response)
        assert isinstance(body, str)
        return status, headers, body.replace("<IsTruncated>false", "<IsTruncated>true")

    monkeypatch.setattr(S3Response, "list_objects_v2", break_off)
    name = f"iam-user-no-setup-access-key-{MANAGEMENT}-us-east-1"
    boto3.client("s3").delete_bucket_policy(Bucket=name)
    outcome = run("deploy --yes")
    assert (outcome.code, "s3:ListBucket lists breaks off" in outcome.err) == (2, True)


def test_a_page_that_names_itself_as_the_next_one_is_no_endless_list() -> None:
    pages = turn_pages(lambda **_: {"NextToken": "again"})
    with pytest.raises(CutShort, match="the same page of a list over and over"):
        list(pages)
