"""The remediation runbook, taken from template.yaml and executed by the emulated SSM.

Nothing here imports the remediation: what is proved is the text that CloudFormation stores, run in
a bare interpreter under the deployed role's credentials. The clock stands still.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator import Account, open_account
from emulator.iam.users import AccessKey, User
from tests.conftest import NOW
from tests.support.runbook import (
    NAME,
    REMEDIATOR,
    ROLE,
    STEP,
    TAG,
    ToldKey,
    forget_users,
    hold,
    put_runbook,
    read_failure,
    read_outcomes,
    read_state,
    run,
    set_parameters,
    start,
)

CREATED = NOW - timedelta(days=60)
QUARANTINED = "quarantined"


def utc(moment: datetime) -> str:
    """Return a time as the runbook writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def until(start: datetime, days: int = 7) -> str:
    """Return the tag of a quarantine that is under way."""
    return f"{utc(start)} until {utc(start + timedelta(days=days))}"


@pytest.fixture(scope="module")
def runbook_account(package: Path) -> Iterator[Account]:
    """An account that keeps the runbook, and its warm interpreter, for all tests of this file."""
    with open_account(NOW, ticking=False) as opened:
        put_runbook(opened, package)
        yield opened


@pytest.fixture
def account(runbook_account: Account) -> Account:
    """The account with nobody in it, at NOW."""
    runbook_account.clock.move_to(NOW)
    forget_users(runbook_account)
    runbook_account.calls.clear()
    runbook_account.config.unrecorded.clear()
    runbook_account.find_rule(NAME).results.clear()
    return runbook_account


@pytest.fixture
def ann(account: Account) -> User:
    """A user with a password, created 60 days ago, in a path, as most are somewhere."""
    return account.iam.add_user("ann", path="/people/", created=CREATED, password=CREATED)


@pytest.fixture
def key(account: Account, ann: User) -> AccessKey:
    """Ann's setup key, never used."""
    return account.iam.add_key(ann, created=CREATED)


def tag(key: AccessKey, value: str) -> dict[str, str]:
    """Return the quarantine tag of a key with this value."""
    return {TAG + key.access_key_id: value}


def told(key: AccessKey, done: str, why: str) -> ToldKey:
    """Return what a run tells about a key that was created with its user."""
    return ToldKey(
        key.access_key_id,
        done,
        f"Access key {key.access_key_id} of ann was created at {utc(key.create_date)}, the user at"
        f" {utc(CREATED)}: {why}",
    )


def list_changes(account: Account) -> list[str]:
    """Return the calls that changed something."""
    made = [call.operation for call in account.calls.made()]
    reads = ("Get", "List", "Describe", "Invoke")
    return [name for name in made if not name.startswith(reads)]


NEVER_USED = "AWS has no use of it on record"
ADVICE = " Make it inactive, then delete it."


# What it does to an offending key.


def test_an_offending_key_is_quarantined_between_two_tags(
    account: Account, ann: User, key: AccessKey
) -> None:
    outcomes = run(account, ann)
    assert outcomes == [told(key, "quarantined", f"{NEVER_USED}.{ADVICE}")]
    assert read_state(ann) == ({key.access_key_id: "Inactive"}, tag(key, until(NOW)))
    changes = account.calls.made("iam:TagUser", "iam:UpdateAccessKey", "iam:ListAccessKeys")
    name = TAG + key.access_key_id
    assert [call.parameters for call in changes] == [
        {"UserName": "ann"},
        {"UserName": "ann", "Tags": [{"Key": name, "Value": f"{utc(NOW)} started"}]},
        {"UserName": "ann", "AccessKeyId": key.access_key_id, "Status": "Inactive"},
        {"UserName": "ann"},
        {"UserName": "ann", "Tags": [{"Key": name, "Value": until(NOW)}]},
    ]


def test_the_automation_role_starts_the_function_and_the_functions_role_does_the_rest(
    account: Account, ann: User, key: AccessKey
) -> None:
    run(account, ann)
    callers = {(call.caller, call.action) for call in account.calls.made()}
    assert {action for caller, action in callers if caller == ROLE} == {"lambda:Invoke"}
    assert {caller for caller, action in callers if action != "lambda:Invoke"} == {REMEDIATOR}


