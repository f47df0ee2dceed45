"""The function as Config calls it: every message, and every way in which rdklib fails silently."""

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import boto3
import pytest
import rdklib.util.evaluations
from botocore.parsers import ResponseParserError
from moto.core.responses import ActionResult

from emulator import Account
from emulator.awslambda.functions import Invocation
from emulator.config.rules import ConsoleLine, Rule
from emulator.iam.responses import IamResponse
from emulator.iam.users import AccessKey, User
from rule.account import OutOfTime, UsersNotRead
from rule.clients import EvaluationsRefused, make_clients
from rule.evaluator import NotEvaluated, lambda_handler
from rule.events import NotAnEvent
from rule.live import ListCutShort
from rule.one_user import NotSettled
from tests.conftest import NOW
from tests.support.broken_lists import break_users_off
from tests.support.passing_time import let_time_pass
from tests.support.paths import CASES

LONG_AGO = NOW - timedelta(days=60)
DAY = timedelta(days=1)
FIRST_RUN_CALLS = [
    "iam:GetCredentialReport",
    "iam:GenerateCredentialReport",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetCredentialReport",
    "iam:GenerateCredentialReport",
    "iam:GetCredentialReport",
]
"""At first AWS has no room for the report."""


@pytest.fixture(autouse=True)
def _nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Botocore's back-off and the wait for the report pass at once."""
    let_time_pass(monkeypatch)


@pytest.fixture
def rule(account: Account) -> Rule:
    """The rule with its defaults, its report ready once there is room for it."""
    account.iam.report.rounds = 0
    return account.add_rule("iam-user-no-setup-access-key", lambda_handler)


def add_user(account: Account, name: str, *, password: bool = True, **options: Any) -> User:
    """Add a user who was created long ago, with a password unless said."""
    return account.iam.add_user(
        name, created=LONG_AGO, password=LONG_AGO if password else None, **options
    )


def add_finding(account: Account, name: str) -> tuple[User, AccessKey]:
    """Add a user with a setup key that nobody ever used."""
    user = add_user(account, name)
    return user, account.iam.add_key(user, created=LONG_AGO)


def finding(name: str, key: AccessKey) -> ConsoleLine:
    """Return how the console lists a user that `add_finding` added."""
    return ConsoleLine(
        name,
        "NON_COMPLIANT",
        f"Access key {key.access_key_id} of {name} was created at 2026-07-03T12:00:00Z, the user at"
        " 2026-07-03T12:00:00Z: AWS has no use of it on record. Make it inactive, then delete it.",
    )


def error(invocation: Invocation) -> BaseException:
    """Return what the function raised at the last of Lambda's three attempts."""
    assert len(invocation.errors) == 3
    return invocation.errors[-1]


# --- change events ---


@pytest.mark.parametrize("send", [Rule.send_change, Rule.send_oversized])
def test_a_change_of_a_flagged_user_is_reported(
    account: Account, rule: Rule, send: Callable[[Rule, User], Invocation]
) -> None:
    alice, key = add_finding(account, "alice")
    with account.calls.since_now() as calls:
        assert send(rule, alice).succeeded
    assert rule.list_lines() == [finding("alice", key)]
    assert calls.actions() == [
        "iam:GetUser",
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
        "config:PutEvaluations",
    ]


def test_a_change_of_a_user_without_a_password_costs_two_calls(
    account: Account, rule: Rule
) -> None:
    robot = add_user(account, "robot", password=False)
    with account.calls.since_now() as calls:
        invocation = rule.send_change(robot)
    assert calls.actions() == ["iam:GetUser", "iam:GetLoginProfile", "config:PutEvaluations"]
    assert invocation.answer["put"] == {"NOT_APPLICABLE": 1}


def test_a_renamed_user_is_found_by_its_id(account: Account, rule: Rule) -> None:
    alice, key = add_finding(account, "alice")
    boto3.client("iam").update_user(UserName="alice", NewUserName="bob")
    message = rule.send_change(alice).message
    item = message["configurationItem"]
    item["resourceName"] = item["configuration"]["userName"] = "alice"
    rule.results.clear()
    assert rule.send(message).succeeded
    assert rule.list_lines() == [finding("bob", key)]


@pytest.mark.parametrize("status", ["ResourceDeleted", "ResourceDeletedNotRecorded"])
@pytest.mark.parametrize("send", [Rule.send_change, Rule.send_oversized])
def test_a_deleted_user_is_cleared_without_a_look(
    account: Account, rule: Rule, status: str, send: Callable[..., Invocation]
) -> None:
    alice, _ = add_finding(account, "alice")
    rule.send_change(alice)
    del account.iam.users["alice"]
    with account.calls.since_now() as calls:
        assert send(rule, alice, status).succeeded
    assert calls.actions() == ["config:PutEvaluations"]
    assert rule.list_lines() == []


def test_a_user_deleted_since_the_event_is_cleared(account: Account, rule: Rule) -> None:
    alice, _ = add_finding(account, "alice")
    rule.send_change(alice)
    message = rule.invocations[0].message
    del account.iam.users["alice"]
    assert rule.send(message).succeeded
    assert [result.annotation for result in rule.results.stored()] == ["The user is gone."]


