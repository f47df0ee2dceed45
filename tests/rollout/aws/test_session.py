import json

import pytest

from tests.support.organizations import MANAGEMENT, SANDBOX, SHOP, Estate, run

MEMBERS_ONLY = f"deploy --exclude {MANAGEMENT}"


@pytest.mark.parametrize(
    "operation",
    ["ListAccounts", "CreateStackInstances", "PutOrganizationConformancePack", "PutObject"],
)
def test_a_throttled_call_is_sent_again(estate: Estate, operation: str) -> None:
    fault = estate.cloud.faults.fail("", operation, "ThrottlingException", times=3)
    assert (run(MEMBERS_ONLY).code, fault.met) == (3, 3)


def test_throttling_that_does_not_end_is_one_sentence_that_names_the_action(
    estate: Estate,
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


def test_a_member_that_throttles_is_not_seen_and_the_others_are(estate: Estate) -> None:
    fault = estate.cloud.faults.fail("", "", "Throttling", times=None)

    def is_in_shop(call: object) -> bool:
        return getattr(call, "account", "") == SHOP

    fault.matches = is_in_shop  # type: ignore[method-assign,assignment]
    outcome = run(f"check --exclude {MANAGEMENT} --member-role OrganizationAccountAccessRole")
    name = "recorder records AWS::IAM::User in 4 accounts"
    assert outcome.result(name) == "3 ok, 1 not seen"
    assert outcome.below(name)[0].startswith(f"{SHOP} shop: not seen: {SHOP} shop, us-east-1: AWS")


def test_an_account_in_no_organization_is_told_of_the_way_for_one_account(
    estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in estate.cloud.open_account("888800000000").variables().items():
        monkeypatch.setenv(name, value)
    outcome = run("status --region us-east-1")
    assert outcome.code == 2
    assert "Config recorder" in outcome.err or "--account-only" in outcome.err


def test_the_document_of_json_holds_every_line_with_its_faults(estate: Estate) -> None:
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
