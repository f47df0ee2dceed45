"""Least privilege: the roles of template.yaml grant every call that is made, and no other.

The calls are those that reach the emulated account from the deployed code on every path. Which
actions take a resource is read from the service authorization reference that cfn-lint carries.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import boto3
import pytest

from emulator import Account
from emulator.config.events import change_message, oversized_message
from emulator.config.items import make_item
from emulator.config.rules import Rule
from emulator.gateway.calls import Call
from emulator.iam.users import User
from rollout.names import RULE
from tests.conftest import NOW
from tests.support.policy_simulator import ALLOW, AuthorizationRequest, decide, read_statements

ACCOUNT = "111122223333"
EVALUATOR, REMEDIATION, REMEDIATOR = (
    f"{RULE}-{each}" for each in ("evaluator", "remediation", "remediator")
)
OF_LAMBDA_ITSELF = {"logs:CreateLogStream", "logs:PutLogEvents"}
LONG_AGO = NOW - timedelta(days=60)
Policy = Mapping[str, Any]


@cache
def read_reference() -> dict[str, Any]:
    """Return the service authorization reference: actions and their resource types by service."""
    file = files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json"
    reference: dict[str, Any] = json.loads(file.read_text())
    return reference


def takes_resource(action: str) -> bool:
    """Does AWS take a resource for the action? Otherwise its policy must say "*"."""
    service, name = action.split(":")
    return bool(read_reference()[service]["Actions"][name.lower()].get("Resources"))


def read_policy(role: str) -> Policy:
    """Return the one inline policy of a deployed role, as IAM has it."""
    iam = boto3.client("iam")
    (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    document: Any = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    policy: Policy = document
    return policy


def make_request(call: Call, account: Account, rule: Rule) -> AuthorizationRequest:
    """Return what IAM would judge of a recorded call."""
    given, resource = call.parameters, "*"
    if takes_resource(call.action):
        if call.service == "config":
            resource = account.config.config_rules[given["ConfigRuleName"]].config_rule_arn
        else:
            name = given.get("UserName") or owner_of(account, given["AccessKeyId"])
            users = [user for user in account.iam.users.values() if user.name == name]
            path = users[0].path if users else "/"
            resource = f"arn:aws:iam::{call.account}:user{path}{name}"
    tags = given.get("TagKeys") or [tag["Key"] for tag in given.get("Tags", [])]
    return AuthorizationRequest(call.action, resource, {"aws:TagKeys": tags} if tags else {})


def owner_of(account: Account, key_id: str) -> str:
    """Return the name of a key's user, also of a key that was deleted meanwhile."""
    deleted = account.calls.made("iam:DeleteAccessKey")
    names = {call.parameters["AccessKeyId"]: call.parameters["UserName"] for call in deleted}
    return str(names.get(key_id) or account.iam.access_keys[key_id].user_name)


def find_refused(policy: Policy, requests: Iterable[AuthorizationRequest]) -> list[str]:
    """Return the requests that the policy does not allow."""
    return sorted({f"{r.action} on {r.resource}" for r in requests if decide([policy], r) != ALLOW})


def list_grants(policy: Policy) -> list[str]:
    """Return every action that the policy names; a wildcard in one would be a grant of its own."""
    return [
        action
        for statement in read_statements(policy)
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    ]


def find_unused(policy: Policy, requests: Iterable[AuthorizationRequest]) -> list[str]:
    """Return the actions that are granted and were never called, less what Lambda itself calls."""
    used = {request.action for request in requests} | OF_LAMBDA_ITSELF
    return sorted(set(list_grants(policy)) - used)


def find_too_wide(policy: Policy) -> list[str]:
    """Return the actions that are granted on everything, though AWS takes a resource for them."""
    return sorted(
        action
        for statement in read_statements(policy)
        if statement["Resource"] == "*"
        for action in list_grants({**policy, "Statement": [statement]})
        if takes_resource(action)
    )