def test_the_event_of_a_deleted_user_never_judges_the_user_who_has_the_name_now(
    account: Account, rule: Rule
) -> None:
    old = add_user(account, "alice")
    message = rule.send_change(old).message
    del account.iam.users["alice"]
    new, _ = add_finding(account, "alice")
    rule.send(message)
    assert {result.resource_id: result.compliance for result in rule.results.stored()} == {
        old.id: "NOT_APPLICABLE"
    }
    rule.send_change(new)
    assert [(each.user, each.compliance) for each in rule.list_lines()] == [
        ("alice", "NON_COMPLIANT")
    ]


def test_contradicting_answers_about_a_user_raise_and_clear_nothing(
    account: Account, rule: Rule
) -> None:
    alice, key = add_finding(account, "alice")
    rule.send_change(alice)
    account.faults.fail("iam", "ListAccessKeys", "NoSuchEntity", times=None)
    raised = error(rule.send_change(alice))
    assert isinstance(raised, NotSettled)
    assert str(raised) == (
        f"IAM has user alice ({alice.id}), and then again it has not: No IAM user has the name"
        " alice. Evaluate the user again in some minutes."
    )
    assert rule.list_lines() == [finding("alice", key)]


@pytest.fixture
def short_list(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """IAM's list of users lacks alice, although she is there."""
    whole = IamResponse.get_account_authorization_details

    def leave_out(response: IamResponse) -> ActionResult:
        alice = account.iam.users.pop("alice")
        try:
            return whole(response)
        finally:
            account.iam.users["alice"] = alice

    monkeypatch.setattr(IamResponse, "get_account_authorization_details", leave_out)


def have_report(account: Account) -> None:
    """Let IAM have a report, which does not name who is added later."""
    account.iam.report.hurry()
    boto3.client("iam").generate_credential_report()


@pytest.mark.usefixtures("short_list")
def test_a_list_of_users_that_comes_back_short_clears_no_finding(
    account: Account, rule: Rule
) -> None:
    have_report(account)
    alice, key = add_finding(account, "alice")
    rule.send_change(alice)
    assert rule.send_schedule().succeeded
    assert rule.list_lines() == [finding("alice", key)]


@pytest.mark.usefixtures("short_list")
def test_a_user_whom_the_list_lacks_and_nobody_can_look_up_keeps_his_result(
    account: Account, rule: Rule
) -> None:
    have_report(account)
    alice, key = add_finding(account, "alice")
    rule.send_change(alice)
    account.faults.fail("iam", "GetUser", "AccessDenied", times=None)
    raised = error(rule.send_schedule())
    assert isinstance(raised, UsersNotRead)
    assert str(raised).startswith(
        "1 user whom IAM's list lacks could not be looked up, and keep the results they have;"
        f" {alice.id}: An error occurred (AccessDenied)"
    )
    assert rule.list_lines() == [finding("alice", key)]


@pytest.mark.usefixtures("short_list")
@pytest.mark.parametrize(
    ("call", "is_reported"),
    [("iam.GetUser", True), ("iam.GetUser", False), ("config.ListDiscoveredResources", False)],
)
def test_an_answer_that_nobody_can_read_costs_no_other_user_his_result(
    account: Account, rule: Rule, call: str, is_reported: bool
) -> None:
    if not is_reported:
        have_report(account)
    alice, key = add_finding(account, "alice")
    rule.send_change(alice)
    add_user(account, "bob")

    def answer_with_a_page(**_: object) -> None:
        raise ResponseParserError("Unable to parse response: <html>")

    clients = make_clients()
    events = getattr(clients, call.partition(".")[0]).meta.events
    events.register(f"after-call.{call}", answer_with_a_page)
    try:
        rule.send_schedule()
    finally:
        events.unregister(f"after-call.{call}", answer_with_a_page)
    assert rule.list_lines() == [
        finding("alice", key),
        ConsoleLine("bob", "COMPLIANT", "No active access key."),
    ]


@pytest.mark.parametrize("status", ["ResourceDiscovered", "OK"])
def test_a_new_user_whom_iam_does_not_know_yet_is_not_gone(
    account: Account, rule: Rule, status: str
) -> None:
    alice = account.iam.add_user("alice", created=NOW, password=NOW)
    message = rule.send_change(alice, status).message
    rule.results.clear()
    del account.iam.users["alice"]
    raised = error(rule.send(message))
    assert isinstance(raised, NotSettled)
    assert str(raised) == (
        f"AWS Config has recorded {alice.id}, created in the last 5 minutes, and IAM does not know"
        f" him (yet): No IAM user has the id {alice.id}."
    )
    assert rule.results.stored() == []


def test_a_new_user_is_waited_for_until_iam_knows_him(account: Account, rule: Rule) -> None:
    alice = account.iam.add_user("alice", created=NOW, password=NOW)
    message = rule.send_change(alice, "ResourceDiscovered").message
    rule.results.clear()
    account.faults.fail("iam", "GetUser", "NoSuchEntity", times=2)
    account.faults.fail(
        "config", "ListDiscoveredResources", "NoAvailableConfigurationRecorderException"
    )
    del account.iam.users["alice"]
    once = once_before("after-call.iam.ListUsers", lambda: account.iam.users.update(alice=alice))
    with once:
        assert rule.send(message).succeeded
    assert rule.list_lines() == [ConsoleLine("alice", "COMPLIANT", "No active access key.")]


def test_an_item_under_a_name_that_somebody_else_bears_by_now_is_never_judged_by_him(
    account: Account, rule: Rule
) -> None:
    """Alice has a finding and another name; whoever is called alice now has nothing to hide."""
    alice, key = add_finding(account, "alice")
    message = rule.send_change(alice).message
    message["configurationItem"]["configurationItemStatus"] = "OK"
    account.iam.users["bob"] = account.iam.users.pop("alice")
    alice.name = "bob"
    add_user(account, "alice")
    rule.results.clear()
    assert rule.send(message).succeeded
    assert rule.list_lines() == [finding("bob", key)]


def test_a_user_that_left_the_scope_is_cleared(account: Account, rule: Rule) -> None:
    alice, _ = add_finding(account, "alice")
    rule.send_change(alice)
    assert rule.send_change(alice, left_scope=True).succeeded
    assert rule.list_lines() == []


@pytest.mark.parametrize("lost", ["resourceCreationTime", "resourceName"])
def test_an_item_without_name_or_creation_time_is_judged_all_the_same(
    account: Account, rule: Rule, lost: str
) -> None:
    alice, key = add_finding(account, "alice")
    message = rule.send_oversized(alice).message
    message["configurationItemSummary"][lost] = None
    rule.results.clear()
    assert rule.send(message).succeeded
    assert rule.list_lines() == [finding("alice", key)]


ANN = "AIDAEXAMPLE0000000001"


@pytest.fixture
def ann(account: Account) -> AccessKey:
    """The user of the shared cases, with a key that was made at setup and never used."""
    user = account.iam.add_user("ann@example.com", created=LONG_AGO, password=LONG_AGO)
    user.id = ANN
    return account.iam.add_key(user, created=LONG_AGO)


def send_case(name: str, rule: Rule) -> dict[str, Any]:
    """Hand a shared case to the function, with a token that AWS Config takes."""
    event = json.loads((CASES / "events" / name).read_text())
    token = rule.config.make_token(rule.name)
    return lambda_handler(event | {"resultToken": token, "configRuleName": rule.name}, None)


def test_an_item_whose_lists_are_null_is_judged(
    account: Account, rule: Rule, ann: AccessKey
) -> None:
    answer = send_case("e1-change-null-lists-and-diff.json", rule)
    assert answer["put"] == {"NON_COMPLIANT": 1}
    assert rule.list_lines() == [finding("ann@example.com", ann)]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        (
            "e4-invoking-event-as-object.json",
            "This is no event of AWS Config (TypeError: the JSON object must be str, bytes or"
            " bytearray, not dict). Only AWS Config may call this function.",
        ),
        (
            "e5-resource-id-null-word.json",
            '"null" in the configurationItem is no id of an IAM user.',
        ),
    ],
)
def test_an_event_that_tells_no_user_raises_and_puts_nothing(
    account: Account, rule: Rule, name: str, fault: str
) -> None:
    with account.calls.since_now() as calls, pytest.raises(NotAnEvent) as raised:
        send_case(name, rule)
    assert str(raised.value) == fault
    assert calls.actions() == []


