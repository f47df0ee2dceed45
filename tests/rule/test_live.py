"""What one user costs to read, and what is done about users, keys and names that move meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from emulator import Account
from emulator.iam.users import User as EmulatedUser
from rule.facts import NOT_READ, Identity, Key, User, whole_seconds
from rule.live import (
    PasswordUnclear,
    UserGone,
    find_user,
    identify,
    read_identity,
    read_keys,
    read_user,
)
from tests.conftest import NOW
from tests.support.facts import policy

CREATED = NOW - timedelta(days=60)
USED = NOW - timedelta(days=5)


def identity(user: EmulatedUser) -> Identity:
    """Return the identity that an event of Config gives of an emulated user."""
    return Identity(user.id, user.name, user.arn, user.create_date)


def add_alice(account: Account, **options: Any) -> EmulatedUser:
    """Add a user with a password."""
    return account.iam.add_user("alice", created=CREATED, password=CREATED, **options)


def quarantine_tag(key_id: str) -> dict[str, str]:
    """Return the tag of a quarantine that was begun."""
    return {f"no-setup-access-key:quarantined:{key_id}": "2026-08-30T00:00:00Z started"}


def test_a_user_without_a_password_costs_one_call(account: Account) -> None:
    robot = account.iam.add_user("robot", created=CREATED)
    account.iam.add_key(robot, created=CREATED)
    with account.calls.since_now() as calls:
        read = read_user(boto3.client("iam"), identity(robot), policy())
    assert calls.actions() == ["iam:GetLoginProfile"]
    assert read == User("robot", robot.id, robot.arn, CREATED, False, (), None)


@pytest.mark.parametrize("statuses", [(), ("Expired",)], ids=["no key", "an Expired key"])
def test_a_user_without_an_active_or_inactive_key_costs_two_calls(
    account: Account, statuses: tuple[str, ...]
) -> None:
    alice = add_alice(account)
    for status in statuses:
        account.iam.add_key(alice, created=CREATED, status=status)
    with account.calls.since_now() as calls:
        read_user(boto3.client("iam"), identity(alice), policy())
    assert calls.actions() == ["iam:GetLoginProfile", "iam:ListAccessKeys"]


def test_a_used_key_costs_one_call_more_and_no_tags(account: Account) -> None:
    alice = add_alice(account)
    key = account.iam.add_key(alice, created=CREATED, last_used=USED)
    with account.calls.since_now() as calls:
        read = read_user(boto3.client("iam"), identity(alice), policy())
    assert calls.actions() == [
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
    ]
    assert read.keys == (Key(key.access_key_id, CREATED, "Active", USED),)
    assert read.tags is None


def test_under_setup_the_use_of_a_later_key_is_not_asked_for(account: Account) -> None:
    alice = add_alice(account)
    account.iam.add_key(alice, created=CREATED + timedelta(days=1), last_used=USED)
    with account.calls.since_now() as calls:
        read = read_user(boto3.client("iam"), identity(alice), policy(Criterion="SETUP"))
    assert calls.actions() == ["iam:GetLoginProfile", "iam:ListAccessKeys"]
    assert read.keys[0].last_used is NOT_READ


def test_two_keys_in_question_cost_five_calls(account: Account) -> None:
    alice = add_alice(account)
    active = account.iam.add_key(alice, created=CREATED)
    inactive = account.iam.add_key(alice, created=CREATED, status="Inactive")
    alice.tag_values.update(quarantine_tag(inactive.access_key_id))
    with account.calls.since_now() as calls:
        read = read_user(boto3.client("iam"), identity(alice), policy())
    assert calls.actions() == [
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
        "iam:GetAccessKeyLastUsed",
        "iam:GetUser",
        "iam:GetAccessKeyLastUsed",
    ]
    assert read.tags == quarantine_tag(inactive.access_key_id)
    assert [key.last_used for key in read.keys] == [None, None]
    assert {key.id for key in read.keys} == {active.access_key_id, inactive.access_key_id}


def test_the_last_use_of_an_inactive_key_without_our_tag_is_not_asked_for(
    account: Account,
) -> None:
    alice = add_alice(account)
    account.iam.add_key(alice, created=CREATED, status="Inactive")
    with account.calls.since_now() as calls:
        read_user(boto3.client("iam"), identity(alice), policy())
    assert calls.actions() == ["iam:GetLoginProfile", "iam:ListAccessKeys", "iam:GetUser"]


def test_the_tags_come_with_the_id_that_proves_whose_they_are(account: Account) -> None:
    alice = add_alice(account, tags={"team": "a"})
    account.iam.add_key(alice, created=CREATED)
    read = read_user(boto3.client("iam"), identity(alice), policy())
    assert read.tags == {"team": "a"}


def test_a_user_re_created_under_the_name_is_not_taken_for_the_old_one(account: Account) -> None:
    old = add_alice(account)
    del account.iam.users["alice"]
    new = add_alice(account)
    account.iam.add_key(new, created=CREATED)
    with pytest.raises(UserGone) as caught:
        read_user(boto3.client("iam"), identity(old), policy())
    assert str(caught.value) == f"The name alice belongs to {new.id} by now, not to {old.id}."


def test_a_name_with_an_unclear_answer_may_belong_to_another_user(account: Account) -> None:
    old = account.iam.add_user("alice", created=CREATED)
    del account.iam.users["alice"]
    account.iam.add_user("alice", created=CREATED)
    account.faults.fail("iam", "GetLoginProfile", "NoSuchEntity", message="Not there.", times=1)
    with pytest.raises(UserGone, match=f"by now, not to {old.id}"):
        read_user(boto3.client("iam"), identity(old), policy())


def test_a_user_that_is_gone_is_told_from_one_without_a_password(account: Account) -> None:
    alice = add_alice(account)
    del account.iam.users["alice"]
    with account.calls.since_now() as calls, pytest.raises(UserGone, match="has the name alice"):
        read_user(boto3.client("iam"), identity(alice), policy())
    assert calls.actions() == ["iam:GetLoginProfile"]


@pytest.mark.parametrize("exists", [True, False])
def test_an_unclear_no_such_entity_costs_a_get_user(account: Account, exists: bool) -> None:
    alice = account.iam.add_user("alice", created=CREATED)
    who = identity(alice)
    if not exists:
        del account.iam.users["alice"]
    account.faults.fail("iam", "GetLoginProfile", "NoSuchEntity", message="Not there.", times=1)
    with account.calls.since_now() as calls:
        if exists:
            assert not read_user(boto3.client("iam"), who, policy()).has_password
            last = ["iam:GetLoginProfile"]
        else:
            last = []
            with pytest.raises(UserGone):
                read_user(boto3.client("iam"), who, policy())
    assert calls.actions() == ["iam:GetLoginProfile", "iam:GetUser", *last]


def test_an_answer_that_stays_unclear_is_an_error_and_never_no_password(account: Account) -> None:
    who = identity(add_alice(account))
    account.faults.fail("iam", "GetLoginProfile", "NoSuchEntity", message="Odd.", times=None)
    with pytest.raises(PasswordUnclear, match=r"alice has a console password is not clear.*Odd\."):
        read_user(boto3.client("iam"), who, policy())


def test_an_unclear_answer_that_was_wrong_does_not_hide_a_password(account: Account) -> None:
    who = identity(add_alice(account))
    account.faults.fail("iam", "GetLoginProfile", "NoSuchEntity", message="Odd.", times=1)
    assert read_user(boto3.client("iam"), who, policy()).has_password


@pytest.mark.parametrize("code", ["NoSuchEntity", "AccessDenied"])
def test_a_key_that_vanishes_while_it_is_read_is_left_out(account: Account, code: str) -> None:
    alice = add_alice(account)
    key = account.iam.add_key(alice, created=CREATED)
    account.iam.deleted_key_error = code
    iam = boto3.client("iam")

    def delete_key(**_: object) -> None:
        alice.access_keys.remove(key)
        del account.iam.access_keys[key.access_key_id]

    iam.meta.events.register_first("before-call.iam.GetAccessKeyLastUsed", delete_key)
    assert read_user(iam, identity(alice), policy()).keys == ()


@pytest.mark.parametrize("code", ["NoSuchEntity", "AccessDenied"])
def test_a_last_use_that_cannot_be_read_is_an_error_while_the_key_is_there(
    account: Account, code: str
) -> None:
    alice = add_alice(account)
    account.iam.add_key(alice, created=CREATED)
    account.faults.fail("iam", "GetAccessKeyLastUsed", code)
    with pytest.raises(ClientError, match=code):
        read_user(boto3.client("iam"), identity(alice), policy())


@pytest.mark.parametrize("operation", ["ListAccessKeys", "GetUser"])
def test_a_user_that_vanishes_while_it_is_read_is_gone(account: Account, operation: str) -> None:
    alice = add_alice(account)
    account.iam.add_key(alice, created=CREATED)
    iam = boto3.client("iam")
    iam.meta.events.register(
        f"before-call.iam.{operation}", lambda **_: account.iam.users.pop("alice", None) and None
    )
    with pytest.raises(UserGone):
        read_user(iam, identity(alice), policy())


@pytest.mark.parametrize(
    "operation",
    ["GetLoginProfile", "ListAccessKeys", "GetAccessKeyLastUsed", "GetUser"],
)
@pytest.mark.parametrize("code", ["AccessDenied", "InvalidClientTokenId"])
def test_whatever_read_fails_raises(account: Account, operation: str, code: str) -> None:
    alice = add_alice(account)
    account.iam.add_key(alice, created=CREATED)
    account.faults.fail("iam", operation, code)
    with pytest.raises(ClientError, match=code):
        read_user(boto3.client("iam"), identity(alice), policy())


def test_a_user_is_found_by_id_with_two_calls_where_config_knows_it(account: Account) -> None:
    alice = add_alice(account)
    with account.calls.since_now() as calls:
        found = find_user(boto3.client("iam"), boto3.client("config"), alice.id)
    assert calls.actions() == ["config:ListDiscoveredResources", "iam:GetUser"]
    assert found == identity(alice)


def test_a_name_that_config_remembers_is_not_believed_without_its_id(account: Account) -> None:
    old = add_alice(account)
    account.iam.users["bob"] = account.iam.users.pop("alice")
    old.name = "bob"
    account.iam.add_user("alice", created=NOW)
    stub = Stubber(config := boto3.client("config"))
    stub.add_response(
        "list_discovered_resources",
        {"resourceIdentifiers": [{"resourceId": old.id, "resourceName": "alice"}]},
    )
    with stub:
        found = find_user(boto3.client("iam"), config, old.id)
    assert (found.id, found.name) == (old.id, "bob")


def test_a_name_that_config_remembers_and_nobody_has_is_passed_over(account: Account) -> None:
    alice = add_alice(account)
    stub = Stubber(config := boto3.client("config"))
    stub.add_response(
        "list_discovered_resources",
        {"resourceIdentifiers": [{"resourceId": alice.id, "resourceName": "before"}]},
    )
    with stub:
        found = find_user(boto3.client("iam"), config, alice.id)
    assert found.name == "alice"


def test_a_user_that_config_has_not_recorded_is_found_on_a_later_page(account: Account) -> None:
    account.iam.page_limit = 2
    users = [account.iam.add_user(f"user{number}", created=CREATED) for number in range(5)]
    account.config.unrecorded.update(user.id for user in users)
    with account.calls.since_now() as calls:
        found = find_user(boto3.client("iam"), boto3.client("config"), users[4].id)
    assert found.name == "user4"
    assert calls.actions() == ["config:ListDiscoveredResources"] + ["iam:ListUsers"] * 3


def test_an_id_that_nobody_has_is_gone(account: Account) -> None:
    add_alice(account)
    with pytest.raises(UserGone, match="No IAM user has the id AIDAEXAMPLE000000000"):
        find_user(boto3.client("iam"), boto3.client("config"), "AIDAEXAMPLE000000000")


def test_without_a_recorder_the_user_is_looked_for_in_iam(account: Account) -> None:
    alice = add_alice(account)
    account.faults.fail(
        "config", "ListDiscoveredResources", "NoAvailableConfigurationRecorderException"
    )
    assert find_user(boto3.client("iam"), boto3.client("config"), alice.id).name == "alice"


def test_a_failed_look_up_in_config_is_an_error_and_not_a_missing_user(account: Account) -> None:
    alice = add_alice(account)
    account.faults.fail("config", "ListDiscoveredResources", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDeniedException"):
        find_user(boto3.client("iam"), boto3.client("config"), alice.id)


def test_who_bears_a_name_is_told_by_get_user(account: Account) -> None:
    alice = add_alice(account)
    assert read_identity(boto3.client("iam"), "alice") == identity(alice)
    with pytest.raises(UserGone, match="No IAM user has the name bob"):
        read_identity(boto3.client("iam"), "bob")


def page(answer: dict[str, Any], marker: str | None) -> dict[str, Any]:
    """Return a page that says whether another one follows."""
    return {**answer, "IsTruncated": bool(marker), **({"Marker": marker} if marker else {})}


def test_keys_on_a_second_page_are_read(account: Account) -> None:
    def key(number: int) -> dict[str, Any]:
        return {
            "UserName": "alice",
            "AccessKeyId": f"AKIAEXAMPLE00000000{number}",
            "Status": "Active",
            "CreateDate": CREATED,
        }

    stub = Stubber(iam := boto3.client("iam"))
    for _ in range(2):  # the page that says that more follows, and then the whole list
        stub.add_response("list_access_keys", page({"AccessKeyMetadata": [key(1)]}, "more"))
    stub.add_response("list_access_keys", page({"AccessKeyMetadata": [key(2)]}, None))
    with stub:
        assert [each.id[-1] for each in read_keys(iam, "alice")] == ["1", "2"]


def test_times_are_cut_to_whole_seconds_in_utc() -> None:
    moment = datetime.fromisoformat("2026-09-01T14:00:00.987+02:00")
    assert whole_seconds(moment) == datetime(2026, 9, 1, 12, tzinfo=UTC)
    told = identify(
        {
            "Path": "/",
            "UserName": "alice",
            "UserId": "AIDAEXAMPLE000000001",
            "Arn": "arn",
            "CreateDate": moment,
        }
    )
    assert told == Identity("AIDAEXAMPLE000000001", "alice", "arn", NOW)