def test_a_key_whose_quarantine_is_over_is_deleted_with_its_tag(
    account: Account, ann: User, key: AccessKey
) -> None:
    run(account, ann)
    account.clock.move_to(NOW + timedelta(days=7))
    end = utc(NOW + timedelta(days=7))
    outcomes = run(account, ann)
    why = f"{NEVER_USED}; its quarantine ended at {end}. Delete it."
    assert outcomes == [told(key, "deleted", why)]
    assert read_state(ann) == ({}, {})


def test_one_second_before_the_end_of_its_quarantine_a_key_is_kept(
    account: Account, ann: User, key: AccessKey
) -> None:
    run(account, ann)
    before = read_state(ann)
    account.clock.move_to(NOW + timedelta(days=7, seconds=-1))
    outcomes = run(account, ann)
    end = utc(NOW + timedelta(days=7))
    assert outcomes == [told(key, "kept", f"in quarantine until {end}.")]
    assert read_state(ann) == before


def test_two_keys_are_dealt_with_each_by_its_own_standing(account: Account, ann: User) -> None:
    over = account.iam.add_key(ann, created=CREATED, status="Inactive")
    fresh = account.iam.add_key(ann, created=CREATED + timedelta(seconds=1))
    ann.tag_values.update(tag(over, until(NOW - timedelta(days=8))))
    outcomes = {each.id: each.done for each in run(account, ann)}
    assert outcomes == {over.access_key_id: "deleted", fresh.access_key_id: "quarantined"}
    assert read_state(ann) == ({fresh.access_key_id: "Inactive"}, tag(fresh, until(NOW)))


def test_a_second_run_at_once_changes_nothing(account: Account, ann: User, key: AccessKey) -> None:
    run(account, ann)
    before = read_state(ann)
    end = utc(NOW + timedelta(days=7))
    assert run(account, ann) == [told(key, "kept", f"in quarantine until {end}.")]
    assert read_state(ann) == before


# What it leaves alone: not offending any more, and success.


def test_a_key_used_since_the_finding_is_left_alone(
    account: Account, ann: User, key: AccessKey
) -> None:
    key.record_use(NOW)
    assert run(account, ann) == [told(key, "kept", "in use.")]
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


def test_a_user_with_an_exception_recorded_since_is_left_alone(
    account: Account, ann: User, key: AccessKey
) -> None:
    exception = {
        "no-setup-access-key:exception-owner": "security",
        "no-setup-access-key:exception-expires": "2026-09-30",
        "no-setup-access-key:exception-reason": "migration",
    }
    ann.tag_values.update(exception)
    why = "The risk is accepted by security until the end of 2026-09-30."
    assert run(account, ann) == [ToldKey(key.access_key_id, "kept", why)]
    assert read_state(ann) == ({key.access_key_id: "Active"}, exception)


def test_an_exception_ends_a_quarantine_that_is_over_without_a_deletion(
    account: Account, ann: User, key: AccessKey
) -> None:
    run(account, ann)
    ann.tag_values.update(
        {
            "no-setup-access-key:exception-owner": "security",
            "no-setup-access-key:exception-expires": "2026-09-30",
            "no-setup-access-key:exception-reason": "migration",
        }
    )
    before = read_state(ann)
    account.clock.advance(days=8)
    assert [each.done for each in run(account, ann)] == ["kept"]
    assert read_state(ann) == before


def test_a_user_whose_password_is_gone_is_left_alone(
    account: Account, ann: User, key: AccessKey
) -> None:
    ann.remove_password()
    execution = start(account, ann.id)
    assert execution.outputs[f"{STEP}.User"] == ["ann"]
    assert execution.outputs[f"{STEP}.Verdict"] == ["No console password."]
    assert read_outcomes(execution) == [ToldKey(key.access_key_id, "kept", "No console password.")]
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


def test_a_user_that_is_gone_is_a_success_that_says_so(account: Account) -> None:
    gone = "AIDAEXAMPLE000000001"
    execution = start(account, gone)
    assert (execution.status, execution.outputs) == (
        "Success",
        {
            f"{STEP}.User": [gone],
            f"{STEP}.Verdict": [f"No IAM user has the id {gone}."],
            f"{STEP}.Keys": [],
        },
    )


def test_a_key_that_is_gone_leaves_nothing_to_do(account: Account, ann: User) -> None:
    execution = start(account, ann.id)
    assert (execution.status, execution.outputs[f"{STEP}.Verdict"]) == (
        "Success",
        ["No active access key."],
    )