@pytest.mark.usefixtures("ann")
def test_a_role_in_the_rules_scope_is_not_applicable(account: Account, rule: Rule) -> None:
    with account.calls.since_now() as calls:
        answer = send_case("e6-role-in-scope.json", rule)
    assert answer["put"] == {"NOT_APPLICABLE": 1}
    assert calls.actions() == ["config:PutEvaluations"]


def test_every_shared_case_of_an_event_is_tried() -> None:
    assert [each.name for each in sorted((CASES / "events").iterdir())] == [
        "e1-change-null-lists-and-diff.json",
        "e4-invoking-event-as-object.json",
        "e5-resource-id-null-word.json",
        "e6-role-in-scope.json",
    ]


# --- the schedule ---


def test_a_scheduled_run_reads_only_suspects_live(account: Account, rule: Rule) -> None:
    for number in range(300):
        robot = add_user(account, f"robot{number}", password=False)
        account.iam.add_key(robot, created=LONG_AGO)
    for number in range(300):
        person = add_user(account, f"person{number}")
        account.iam.add_key(person, created=LONG_AGO, last_used=NOW - DAY)
        account.iam.add_key(person, created=LONG_AGO, status="Inactive")
    _, key = add_finding(account, "alice")
    with account.calls.since_now() as calls:
        invocation = rule.send_schedule()
    assert calls.actions() == [
        *FIRST_RUN_CALLS,
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
        "config:GetComplianceDetailsByConfigRule",
        "iam:GetAccountAuthorizationDetails",
        *["config:PutEvaluations"] * 4,
    ]
    assert invocation.answer | {"seconds": 0} == {
        "message_type": "ScheduledNotification",
        "users_seen": 601,
        "read_live": 1,
        "put": {"COMPLIANT": 300, "NON_COMPLIANT": 1},
        "seconds": 0,
    }
    assert finding("alice", key) in rule.list_lines()


def test_a_second_run_puts_only_the_findings_again(account: Account, rule: Rule) -> None:
    add_user(account, "fine")
    add_user(account, "robot", password=False)
    add_finding(account, "alice")
    assert rule.send_schedule().answer["put"] == {"COMPLIANT": 1, "NON_COMPLIANT": 1}
    assert rule.send_schedule().answer["put"] == {"NON_COMPLIANT": 1}


