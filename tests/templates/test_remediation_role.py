"""Both roles of the remediation have what they call and nothing more: by recorded calls.

The automation role starts one function; the function's role reads and changes the account's users.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator import Account, open_account
from emulator.gateway.calls import Call
from emulator.iam.roles import trusts_service
from tests.conftest import NOW
from tests.support.policy_simulator import ALLOW, IMPLICIT, AuthorizationRequest, decide
from tests.support.runbook import DOCUMENT, REMEDIATOR, ROLE, TAG, put_runbook, read_outcomes, start
from tests.templates.test_permissions import (
    OF_LAMBDA_ITSELF,
    Policy,
    find_refused,
    find_unused,
    list_grants,
    read_policy,
    read_reference,
    takes_resource,
)

CREATED = NOW - timedelta(days=60)
USER = "arn:aws:iam::111122223333:user/people/ann"
KEY = "AKIAEXAMPLE000000001"


@pytest.fixture(scope="module")
def account(package: Path) -> Iterator[Account]:
    """An account in which the runbook has gone every way it can go."""
    with open_account(NOW, ticking=False) as opened:
        put_runbook(opened, package)
        go_every_way(opened)
        yield opened


@pytest.fixture(scope="module")
def policy(account: Account) -> Policy:
    """The one policy of the function's role, as it was deployed."""
    return read_policy(REMEDIATOR.rpartition("/")[2])


def go_every_way(account: Account) -> None:
    """Run the document so that each of its calls is made: see what each run does."""
    ann = account.iam.add_user("ann", path="/people/", created=CREATED, password=CREATED)
    account.iam.add_key(ann, created=CREATED)
    assert finish(account, ann.id) == ["quarantined"]
    account.clock.advance(days=7)
    assert finish(account, ann.id) == ["deleted"]
    used = account.iam.add_key(ann, created=CREATED, last_used=NOW)
    ann.tag_values[TAG + used.access_key_id] = "2026-09-01T00:00:00Z started"
    assert finish(account, ann.id) == ["kept"]
    ann.tag_values[TAG + KEY] = "2026-09-01T00:00:00Z started"
    assert finish(account, ann.id) == ["kept", "kept"]
    account.config.unrecorded.add(ann.id)
    assert finish(account, ann.id) == ["kept"]
    ann.set_password(account.clock.now())
    assert finish(account, ann.id) == ["kept"]
    ann.remove_password()
    assert finish(account, ann.id) == ["kept"]
    assert finish(account, "AIDAEXAMPLE000000001") == []


def finish(account: Account, user_id: str) -> list[str]:
    """Run the document and return what was done about each key."""
    return [each.done for each in read_outcomes(start(account, user_id))]


def list_requests(account: Account) -> list[AuthorizationRequest]:
    """Return the calls that were made as the function's role, as IAM judges them."""
    return [make_request(call) for call in account.calls.made() if call.caller == REMEDIATOR]


def make_request(call: Call) -> AuthorizationRequest:
    """Return a recorded call as IAM judges it; every user here is below /people/."""
    given = call.parameters
    tags = given.get("TagKeys") or [tag["Key"] for tag in given.get("Tags", ())]
    resource = USER if takes_resource(call.action) else "*"
    return AuthorizationRequest(call.action, resource, {"aws:TagKeys": tags} if tags else {})


def test_every_call_of_the_runbook_is_granted_and_every_grant_is_used(
    account: Account, policy: Policy
) -> None:
    requests = list_requests(account)
    assert find_refused(policy, requests) == []
    assert find_unused(policy, requests) == []
    assert {request.action for request in requests} | OF_LAMBDA_ITSELF == {*list_grants(policy)}