@pytest.mark.parametrize("changed", [{"SetupWindowSeconds": "9"}, {"GraceHours": "720"}])
def test_parameters_changed_since_the_finding_count(
    account: Account, changed: dict[str, str]
) -> None:
    created = NOW - timedelta(days=20)
    bob = account.iam.add_user("bob", created=created, password=created)
    key = account.iam.add_key(bob, created=created + timedelta(seconds=10))
    assert [each.done for each in run(account, bob, **changed)] == ["kept"]
    assert read_state(bob) == ({key.access_key_id: "Active"}, {})
    assert [each.done for each in run(account, bob)] == ["quarantined"]


def test_a_key_within_its_grace_waits(account: Account, ann: User) -> None:
    key = account.iam.add_key(ann, created=NOW - timedelta(hours=4) + timedelta(seconds=1))
    outcomes = run(account, ann, Criterion="UNUSED")
    assert [each.done for each in outcomes] == ["kept"]
    account.clock.advance(seconds=1)
    outcomes = run(account, ann, Criterion="UNUSED")
    assert [each.done for each in outcomes] == ["quarantined"]
    assert read_state(ann)[0] == {key.access_key_id: "Inactive"}


@pytest.mark.parametrize("criterion", ["SETUP_UNUSED", "UNUSED", "SETUP"])
def test_a_used_key_is_never_touched_whatever_the_criterion(
    account: Account, ann: User, key: AccessKey, criterion: str
) -> None:
    key.record_use(CREATED + timedelta(days=1))
    assert [each.done for each in run(account, ann, Criterion=criterion)] == ["kept"]
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


def test_a_used_key_beside_an_offending_one_is_not_touched(
    account: Account, ann: User, key: AccessKey
) -> None:
    used = account.iam.add_key(ann, created=CREATED + timedelta(days=20), last_used=NOW)
    assert {each.id: each.done for each in run(account, ann)} == {
        key.access_key_id: "quarantined",
        used.access_key_id: "kept",
    }
    assert read_state(ann)[0] == {key.access_key_id: "Inactive", used.access_key_id: "Active"}


# Every row of the quarantine table.

ACTIVE, INACTIVE, USED = "Active", "Inactive", CREATED + timedelta(days=50)
BEGUN = f"{utc(NOW - timedelta(hours=1))} started"
UNDER_WAY = until(NOW - timedelta(days=2))
OVER = until(NOW - timedelta(days=7))
LONG_OVER = until(NOW - timedelta(days=7, hours=4))
AGAIN, OVER_AGAIN = f"{UNDER_WAY} again", f"{OVER} again"