def test_ten_daily_runs_put_the_findings_alone_and_say_the_same_of_everybody(
    account: Account, rule: Rule
) -> None:
    add_user(account, "keyless")
    add_finding(account, "alice")
    account.iam.add_key(add_user(account, "used"), created=LONG_AGO, last_used=NOW - DAY)
    account.iam.add_key(add_user(account, "later"), created=LONG_AGO + 30 * DAY)
    excepted, _ = add_finding(account, "excepted")
    for part, value in (("owner", "x"), ("expires", "2026-11-01"), ("reason", "y")):
        excepted.tag_values[f"no-setup-access-key:exception-{part}"] = value
    rule.send_schedule()
    told = rule.list_lines()
    assert len(told) == 5
    for _ in range(10):
        account.clock.advance(days=1)
        assert rule.send_schedule().answer["put"] == {"NON_COMPLIANT": 1}
        assert rule.list_lines() == told


def test_report_unchanged_puts_everybody_with_a_password_at_every_run(account: Account) -> None:
    account.iam.report.rounds = 0
    rule = account.add_rule("rule", lambda_handler, {"ReportUnchanged": "true"})
    add_user(account, "fine")
    add_user(account, "robot", password=False)
    for _ in range(2):
        assert rule.send_schedule().answer["put"] == {"COMPLIANT": 1}


def test_a_run_with_nothing_new_puts_an_empty_list(account: Account, rule: Rule) -> None:
    add_user(account, "fine")
    rule.send_schedule()
    with account.calls.since_now() as calls:
        assert rule.send_schedule().answer["put"] == {}
    assert calls.actions() == [
        "iam:GetCredentialReport",
        "iam:GetAccountAuthorizationDetails",
        "config:GetComplianceDetailsByConfigRule",
        "config:PutEvaluations",
    ]


def test_a_user_created_after_the_report_is_read_live(account: Account, rule: Rule) -> None:
    add_user(account, "old")
    rule.send_schedule()
    account.clock.advance(hours=1)
    new = account.iam.add_user("new", created=NOW, password=NOW)
    account.iam.add_key(new, created=NOW)
    account.clock.advance(hours=2)
    rule.send_schedule()
    assert rule.list_lines()[0] == ConsoleLine(
        "new",
        "COMPLIANT",
        f"Access key {new.access_keys[0].access_key_id} of new was created at"
        " 2026-09-01T12:00:00Z, the user at 2026-09-01T12:00:00Z: AWS has no use of it on record"
        " yet; not judged before 2026-09-01T16:00:00Z.",
    )


def test_a_name_that_was_given_to_another_user_since_the_report_is_read_live(
    account: Account, rule: Rule
) -> None:
    old = add_user(account, "alice")
    rule.send_schedule()
    del account.iam.users["alice"]
    account.clock.advance(hours=1)
    new = account.iam.add_user("alice", created=NOW + timedelta(minutes=5), password=NOW)
    answer = rule.send_schedule().answer
    assert (answer["read_live"], answer["put"]) == (1, {"COMPLIANT": 1, "NOT_APPLICABLE": 1})
    assert {result.resource_id: result.compliance for result in rule.results.stored()} == {
        old.id: "NOT_APPLICABLE",
        new.id: "COMPLIANT",
    }


def test_a_finding_is_read_live_until_it_is_none(account: Account, rule: Rule) -> None:
    alice, _ = add_finding(account, "alice")
    rule.send_schedule()
    alice.remove_password()
    assert rule.send_schedule().answer["put"] == {"NOT_APPLICABLE": 1}
    assert rule.list_lines() == []


def test_an_old_report_never_overrules_a_younger_result(account: Account, rule: Rule) -> None:
    alice = add_user(account, "alice")
    robot = add_user(account, "robot", password=False)
    account.iam.add_key(alice, created=LONG_AGO, last_used=NOW - DAY)
    rule.send_schedule()
    account.clock.advance(hours=1)
    alice.remove_password()
    robot.set_password(account.clock.now())
    rule.send_change(alice)
    rule.send_change(robot)
    before = rule.list_lines()
    assert [(each.user, each.compliance) for each in before] == [("robot", "COMPLIANT")]
    assert rule.send_schedule().answer["put"] == {}
    assert rule.list_lines() == before


def test_a_user_that_vanishes_during_the_run_is_left_out(account: Account, rule: Rule) -> None:
    add_finding(account, "alice")
    _, key = add_finding(account, "bob")
    events = make_clients().iam.meta.events

    def delete_alice(params: dict[str, Any], **_: object) -> None:
        account.iam.users.pop("alice", None)

    events.register("before-call.iam.GetLoginProfile", delete_alice, unique_id="delete")
    try:
        assert rule.send_schedule().answer["put"] == {"NON_COMPLIANT": 1}
    finally:
        events.unregister("before-call.iam.GetLoginProfile", unique_id="delete")
    assert rule.list_lines() == [finding("bob", key)]


def test_users_and_results_on_many_pages_are_all_seen(account: Account, rule: Rule) -> None:
    account.iam.page_limit = 20
    for number in range(250):
        add_user(account, f"user{number}")
    assert rule.send_schedule().answer["users_seen"] == 250
    for number in range(120):
        del account.iam.users[f"user{number}"]
    with account.calls.since_now() as calls:
        assert rule.send_schedule().answer["put"] == {"NOT_APPLICABLE": 120}
    assert calls.count("config:GetComplianceDetailsByConfigRule") == 3
    assert calls.count("config:PutEvaluations") == 2