def test_the_automation_role_can_start_the_one_function_and_nothing_else(account: Account) -> None:
    policy = read_policy(ROLE.rpartition("/")[2])
    functions = "arn:aws:lambda:us-east-1:111122223333:function:"
    own = functions + DOCUMENT
    made = {call.action for call in account.calls.made() if call.caller == ROLE}
    assert made == {"lambda:Invoke"}
    assert list_grants(policy) == ["lambda:InvokeFunction"]
    for resource, decision in (
        (own, ALLOW),
        (f"{own}-2", IMPLICIT),
        (f"{own}:1", IMPLICIT),
        (own.removesuffix("-remediation"), IMPLICIT),
        (own.replace("111122223333", "444455556666"), IMPLICIT),
        ("*", IMPLICIT),
    ):
        assert decide([policy], AuthorizationRequest("lambda:InvokeFunction", resource)) == decision
    actions = [
        f"{service}:{name}"
        for service, known in read_reference().items()
        for name in known["Actions"]
    ]
    assert len(actions) > 10_000, "the reference of all of AWS's actions"
    for resource, allowed in ((own, ["lambda:invokefunction"]), ("*", [])):
        found = [
            each
            for each in actions
            if decide([policy], AuthorizationRequest(each, resource)) != IMPLICIT
        ]
        assert found == allowed, resource


@pytest.mark.parametrize("action", ["iam:TagUser", "iam:UntagUser"])
@pytest.mark.parametrize(
    ("keys", "decision"),
    [
        pytest.param([TAG + KEY], ALLOW, id="a quarantine"),
        pytest.param([TAG + KEY, TAG + "AKIAEXAMPLE000000002"], ALLOW, id="two quarantines"),
        pytest.param(["no-setup-access-key:exception-owner"], IMPLICIT, id="an exception"),
        pytest.param([TAG + KEY, "team"], IMPLICIT, id="a quarantine and another tag"),
        pytest.param(["team"], IMPLICIT, id="another tag"),
        pytest.param([TAG.removesuffix(":")], IMPLICIT, id="a name that only begins like ours"),
        pytest.param(["x" + TAG + KEY], IMPLICIT, id="a name that only ends like ours"),
        pytest.param(None, IMPLICIT, id="no tag key at all"),
    ],
)
def test_only_quarantines_may_be_tagged(
    policy: Policy, action: str, keys: list[str] | None, decision: str
) -> None:
    context: dict[str, str | list[str]] = {} if keys is None else {"aws:TagKeys": keys}
    assert decide([policy], AuthorizationRequest(action, USER, context)) == decision


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param("arn:aws:iam::444455556666:user/people/ann", id="a user of another account"),
        pytest.param("arn:aws:iam::111122223333:role/ann", id="a role"),
        pytest.param("*", id="everything"),
    ],
)
def test_users_of_the_own_account_alone_may_be_read_and_changed(
    policy: Policy, resource: str
) -> None:
    about_users = {each for each in list_grants(policy) if takes_resource(each)} - OF_LAMBDA_ITSELF
    context = {"aws:TagKeys": [TAG + KEY]}
    allowed = [
        action
        for action in sorted(about_users)
        if decide([policy], AuthorizationRequest(action, resource, context)) != IMPLICIT
    ]
    assert allowed == []


def test_nobody_but_lambda_may_assume_the_role_that_changes_keys(account: Account) -> None:
    role = boto3.client("iam").get_role(RoleName=REMEDIATOR.rpartition("/")[2])["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]


def test_nobody_but_automation_of_this_account_may_assume_the_role(account: Account) -> None:
    role = boto3.client("iam").get_role(RoleName=ROLE.rpartition("/")[2])["Role"]
    policy: Any = role["AssumeRolePolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Service": "ssm.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:SourceAccount": "111122223333"},
            "ArnLike": {"aws:SourceArn": "arn:aws:ssm:*:111122223333:automation-execution/*"},
        },
    }


@pytest.mark.parametrize(
    ("service", "source", "trusted"),
    [
        ("ssm.amazonaws.com", "ssm:us-east-1:111122223333:automation-execution/x", True),
        ("ssm.amazonaws.com", "ssm:us-east-1:444455556666:automation-execution/x", False),
        ("ssm.amazonaws.com", "ssm:us-east-1:111122223333:document/x", False),
        ("lambda.amazonaws.com", "ssm:us-east-1:111122223333:automation-execution/x", False),
    ],
    ids=["an execution here", "one of another account", "no execution", "another service"],
)
def test_the_emulator_goes_by_the_trust_policy(
    account: Account, service: str, source: str, trusted: bool
) -> None:
    found = trusts_service("111122223333", "us-east-1", ROLE, service, f"arn:aws:{source}")
    assert found is trusted