@pytest.mark.parametrize(
    ("status", "used", "value", "changed", "done", "after"),
    [
        pytest.param(
            ACTIVE, None, BEGUN, {}, "quarantined", (INACTIVE, until(NOW)), id="begun, still Active"
        ),
        pytest.param(
            INACTIVE, None, BEGUN, {}, "quarantined", (INACTIVE, until(NOW)), id="begun, Inactive"
        ),
        pytest.param(
            ACTIVE,
            None,
            BEGUN,
            {"SetupWindowSeconds": "1"},
            "kept",
            (ACTIVE, BEGUN),
            id="begun, the criterion no longer met, Active",
        ),
        pytest.param(
            INACTIVE,
            None,
            BEGUN,
            {"SetupWindowSeconds": "1"},
            "kept",
            (INACTIVE, BEGUN),
            id="begun, the criterion no longer met, Inactive",
        ),
        pytest.param(ACTIVE, USED, BEGUN, {}, "kept", (ACTIVE, None), id="begun, used, Active"),
        pytest.param(ACTIVE, USED, UNDER_WAY, {}, "kept", (ACTIVE, None), id="used again"),
        pytest.param(ACTIVE, USED, OVER, {}, "kept", (ACTIVE, None), id="used again long ago"),
        pytest.param(ACTIVE, USED, "nonsense", {}, "kept", (ACTIVE, None), id="used, a bad tag"),
        pytest.param(
            ACTIVE,
            USED,
            UNDER_WAY,
            {"Criterion": "SETUP"},
            "kept",
            (ACTIVE, None),
            id="used again, under SETUP still a finding",
        ),
        pytest.param(INACTIVE, None, UNDER_WAY, {}, "kept", (INACTIVE, UNDER_WAY), id="under way"),
        pytest.param(
            INACTIVE,
            None,
            OVER,
            {"QuarantineDays": "8"},
            "kept",
            (INACTIVE, OVER),
            id="over by its tag, not by the days that count now",
        ),
        pytest.param(
            INACTIVE,
            None,
            UNDER_WAY,
            {"QuarantineDays": "1"},
            "kept",
            (INACTIVE, UNDER_WAY),
            id="not over by its tag, over by the days that count now",
        ),
        pytest.param(INACTIVE, None, OVER, {}, "deleted", None, id="over"),
        pytest.param(
            INACTIVE,
            None,
            OVER,
            {"SetupWindowSeconds": "1"},
            "kept",
            (INACTIVE, OVER),
            id="over, the criterion no longer met",
        ),
        pytest.param(INACTIVE, USED, BEGUN, {}, "kept", (INACTIVE, BEGUN), id="begun, then used"),
        pytest.param(
            INACTIVE, USED, UNDER_WAY, {}, "kept", (INACTIVE, UNDER_WAY), id="under way, then used"
        ),
        pytest.param(INACTIVE, USED, OVER, {}, "kept", (INACTIVE, OVER), id="over, but used"),
        pytest.param(
            INACTIVE,
            USED,
            OVER,
            {"Criterion": "SETUP"},
            "kept",
            (INACTIVE, OVER),
            id="over, but used, under SETUP",
        ),
        pytest.param(ACTIVE, None, UNDER_WAY, {}, "kept", (ACTIVE, UNDER_WAY), id="reactivated"),
        pytest.param(ACTIVE, None, OVER, {}, "kept", (ACTIVE, OVER), id="reactivated, just over"),
        pytest.param(
            ACTIVE,
            None,
            LONG_OVER,
            {},
            "quarantined",
            (INACTIVE, f"{until(NOW)} again"),
            id="reactivated, over by the grace",
        ),
        pytest.param(
            ACTIVE,
            None,
            AGAIN,
            {},
            "quarantined",
            (INACTIVE, f"{until(NOW)} again"),
            id="reactivated a second time",
        ),
        pytest.param(
            INACTIVE, None, AGAIN, {}, "kept", (INACTIVE, AGAIN), id="under way a second time"
        ),
        pytest.param(INACTIVE, None, OVER_AGAIN, {}, "deleted", None, id="over, a second time"),
        pytest.param(
            ACTIVE,
            None,
            f"{BEGUN} again",
            {},
            "quarantined",
            (INACTIVE, f"{until(NOW)} again"),
            id="begun a second time",
        ),
        pytest.param(INACTIVE, None, None, {}, "kept", (INACTIVE, None), id="Inactive, no tag"),
        pytest.param("Expired", None, None, {}, "kept", ("Expired", None), id="Expired"),
    ]
    + [
        pytest.param(
            status, None, value, {}, done, (INACTIVE, kept or value), id=f"{status}: {why}"
        )
        for status, done, kept in [
            (ACTIVE, "quarantined", until(NOW)),
            (INACTIVE, "kept", None),
        ]
        for value, why in [
            ("yes", "a tag that is not of the form"),
            (until(NOW + timedelta(seconds=301)), "a start in the future"),
            (until(NOW, days=366), "an end more than 365 days after the start"),
            (until(CREATED - timedelta(days=1)), "a start before the key was created"),
            ("2026-02-30T00:00:00Z started", "a date that does not exist"),
        ]
    ],
)  # fmt: skip
def test_a_tagged_key_is_treated_as_its_row_says(
    account: Account,
    ann: User,
    status: str,
    used: datetime | None,
    value: str | None,
    changed: dict[str, str],
    done: str,
    after: tuple[str, str | None] | None,
) -> None:
    key = account.iam.add_key(
        ann, created=CREATED + timedelta(seconds=2), status=status, last_used=used
    )
    if value is not None:
        ann.tag_values.update(tag(key, value))
    assert [(each.id, each.done) for each in run(account, ann, **changed)] == [
        (key.access_key_id, done)
    ]
    if after is None:
        assert read_state(ann) == ({}, {})
    else:
        status_after, tag_after = after
        tags = {} if tag_after is None else tag(key, tag_after)
        assert read_state(ann) == ({key.access_key_id: status_after}, tags)