def test_whoever_has_a_quarantine_tag_is_read_live(account: Account, rule: Rule) -> None:
    alice = add_user(account, "alice")
    key = account.iam.add_key(alice, created=LONG_AGO, status="Inactive")
    alice.tag_values["no-setup-access-key:quarantined:" + key.access_key_id] = "?"
    assert rule.send_schedule().answer["read_live"] == 1
    assert rule.list_lines()[0].annotation.endswith(
        "Inactive, left alone. Its quarantine tag is invalid: its value is not of the known form."
    )


def test_an_account_of_robots_has_no_results(account: Account, rule: Rule) -> None:
    add_user(account, "robot", password=False)
    assert rule.send_schedule().answer["put"] == {}


def test_an_account_without_users_is_no_error(rule: Rule) -> None:
    assert rule.send_schedule().answer["users_seen"] == 0


def test_root_is_never_reported_whatever_keys_it_has(account: Account, rule: Rule) -> None:
    assert account.iam.report.rounds == 0
    add_user(account, "alice")
    rule.send_schedule()
    assert [each.user for each in rule.list_lines()] == ["alice"]


def populate(account: Account, seed: int) -> None:
    """Add users of all kinds: passwords, keys, uses, tags and exceptions at random."""
    pick = random.Random(seed)
    for number in range(60):
        user = add_user(account, f"user{number:03}", password=pick.random() < 0.8)
        for _ in range(pick.choice([0, 1, 1, 2])):
            key = account.iam.add_key(
                user,
                created=pick.choice(
                    [LONG_AGO, LONG_AGO + timedelta(seconds=301), NOW - timedelta(hours=1)]
                ),
                status=pick.choice(["Active", "Active", "Inactive", "Expired"]),
                last_used=pick.choice([None, None, NOW - DAY]),
            )
            if pick.random() < 0.4:
                start = NOW - pick.choice([2, 9]) * DAY
                value = pick.choice(["started", f"until {start + 7 * DAY:%Y-%m-%dT%H:%M:%SZ}", "?"])
                user.tag_values["no-setup-access-key:quarantined:" + key.access_key_id] = (
                    f"{start:%Y-%m-%dT%H:%M:%SZ} {value}"
                )
        if pick.random() < 0.2:
            for part, value in {"owner": "x", "expires": "2026-09-30", "reason": "y"}.items():
                user.tag_values[f"no-setup-access-key:exception-{part}"] = value


@pytest.mark.parametrize(
    "criterion",
    [
        "SETUP_UNUSED",
        pytest.param("UNUSED", marks=pytest.mark.slow),
        pytest.param("SETUP", marks=pytest.mark.slow),
    ],
)
def test_change_events_and_the_schedule_agree_to_the_letter(
    account: Account, criterion: str
) -> None:
    account.iam.report.rounds = 0
    rule = account.add_rule("rule", lambda_handler, {"Criterion": criterion})
    populate(account, seed=7)
    assert rule.send_schedule().succeeded
    scheduled = rule.list_lines()
    rule.results.clear()
    for user in account.iam.users.values():
        assert rule.send_change(user).succeeded
    assert rule.list_lines() == scheduled
    assert {each.compliance for each in scheduled} == {"COMPLIANT", "NON_COMPLIANT"}
    assert rule.send_schedule().answer["put"].keys() == {"NON_COMPLIANT"}
    assert rule.list_lines() == scheduled


# --- faults ---


def test_the_published_wheel_of_rdklib_is_installed() -> None:
    module = rdklib.util.evaluations.process_evaluations.__module__
    assert module == "rdklib.util.external"


@pytest.mark.parametrize(
    "action",
    [
        "config:GetComplianceDetailsByConfigRule",
        "iam:GenerateCredentialReport",
        "iam:GetCredentialReport",
        "iam:GetAccountAuthorizationDetails",
        "config:PutEvaluations",
    ],
)
@pytest.mark.parametrize("code", ["AccessDenied", "InvalidParameterValueException"])
def test_a_denied_call_of_a_scheduled_run_raises_and_leaves_the_results_alone(
    account: Account, rule: Rule, action: str, code: str
) -> None:
    add_finding(account, "alice")
    rule.send_schedule()
    before = rule.results.stored()
    add_finding(account, "bob")
    account.clock.advance(hours=5)
    account.faults.fail(*action.split(":"), code, times=None)  # type: ignore[misc]
    raised = error(rule.send_schedule())
    assert isinstance(raised, NotEvaluated)
    assert code in str(raised) or "fault of the emulated account" in str(raised)
    assert rule.results.stored() == before


@pytest.mark.parametrize("operation", ["GetLoginProfile", "ListAccessKeys", "GetAccessKeyLastUsed"])
def test_a_user_who_cannot_be_read_is_named_and_stops_nobody_else(
    account: Account, rule: Rule, operation: str
) -> None:
    _, key = add_finding(account, "alice")
    rule.send_schedule()
    add_user(account, "fine")
    account.clock.advance(hours=5)
    account.faults.fail("iam", operation, "AccessDenied", times=None)
    raised = error(rule.send_schedule())
    assert isinstance(raised, UsersNotRead)
    assert str(raised).startswith(
        "1 of 1 user could not be read live: alice. They keep the results they have; those of the"
        " others were put. Evaluate the rule again. The first error: ClientError: An error occurred"
        f" (AccessDenied) when calling the {operation} operation: "
    )
    assert rule.list_lines() == [
        finding("alice", key),
        ConsoleLine("fine", "COMPLIANT", "No active access key."),
    ]