class Paths:
    """Every path of the evaluator, driven through the deployed rule."""

    def __init__(self, account: Account, rule: Rule) -> None:
        self.account = account
        self.rule = rule

    def add(self, name: str, *, password: datetime | None = LONG_AGO, keys: int = 1) -> User:
        """Add a user of long ago, below a path."""
        user = self.account.iam.add_user(name, created=LONG_AGO, password=password, path="/staff/")
        for _ in range(keys):
            self.account.iam.add_key(user, created=LONG_AGO)
        return user

    def capture(self, user: User) -> dict[str, Any]:
        """Return the user's configuration item as it is now."""
        return make_item(self.account.iam, user, "OK", datetime.now(UTC))

    def send(self, item: dict[str, Any], attempts: int = 1) -> None:
        """Send a change event with this item; it must succeed at this attempt."""
        run = self.rule.send(change_message(item, datetime.now(UTC)))
        assert (run.succeeded, len(run.errors)) == (True, attempts - 1), run.errors

    def schedule_an_account_of_every_kind_of_user(self) -> None:
        self.add("robot", password=None)
        self.add("finding", keys=2)
        used = self.add("used", keys=0)
        self.account.iam.add_key(used, created=LONG_AGO, last_used=NOW)
        self.account.iam.add_key(used, created=LONG_AGO, status="Inactive")
        assert self.rule.send_schedule().errors == []

    def schedule_with_stored_results(self) -> None:
        self.account.iam.delete_login_profile("finding")
        assert self.rule.send_schedule().errors == []

    def schedule_that_sets_a_process_check(self) -> None:
        source: Any = {"Owner": "AWS", "SourceIdentifier": "AWS_CONFIG_PROCESS_CHECK"}
        check: Any = {"ConfigRuleName": "by-hand", "Source": source}
        boto3.client("config").put_config_rule(ConfigRule=check)
        stored = self.account.config.config_rules[self.rule.name]
        stored.input_parameters_dict["ProcessCheckRule"] = "by-hand"
        assert self.rule.send_schedule().errors == []
        assert len(self.account.config.results("by-hand").stored()) == 1

    def change_without_a_password(self) -> None:
        self.send(self.capture(self.add("no-password", password=None)))

    def change_with_two_keys(self) -> None:
        self.send(self.capture(self.add("two-keys", keys=2)))

    def an_oversized_event(self) -> None:
        run = self.rule.send(oversized_message(self.capture(self.add("oversized"))))
        assert run.errors == []

    def a_message_that_does_not_say_what_is_missing(self) -> None:
        item = self.capture(self.add("unclear", password=None))
        self.account.faults.fail("iam", "GetLoginProfile", "NoSuchEntity", "Something is missing.")
        self.send(item)

    def a_renamed_user(self) -> None:
        item = self.capture(self.add("old-name"))
        self.account.iam.update_user("old-name", new_user_name="new-name")
        self.send(item)

    def a_renamed_user_that_config_has_not_recorded(self) -> None:
        user = self.add("old-unrecorded")
        item = self.capture(user)
        self.account.config.unrecorded.add(user.id)
        self.account.iam.update_user("old-unrecorded", new_user_name="new-unrecorded")
        self.send(item)

    def a_password_younger_than_the_event(self) -> None:
        user = self.add("late-password", password=None)
        item = self.capture(user)
        self.account.clock.advance(minutes=5)
        user.set_password(self.account.clock.now())
        self.send(item)

    def a_key_that_seems_to_vanish(self) -> None:
        item = self.capture(self.add("vanishing"))
        self.account.faults.fail("iam", "GetAccessKeyLastUsed", "AccessDenied")
        self.send(item, attempts=2)

    def a_deleted_user(self) -> None:
        user = self.add("deleted", password=None, keys=0)
        self.account.iam.delete_user("deleted")
        assert self.rule.send_change(user, "ResourceDeleted").errors == []

    def a_deleted_user_with_an_event_from_before(self) -> None:
        user = self.add("deleted-since", password=None, keys=0)
        item = self.capture(user)
        self.account.iam.delete_user("deleted-since")
        self.send(item)

    def an_item_without_a_name(self) -> None:
        item = self.capture(self.add("nameless"))
        self.send({**item, "configuration": None, "resourceName": None})

    def drive(self) -> None:
        """Go down every path."""
        paths: list[Callable[[], None]] = [
            self.schedule_an_account_of_every_kind_of_user,
            self.schedule_with_stored_results,
            self.schedule_that_sets_a_process_check,
            self.change_without_a_password,
            self.change_with_two_keys,
            self.an_oversized_event,
            self.a_message_that_does_not_say_what_is_missing,
            self.a_renamed_user,
            self.a_renamed_user_that_config_has_not_recorded,
            self.a_password_younger_than_the_event,
            self.a_key_that_seems_to_vanish,
            self.a_deleted_user,
            self.a_deleted_user_with_an_event_from_before,
            self.an_item_without_a_name,
        ]
        for path in paths:
            path()