@pytest.mark.parametrize(
    ("status", "changes"),
    [(ACTIVE, ["UpdateAccessKey", "TagUser"]), (INACTIVE, ["TagUser"])],
)
def test_finishing_a_quarantine_does_only_what_is_left_to_do(
    account: Account, ann: User, status: str, changes: list[str]
) -> None:
    key = account.iam.add_key(ann, created=CREATED, status=status)
    ann.tag_values.update(tag(key, BEGUN))
    run(account, ann)
    assert list_changes(account) == changes


def test_under_setup_a_used_key_that_was_made_later_loses_its_tag_too(
    account: Account, ann: User
) -> None:
    later = account.iam.add_key(ann, created=CREATED + timedelta(days=1), last_used=USED)
    ann.tag_values.update(tag(later, OVER))
    assert [each.done for each in run(account, ann, Criterion="SETUP")] == ["kept"]
    assert read_state(ann) == ({later.access_key_id: "Active"}, {})


def test_a_tag_whose_name_differs_in_case_is_the_keys_tag(
    account: Account, ann: User, key: AccessKey
) -> None:
    ann.tag_values[TAG + key.access_key_id.lower()] = LONG_OVER
    assert [(each.id, each.done) for each in run(account, ann)] == [
        (key.access_key_id, "quarantined")
    ]
    assert read_state(ann)[0] == {key.access_key_id: "Inactive"}
    assert list(ann.tag_values.values()) == [f"{until(NOW)} again"]


def test_the_tag_of_a_key_that_is_gone_is_removed(
    account: Account, ann: User, key: AccessKey
) -> None:
    key.record_use(USED)
    gone = "AKIAEXAMPLE000000009"
    ann.tag_values[TAG + gone] = OVER
    kept, tidied = run(account, ann)
    assert (kept.id, kept.done) == (key.access_key_id, "kept")
    why = "The key is gone, and now its quarantine tag is, too."
    assert tidied == ToldKey(gone, "kept", why)
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


# A dry run.


@pytest.mark.parametrize(
    ("status", "value", "used", "done"),
    [
        pytest.param(ACTIVE, None, None, "would be quarantined", id="a key to quarantine"),
        pytest.param(INACTIVE, BEGUN, None, "would be quarantined", id="a quarantine to finish"),
        pytest.param(INACTIVE, OVER, None, "would be deleted", id="a key to delete"),
        pytest.param(ACTIVE, UNDER_WAY, USED, "kept", id="a tag to remove"),
    ],
)
def test_a_dry_run_says_what_it_would_do_and_changes_nothing(
    account: Account, ann: User, status: str, value: str | None, used: datetime | None, done: str
) -> None:
    key = account.iam.add_key(ann, created=CREATED, status=status, last_used=used)
    ann.tag_values.update(tag(key, value) if value else {})
    ann.tag_values[f"{TAG}AKIAEXAMPLE000000009"] = OVER
    before = read_state(ann)
    assert (key.access_key_id, done) in [
        (each.id, each.done) for each in run(account, ann, dry_run="true")
    ]
    assert read_state(ann) == before
    assert list_changes(account) == []


# Whom it is about.


def test_a_renamed_user_is_found_by_id(account: Account, ann: User, key: AccessKey) -> None:
    account.iam.update_user("ann", new_user_name="anna")
    execution = start(account, ann.id)
    assert execution.outputs[f"{STEP}.User"] == ["anna"]
    assert read_state(ann)[0] == {key.access_key_id: "Inactive"}


def test_a_user_that_config_has_not_recorded_is_found_by_id(
    account: Account, ann: User, key: AccessKey
) -> None:
    account.config.unrecorded.add(ann.id)
    assert [each.done for each in run(account, ann)] == ["quarantined"]


def test_another_user_under_a_re_created_name_is_not_touched(
    account: Account, ann: User, key: AccessKey
) -> None:
    old = ann.id
    del account.iam.users["ann"]
    other = account.iam.add_user("ann", created=CREATED, password=CREATED)
    other_key = account.iam.add_key(other, created=CREATED)
    execution = start(account, old)
    assert (execution.status, execution.outputs[f"{STEP}.Keys"]) == ("Success", [])
    assert read_state(other) == ({other_key.access_key_id: "Active"}, {})


# Failures.