@contextmanager
def once_before(call: str, happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen in the account before the function's first call of an operation."""
    left = [happens]

    def strike(**_: object) -> None:
        if left:
            left.pop()()

    events = (make_clients().iam if ".iam." in call else make_clients().config).meta.events
    events.register_first(call, strike)
    try:
        yield
    finally:
        events.unregister(call, strike)


def test_an_exception_tagged_while_the_user_is_read_counts(account: Account, rule: Rule) -> None:
    alice, key = add_finding(account, "alice")

    def accept() -> None:
        for part, value in {"owner": "x", "expires": "2026-09-30", "reason": "y"}.items():
            alice.tag_values[f"no-setup-access-key:exception-{part}"] = value

    with (
        account.calls.since_now() as calls,
        once_before("before-call.iam.GetAccessKeyLastUsed", accept),
    ):
        assert rule.send_schedule().answer["put"] == {"COMPLIANT": 1}
    assert rule.list_lines() == [
        ConsoleLine(
            "alice",
            "COMPLIANT",
            "The risk is accepted by x until the end of 2026-09-30: access key"
            f" {key.access_key_id} of alice.",
        )
    ]
    assert calls.count("iam:GetUser") == 1


def test_keys_read_under_a_name_that_moved_on_are_not_held_against_its_old_owner(
    account: Account, rule: Rule
) -> None:
    alice, _ = add_finding(account, "alice")

    def replace_alice() -> None:
        account.iam.users["bob"] = account.iam.users.pop("alice")
        alice.name = "bob"
        alice.access_keys.clear()
        add_finding(account, "alice")

    with once_before("before-call.iam.GetLoginProfile", replace_alice):
        rule.send_schedule()
    assert {each.resource_id: each.annotation for each in rule.results.stored()} == {
        alice.id: "No active access key."
    }


def test_a_user_whom_the_second_look_lacks_is_read_once_more_and_not_taken_for_gone(
    account: Account, rule: Rule
) -> None:
    alice, key = add_finding(account, "alice")
    events = make_clients().iam.meta.events

    def bring_back(**_: object) -> None:
        account.iam.users["alice"] = alice

    events.register("after-call.iam.GetAccountAuthorizationDetails", bring_back)
    hide = "before-call.config-service.GetComplianceDetailsByConfigRule"
    try:
        with once_before(hide, lambda: account.iam.users.pop("alice")):
            rule.send_schedule()
    finally:
        events.unregister("after-call.iam.GetAccountAuthorizationDetails", bring_back)
    assert rule.list_lines() == [finding("alice", key)]


def test_a_change_evaluated_during_the_run_is_not_overruled(account: Account, rule: Rule) -> None:
    add_finding(account, "alice")
    carol = add_user(account, "carol")
    rule.send_schedule()

    def change_carol() -> None:
        account.clock.advance(minutes=5)
        account.iam.add_key(carol, created=LONG_AGO)
        rule.send_change(carol)

    account.clock.advance(minutes=5)
    with once_before("before-call.iam.GetAccessKeyLastUsed", change_carol):
        rule.send_schedule()
    assert [(each.user, each.compliance) for each in rule.list_lines()] == [
        ("alice", "NON_COMPLIANT"),
        ("carol", "NON_COMPLIANT"),
    ]


@pytest.mark.parametrize(
    "action",
    [
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
        "iam:GetUser",
        "config:PutEvaluations",
    ],
)
def test_a_denied_call_of_a_change_event_raises_and_leaves_the_results_alone(
    account: Account, rule: Rule, action: str
) -> None:
    alice, _ = add_finding(account, "alice")
    account.faults.fail(*action.split(":"), "AccessDenied", times=None)  # type: ignore[misc]
    raised = error(rule.send_change(alice))
    assert isinstance(raised, NotEvaluated)
    assert str(raised).startswith(
        f"Rule {rule.name} in account 111122223333 was not evaluated, its results stay as they"
        " were: An error occurred (AccessDenied) when calling the"
        f" {action.split(':')[1]} operation: "
    )
    assert rule.results.stored() == []


def test_failed_evaluations_raise(account: Account, rule: Rule) -> None:
    alice, _ = add_finding(account, "alice")
    account.config.failing_evaluations.add(alice.id)
    for invocation in (rule.send_change(alice), rule.send_schedule()):
        raised = error(invocation)
        assert isinstance(raised, EvaluationsRefused)
        assert str(raised) == (
            f"AWS Config refused 1 of the results put, of the users {alice.id}. Evaluate the rule"
            " again."
        )


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("GenerateCredentialReport", "LimitExceeded"),
        ("GetCredentialReport", "ReportExpired"),
        ("GetCredentialReport", "ReportNotPresent"),
        ("GetCredentialReport", "ReportInProgress"),
    ],
)
def test_without_a_report_everybody_is_read_live(
    account: Account, rule: Rule, operation: str, code: str
) -> None:
    _, key = add_finding(account, "alice")
    rule.send_schedule()
    add_user(account, "fine")
    account.clock.advance(hours=5)
    account.faults.fail("iam", operation, code, times=None)
    with account.calls.since_now() as calls:
        answer = rule.send_schedule().answer
    assert (answer["users_seen"], answer["read_live"]) == (2, 2)
    said = re.fullmatch(
        r"IAM had no credential report ready after (\d+) s\.", answer["everybody_read_live"]
    )
    assert said
    assert 250 <= int(said[1]) <= 300
    assert calls.count("iam:GetCredentialReport") < 60
    assert rule.list_lines() == [
        finding("alice", key),
        ConsoleLine("fine", "COMPLIANT", "No active access key."),
    ]