def test_the_evaluator_may_do_what_it_does_and_nothing_else(
    account: Account, deployed: Rule
) -> None:
    with account.calls.since_now() as calls:
        Paths(account, deployed).drive()
    made = [call for call in calls.made() if call.caller.endswith(f"role/{EVALUATOR}")]
    requests = [make_request(call, account, deployed) for call in made]
    policy = read_policy(EVALUATOR)
    assert find_refused(policy, requests) == []
    assert find_unused(policy, requests) == []
    assert {call.account for call in made} == {ACCOUNT}


@pytest.mark.parametrize("role", [EVALUATOR, REMEDIATION, REMEDIATOR])
def test_each_grant_is_on_the_narrowest_resource_that_aws_takes(deployed: Rule, role: str) -> None:
    policy = read_policy(role)
    assert find_too_wide(policy) == []
    assert [action for action in list_grants(policy) if "*" in action] == []
    for statement in read_statements(policy):
        resource = str(statement["Resource"])
        if resource != "*":
            service, region, owner, what = resource.split(":", 5)[2:]
            assert (owner, region in ("", "us-east-1")) == (ACCOUNT, True)
            assert (service, what) in {
                ("iam", "user/*"),
                ("config", "config-rule/*"),
                ("logs", f"log-group:/aws/lambda/{RULE}:*"),
                ("logs", f"log-group:/aws/lambda/{RULE}-remediation:*"),
                ("lambda", f"function:{RULE}-remediation"),
            }


def test_what_lambda_itself_writes_is_granted_on_the_own_log_group_alone(deployed: Rule) -> None:
    policy = read_policy(EVALUATOR)
    group = "arn:aws:logs:us-east-1:111122223333:log-group:"
    ours, theirs = f"{group}/aws/lambda/{RULE}", f"{group}/aws/lambda/other"
    for action in OF_LAMBDA_ITSELF:
        assert decide([policy], AuthorizationRequest(action, f"{ours}:log-stream:s")) == ALLOW
        assert decide([policy], AuthorizationRequest(action, f"{theirs}:log-stream:s")) != ALLOW


READ_ALICE = AuthorizationRequest("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/staff/alice")


def grant(action: str, resource: str) -> Policy:
    """Return a policy of one statement."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("policy", "refused", "unused", "too_wide"),
    [
        pytest.param(
            grant("iam:GetUser", f"arn:aws:iam::{ACCOUNT}:user/*"), [], [], [], id="what is needed"
        ),
        pytest.param(
            grant("iam:ListUsers", "*"),
            [f"iam:GetUser on {READ_ALICE.resource}"],
            ["iam:ListUsers"],
            [],
            id="another action",
        ),
        pytest.param(
            grant("iam:GetUser", "arn:aws:iam::999988887777:user/*"),
            [f"iam:GetUser on {READ_ALICE.resource}"],
            [],
            [],
            id="another account",
        ),
        pytest.param(grant("iam:GetUser", "*"), [], [], ["iam:GetUser"], id="every resource"),
    ],
)
def test_the_check_sees_what_is_missing_and_what_is_too_much(
    policy: Policy, refused: list[str], unused: list[str], too_wide: list[str]
) -> None:
    assert find_refused(policy, [READ_ALICE]) == refused
    assert find_unused(policy, [READ_ALICE]) == unused
    assert find_too_wide(policy) == too_wide