def test_fifty_tags_are_no_failure_as_only_a_person_can_mend_them(
    account: Account, ann: User, key: AccessKey
) -> None:
    ann.tag_values.update({f"team:{number}": "x" for number in range(50)})
    before = read_state(ann)
    why = (
        "The user has 50 tags and IAM allows no more: remove one, so that the quarantine can be"
        " recorded. The key was left as it is."
    )
    assert run(account, ann) == [ToldKey(key.access_key_id, "kept", why)]
    assert read_state(ann) == before


def test_forty_nine_tags_leave_room_for_one(account: Account, ann: User, key: AccessKey) -> None:
    ann.tag_values.update({f"team:{number}": "x" for number in range(49)})
    assert [each.done for each in run(account, ann)] == ["quarantined"]
    assert len(ann.tag_values) == 50


def test_fifty_tags_do_not_keep_a_quarantine_from_being_finished(
    account: Account, ann: User, key: AccessKey
) -> None:
    ann.tag_values.update({f"team:{number}": "x" for number in range(49)})
    ann.tag_values.update(tag(key, BEGUN))
    assert [each.done for each in run(account, ann)] == ["quarantined"]


def test_fifty_tags_are_no_error_where_the_keys_old_tag_is_one_of_them(
    account: Account, ann: User, key: AccessKey
) -> None:
    ann.tag_values.update({f"team:{number}": "x" for number in range(49)})
    ann.tag_values.update(tag(key, LONG_OVER))
    assert [each.done for each in run(account, ann)] == ["quarantined"]
    assert ann.tag_values[TAG + key.access_key_id] == f"{until(NOW)} again"


def test_a_failure_says_of_every_key_what_was_done(account: Account, ann: User) -> None:
    over = account.iam.add_key(ann, created=CREATED, status="Inactive")
    fresh = account.iam.add_key(ann, created=CREATED + timedelta(seconds=1))
    ann.tag_values.update(tag(over, OVER))
    account.faults.fail("iam", "UpdateAccessKey", "AccessDenied", "no")
    execution = start(account, ann.id)
    said = read_failure(execution)
    assert said.startswith(
        "RuntimeError - Run this again, it finishes the rest. User ann:"
        f" {over.access_key_id} deleted: Access"
    )
    assert (
        f" {fresh.access_key_id} failed: An error occurred (AccessDenied) when calling the"
        " UpdateAccessKey operation: no"
    ) in said
    assert [each.done for each in run(account, ann)] == ["quarantined"]
    assert read_state(ann) == ({fresh.access_key_id: "Inactive"}, tag(fresh, until(NOW)))


def test_a_wrong_number_fails_with_what_is_allowed_and_reads_nothing(
    account: Account, ann: User, key: AccessKey
) -> None:
    assert 'GraceHours is "999"; give a whole number of hours from 0 to 720.' in read_failure(
        start(account, ann.id, GraceHours="999")
    )
    assert account.calls.actions() == [
        "lambda:Invoke",
        "config:GetComplianceDetailsByResource",
        "config:DescribeConfigRules",
    ]


# Two keys have to turn.


def hold_in(account: Account, rule: str, user_id: str) -> None:
    """Let a rule of this name hold the user NON_COMPLIANT."""
    now = account.clock.now()
    evaluation = {
        "ComplianceResourceType": "AWS::IAM::User",
        "ComplianceResourceId": user_id,
        "ComplianceType": "NON_COMPLIANT",
        "OrderingTimestamp": now.timestamp(),
    }
    account.config.results(rule).put(evaluation, now)


def invoke(account: Account, event: dict[str, object]) -> Any:
    """Invoke the function past the runbook, and return its answer or the text of its error."""
    payload = json.dumps(event).encode()
    answer = boto3.client("lambda").invoke(FunctionName=f"{NAME}-remediation", Payload=payload)
    told = json.loads(answer["Payload"].read())
    return told["errorMessage"] if "FunctionError" in answer else told


def test_parameters_brought_along_count_for_nothing(
    account: Account, ann: User, key: AccessKey
) -> None:
    set_parameters(account, SetupWindowSeconds="0", GraceHours="720")
    young = account.iam.add_key(ann, created=NOW - timedelta(days=20))
    hold(account, ann.id)
    forged = {"GraceHours": "0", "Criterion": "UNUSED", "QuarantineDays": "1", "User": "bob"}
    told = invoke(account, {"UserId": ann.id, "DryRun": "false", **forged})
    done = {each["AccessKeyId"]: each["Done"] for each in told["Keys"]}
    assert done == {key.access_key_id: "quarantined", young.access_key_id: "kept"}
    assert ann.tag_values == tag(key, until(NOW))