@pytest.fixture
def reported(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change a piece of text in the report that IAM gives from now on."""
    whole = IamResponse.get_credential_report

    def change(old: str, new: str) -> None:
        def answer(response: IamResponse) -> ActionResult:
            told = whole(response).result
            assert isinstance(told, dict)
            assert old in told["Content"]
            return ActionResult(told | {"Content": told["Content"].replace(old, new)})

        monkeypatch.setattr(IamResponse, "get_credential_report", answer)

    return change


def test_a_report_that_cannot_be_read_lets_everybody_be_read_live(
    account: Account, rule: Rule, reported: Callable[..., None]
) -> None:
    _, key = add_finding(account, "alice")
    add_user(account, "fine")
    reported("user,arn,", "name,arn,")
    answer = rule.send_schedule().answer
    assert answer["read_live"] == 2
    assert answer["everybody_read_live"].startswith(
        "The credential report cannot be read (ReportUnreadable('line 1, column user: the column is"
    )
    assert rule.list_lines() == [
        finding("alice", key),
        ConsoleLine("fine", "COMPLIANT", "No active access key."),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\nlee,arn", "\nlee,m,arn"),
        ("user/lee,2026-", "user/lee,20-26-"),
        ("\nlee,arn", '\n"lee,arn'),
    ],
    ids=["a comma that nobody quoted", "a date that is none", "a quote that does not end"],
)
def test_a_row_that_cannot_be_read_lets_that_user_alone_be_read_live(
    account: Account, rule: Rule, reported: Callable[..., None], old: str, new: str
) -> None:
    for name in ("ann", "lee", "zoe"):
        account.iam.add_key(add_user(account, name), created=LONG_AGO, last_used=NOW - DAY)
    reported(old, new)
    with account.calls.since_now() as calls:
        answer = rule.send_schedule().answer
    assert (answer["read_live"], answer["put"]) == (1, {"COMPLIANT": 3})
    assert "everybody_read_live" not in answer
    assert calls.count("iam:GetLoginProfile") == 1


def test_a_user_of_whom_the_report_says_that_there_are_more_keys_is_read_live(
    account: Account, rule: Rule, reported: Callable[..., None]
) -> None:
    account.iam.report.columns.append("additional_credentials_info")
    lee = add_user(account, "lee")
    key = account.iam.add_key(lee, created=LONG_AGO)
    add_user(account, "zoe")
    rule.send_schedule()
    account.clock.advance(hours=5)
    # The report shows a free slot, and says that this is not all.
    shown = ",true,2026-07-03T12:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A,"
    more = shown.replace("true,2026-07-03T12:00:00+00:00", "false,N/A")
    reported(f"{shown}N/A", f"{more}1 additional access key")
    rule.results.clear()
    assert rule.send_schedule().answer["read_live"] == 1
    assert finding("lee", key) in rule.list_lines()


@pytest.mark.usefixtures("short_list")
def test_a_user_whom_the_report_names_and_the_list_lacks_is_looked_up(
    account: Account, rule: Rule
) -> None:
    _, key = add_finding(account, "alice")
    add_user(account, "bob")
    assert rule.send_schedule().succeeded
    assert rule.list_lines() == [
        finding("alice", key),
        ConsoleLine("bob", "COMPLIANT", "No active access key."),
    ]


@pytest.mark.usefixtures("short_list")
def test_a_user_whom_the_report_names_and_nobody_can_look_up_is_named(
    account: Account, rule: Rule
) -> None:
    add_finding(account, "alice")
    add_user(account, "bob")
    account.faults.fail("iam", "GetUser", "AccessDenied", times=None)
    raised = error(rule.send_schedule())
    assert isinstance(raised, UsersNotRead)
    assert str(raised).startswith("1 of 1 user could not be read live: alice. They keep")
    assert [each.user for each in rule.list_lines()] == ["bob"]


def test_a_list_of_users_that_breaks_off_is_told_once_what_is_known_is_put(
    account: Account, rule: Rule, monkeypatch: pytest.MonkeyPatch
) -> None:
    """IsTruncated without a Marker, of which botocore says nothing."""
    for name in "abcdefghijkl":
        add_user(account, name)
    rule.send_schedule()
    rule.results.clear()
    late = account.iam.add_user("late", created=NOW, password=NOW)
    break_users_off(monkeypatch, 7)
    raised = error(rule.send_schedule())
    assert isinstance(raised, ListCutShort)
    assert str(raised) == (
        "IAM's list breaks off: it says that more follows, and not from where. Of the users after"
        " the first 7, those were judged whom the credential report or a result names; the results"
        " were put. Evaluate the rule again."
    )
    assert [each.user for each in rule.list_lines()] == list("abcdefghijkl")
    assert late.id not in {each.resource_id for each in rule.results.stored()}


def test_who_went_costs_a_call_for_twenty_and_the_list_of_users_once(
    account: Account, rule: Rule
) -> None:
    for number in range(45):
        add_finding(account, f"user{number}")
    rule.send_schedule()
    account.clock.advance(hours=5)
    rule.send_schedule()
    for number in range(44):
        del account.iam.users[f"user{number}"]
    account.clock.advance(hours=5)
    with account.calls.since_now() as calls:
        assert rule.send_schedule().answer["put"] == {"NON_COMPLIANT": 1, "NOT_APPLICABLE": 44}
    assert calls.count("config:ListDiscoveredResources") == 3
    assert calls.count("iam:ListUsers") == 1
    assert calls.count("iam:GetUser") == 0


def test_throttling_is_waited_out(account: Account, rule: Rule) -> None:
    alice, key = add_finding(account, "alice")
    account.faults.fail("iam", "ListAccessKeys", "Throttling", times=7)
    account.faults.fail("config", "PutEvaluations", "ThrottlingException", times=7)
    assert rule.send_change(alice).succeeded
    assert rule.list_lines() == [finding("alice", key)]


def test_throttling_without_end_raises(account: Account, rule: Rule) -> None:
    alice, _ = add_finding(account, "alice")
    account.faults.fail("iam", "ListAccessKeys", "Throttling", times=None)
    with account.calls.since_now() as calls:
        assert "Throttling" in str(error(rule.send_change(alice)))
    assert calls.count("iam:ListAccessKeys") == 3 * 8


def test_a_run_without_time_puts_what_the_report_decides_and_says_how_far_it_came(
    account: Account,
) -> None:
    account.iam.report.rounds = 0
    rule = account.add_rule("rule", lambda_handler, timeout_seconds=40)
    add_user(account, "fine")
    for number in range(20):
        add_finding(account, f"user{number}")
    raised = error(rule.send_schedule())
    assert isinstance(raised, OutOfTime)
    assert str(raised).startswith("0 of 20 users were read live in the time allowed.")
    assert [each.annotation for each in rule.results.stored()] == ["No active access key."]


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        (
            {"GraceHours": "soon"},
            'GraceHours is "soon"; give a whole number of hours from 0 to 720.',
        ),
        ({"Colour": "red"}, "Colour is not a parameter of this rule;"),
    ],
)
def test_a_faulty_parameter_raises(
    account: Account, parameters: dict[str, str], fault: str
) -> None:
    rule = account.add_rule("rule", lambda_handler, parameters)
    raised = error(rule.send_change(add_user(account, "alice")))
    assert isinstance(raised, NotEvaluated)
    assert fault in str(raised)


def test_rdklibs_own_parameters_are_allowed_and_no_role_is_assumed(account: Account) -> None:
    parameters = {
        "ExecutionRoleName": "some-role",
        "ExecutionRoleRegion": "eu-west-1",
        "AssumeRoleMode": "True",
    }
    rule = account.add_rule("rule", lambda_handler, parameters)
    with account.calls.since_now() as calls:
        assert rule.send_change(add_user(account, "alice")).succeeded
    assert "sts:AssumeRole" not in calls.actions()


def test_an_unknown_message_raises(rule: Rule) -> None:
    raised = error(rule.send({"messageType": "Unknown"}))
    assert isinstance(raised, NotAnEvent)


def test_an_item_of_another_type_is_not_judged(account: Account, rule: Rule) -> None:
    message = rule.send_change(add_user(account, "alice")).message
    message["configurationItem"]["resourceType"] = "AWS::IAM::Role"
    assert rule.send(message).answer["put"] == {"NOT_APPLICABLE": 1}


# --- what it says of itself ---


def test_the_summary_is_small_json_whatever_the_event(account: Account, rule: Rule) -> None:
    alice, _ = add_finding(account, "alice")
    for invocation in (rule.send_change(alice), rule.send_oversized(alice), rule.send_schedule()):
        answer = json.loads(json.dumps(invocation.answer))
        assert answer.keys() == {"message_type", "users_seen", "read_live", "put", "seconds"}
        assert (answer["users_seen"], answer["read_live"]) == (1, 1)


def test_it_prints_one_line_of_figures_and_one_of_metrics(
    account: Account, rule: Rule, capsys: pytest.CaptureFixture[str]
) -> None:
    add_finding(account, "alice")
    exempt, _ = add_finding(account, "exempt")
    for part, value in {"owner": "x", "expires": "2026-09-30", "reason": "y"}.items():
        exempt.tag_values[f"no-setup-access-key:exception-{part}"] = value
    add_user(account, "robot", password=False)
    answer = rule.send_schedule().answer
    figures, metrics = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    values = {
        "Users": 3,
        "Suspects": 2,
        "NonCompliant": 1,
        "Excepted": 1,
        "Waiting": 0,
        "Quarantined": 0,
        "ApiCalls": len(FIRST_RUN_CALLS) + 2 * 4 + 1,
        "Milliseconds": round(answer["seconds"] * 1000),
    }
    assert figures == {"level": "INFO", "message": "evaluated", **answer, **values}
    directive = metrics.pop("_aws")["CloudWatchMetrics"]
    assert metrics == {"MessageType": "ScheduledNotification", **values}
    assert directive == [
        {
            "Namespace": "iam-user-no-setup-access-key",
            "Dimensions": [["MessageType"]],
            "Metrics": [
                {"Name": name, "Unit": "Milliseconds" if name == "Milliseconds" else "Count"}
                for name in values
            ],
        }
    ]


def test_clients_are_made_once_and_serve_rdklib_too(account: Account, rule: Rule) -> None:
    clients = make_clients()
    session = boto3.DEFAULT_SESSION
    made = list[str]()
    clients.session.events.register("creating-client-class", lambda **_: made.append("client"))
    rule.send_change(add_user(account, "alice"))
    rule.send_schedule()
    assert make_clients() is clients
    assert made == []
    assert boto3.DEFAULT_SESSION is session