@pytest.mark.parametrize("compliance", ["COMPLIANT", "NOT_APPLICABLE", None])
def test_a_user_whom_the_rule_does_not_hold_non_compliant_is_left_alone(
    account: Account, ann: User, key: AccessKey, compliance: str | None
) -> None:
    rule = account.find_rule(NAME).name
    first = "the rule judge the user first (aws configservice start-config-rules-evaluation"
    said = f"No rule {NAME} holds a result for {ann.id}. Nothing was done: let {first})."
    if compliance is not None:
        hold(account, ann.id, compliance)
        said = (
            f"Rule {rule} holds {ann.id} {compliance}. Nothing was done: if that is old, let"
            f" {first} --config-rule-names {rule})."
        )
    told = invoke(account, {"UserId": ann.id, "DryRun": "false"})
    assert told == {"User": ann.id, "Verdict": said, "Keys": []}
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


def test_two_rules_of_ours_are_an_error_that_names_them(
    account: Account, ann: User, key: AccessKey
) -> None:
    ours = account.find_rule(NAME).name
    stored = account.config.config_rules[ours]
    twin = f"{NAME}-twin"
    account.config.config_rules[twin] = stored
    try:
        hold_in(account, twin, ann.id)
        hold_in(account, ours, ann.id)
        assert invoke(account, {"UserId": ann.id, "DryRun": "false"}) == (
            f"2 rules hold {ann.id}: {ours} and {twin}. Nothing was changed. Leave one of them, or"
            " delete the results of the others."
        )
    finally:
        del account.config.config_rules[twin]
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


FOREIGN = "arn:aws:lambda:us-east-1:999988887777:function:x"


def test_a_rule_with_another_source_is_an_error_that_names_it(
    account: Account, ann: User, key: AccessKey
) -> None:
    rule = account.find_rule(NAME).name
    source = account.config.config_rules[rule].source
    own, source.source_identifier = source.source_identifier, FOREIGN
    hold(account, ann.id)
    try:
        assert invoke(account, {"UserId": ann.id, "DryRun": "false"}) == (
            f"Rule {rule} is not judged by {own}, but by {FOREIGN}. Nothing was changed."
        )
    finally:
        source.source_identifier = own
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


def test_a_rule_that_is_gone_meanwhile_is_an_error_that_names_it(
    account: Account, ann: User, key: AccessKey
) -> None:
    hold(account, ann.id)
    account.faults.fail("config", "DescribeConfigRules", "NoSuchConfigRuleException", "gone")
    rule = account.find_rule(NAME).name
    assert invoke(account, {"UserId": ann.id, "DryRun": "false"}) == (
        f"Rule {rule} held the user NON_COMPLIANT and is gone by now. Nothing was changed. Deploy"
        " the rule again, and let it judge the user first."
    )
    assert read_state(ann) == ({key.access_key_id: "Active"}, {})


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({}, "UserId is None; give the unique id of an IAM user, AIDA..."),
        ({"UserId": "ann"}, "UserId is 'ann'; give the unique id of an IAM user, AIDA..."),
        ({"UserId": "AIDAEXAMPLE000000001"}, "DryRun is None; give true or false."),
        (
            {"UserId": "AIDAEXAMPLE000000001", "DryRun": True},
            "DryRun is True; give true or false.",
        ),
    ],
)
def test_what_is_no_request_is_refused(
    account: Account, event: dict[str, object], said: str
) -> None:
    assert invoke(account, event) == said


# A deletion needs a witness.


def test_a_backdated_tag_deletes_nothing(account: Account, ann: User) -> None:
    key = account.iam.add_key(ann, created=CREATED, status="Inactive")
    account.iam.tag_user("ann", [{"Key": TAG + key.access_key_id, "Value": OVER}])
    hold(account, ann.id)
    told = invoke(account, {"UserId": ann.id, "DryRun": "false"})
    end = utc(NOW + timedelta(days=7))
    assert [each["Why"] for each in told["Keys"]] == [
        f"AWS Config has seen its quarantine tag since {utc(NOW)}, so it is not deleted before"
        f" {end}."
    ]
    account.clock.move_to(NOW + timedelta(days=7))
    told = invoke(account, {"UserId": ann.id, "DryRun": "false"})
    assert [each["Done"] for each in told["Keys"]] == ["deleted"]


def test_a_tag_that_was_away_counts_from_when_it_came_back(account: Account, ann: User) -> None:
    key = account.iam.add_key(ann, created=CREATED, status="Inactive")
    name = TAG + key.access_key_id
    for days in (9, 5):
        account.clock.move_to(NOW - timedelta(days=days))
        account.iam.tag_user("ann", [{"Key": name, "Value": OVER}])
        account.clock.move_to(NOW - timedelta(days=days - 1))
        if days == 9:
            account.iam.untag_user("ann", [name])
    account.clock.move_to(NOW)
    hold(account, ann.id)
    told = invoke(account, {"UserId": ann.id, "DryRun": "false"})
    assert f"since {utc(NOW - timedelta(days=5))}" in told["Keys"][0]["Why"]
    assert read_state(ann)[0] == {key.access_key_id: "Inactive"}


def test_without_an_item_of_aws_config_nothing_is_deleted(account: Account, ann: User) -> None:
    key = account.iam.add_key(ann, created=CREATED, status="Inactive")
    ann.tag_values.update(tag(key, OVER))
    account.config.unrecorded.add(ann.id)
    (told,) = run(account, ann)
    assert (told.done, told.why) == (
        "kept",
        "AWS Config has not recorded its quarantine tag as it stands, so nothing proves how long it"
        " has been there. To delete it by hand: aws iam delete-access-key --user-name ann"
        f" --access-key-id {key.access_key_id}",
    )


# What a person got wrong, and what undoes a change.


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"expires": "soon"}, 'expires "soon" is no date (YYYY-MM-DD).'),
        ({"reason": ""}, "reason is empty."),
        ({"owner": None}, "owner is missing."),
    ],
)
def test_a_malformed_exception_is_a_finding_that_is_left_alone(
    account: Account, ann: User, key: AccessKey, changed: dict[str, str | None], fault: str
) -> None:
    parts = {"owner": "security", "expires": "2026-09-30", "reason": "migration", **changed}
    for part, value in parts.items():
        if value is not None:
            ann.tag_values[f"no-setup-access-key:exception-{part}"] = value
    why = f"Invalid exception: {fault} Mend the exception, or remove its tags."
    assert run(account, ann) == [ToldKey(key.access_key_id, "kept", why)]
    assert key.status == "Active"


def test_an_exception_that_ended_is_acted_on(account: Account, ann: User, key: AccessKey) -> None:
    parts = {"owner": "security", "expires": "2026-08-31", "reason": "migration"}
    ann.tag_values.update({f"no-setup-access-key:exception-{k}": v for k, v in parts.items()})
    assert [each.done for each in run(account, ann)] == ["quarantined"]


def test_what_was_changed_carries_the_command_that_undoes_it(account: Account, ann: User) -> None:
    over = account.iam.add_key(ann, created=CREATED, status="Inactive")
    fresh = account.iam.add_key(ann, created=CREATED + timedelta(seconds=1))
    ann.tag_values.update(tag(over, OVER))
    execution = start(account, ann.id)
    told = [json.loads(text) for text in execution.outputs[f"{STEP}.Keys"]]
    assert {each["AccessKeyId"]: each["Undo"] for each in told} == {
        over.access_key_id: "A deletion cannot be undone; for a new key: aws iam create-access-key"
        " --user-name ann",
        fresh.access_key_id: "aws iam update-access-key --user-name ann --access-key-id"
        f" {fresh.access_key_id} --status Active",
    }


def test_a_failed_run_says_what_is_already_done_and_what_is_left(
    account: Account, ann: User
) -> None:
    over = account.iam.add_key(ann, created=CREATED, status="Inactive")
    ann.tag_values.update(tag(over, OVER))
    account.faults.fail("iam", "UntagUser", "AccessDenied", "no")
    said = read_failure(start(account, ann.id))
    assert f" {over.access_key_id} deleted: Access key {over.access_key_id} of ann was" in said
    assert "Left to do: remove its quarantine tag (An error occurred (AccessDenied)" in said
    assert [each.done for each in run(account, ann)] == ["kept"]
    assert read_state(ann) == ({}, {})
