"""The remediation runbook, taken from template.yaml and executed by the emulated SSM.

Nothing here imports the remediation: what is proved is the text that CloudFormation stores, run in
a bare interpreter under the deployed role's credentials. The clock stands still.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from emulator import Account, open_account
from emulator.iam.users import AccessKey, User
from tests.conftest import NOW
from tests.support.runbook import (
    PARAMETERS,
    STEP,
    TAG,
    Outcome,
    put_runbook,
    read_failure,
    read_outcomes,
    read_state,
    run,
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
def runbook_account() -> Iterator[Account]:
    """An account that keeps the runbook, and its warm interpreter, for all tests of this file."""
    with open_account(NOW, ticking=False) as opened:
        put_runbook()
        yield opened


@pytest.fixture
def account(runbook_account: Account) -> Account:
    """The account with nobody in it, at NOW."""
    runbook_account.clock.move_to(NOW)
    runbook_account.faults.clear()
    runbook_account.calls.clear()
    iam = runbook_account.iam
    for user in iam.users.values():
        for key in user.access_keys:
            iam.access_keys.pop(key.access_key_id, None)
    iam.users.clear()
    iam.use_lag = timedelta(0)
    runbook_account.config.unrecorded.clear()
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


def told(key: AccessKey, done: str, why: str) -> Outcome:
    """Return what a run tells about a key that was created with its user."""
    return Outcome(
        key.access_key_id,
        done,
        f"Access key {key.access_key_id} was created at {utc(key.create_date)}, its user at"
        f" {utc(CREATED)}: {why}",
    )


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


def test_every_call_is_made_as_the_automation_role(
    account: Account, ann: User, key: AccessKey
) -> None:
    run(account, ann)
    assert {call.caller for call in account.calls.made()} == {PARAMETERS["AutomationAssumeRole"]}


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
    assert run(account, ann) == [Outcome(key.access_key_id, "kept", why)]
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
    assert read_outcomes(execution) == [Outcome(key.access_key_id, "kept", "No console password.")]
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
        pytest.param(
            ACTIVE, None, OVER, {}, "quarantined", (INACTIVE, until(NOW)), id="reactivated, over"
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
            (until(NOW + timedelta(seconds=1)), "a start in the future"),
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
    made = [call.operation for call in account.calls.made()]
    assert [name for name in made if not name.startswith(("Get", "List"))] == changes


def test_under_setup_a_used_key_that_was_made_later_loses_its_tag_too(
    account: Account, ann: User
) -> None:
    later = account.iam.add_key(ann, created=CREATED + timedelta(days=1), last_used=USED)
    ann.tag_values.update(tag(later, OVER))
    assert [each.done for each in run(account, ann, Criterion="SETUP")] == ["kept"]
    assert read_state(ann) == ({later.access_key_id: "Active"}, {})


def test_a_tag_whose_name_differs_in_case_is_replaced_and_not_taken_for_a_gone_keys(
    account: Account, ann: User, key: AccessKey
) -> None:
    ann.tag_values[TAG + key.access_key_id.lower()] = OVER
    assert [(each.id, each.done) for each in run(account, ann)] == [
        (key.access_key_id, "quarantined")
    ]
    assert read_state(ann) == ({key.access_key_id: "Inactive"}, tag(key, until(NOW)))


def test_the_tag_of_a_key_that_is_gone_is_removed(
    account: Account, ann: User, key: AccessKey
) -> None:
    key.record_use(USED)
    gone = "AKIAEXAMPLE000000009"
    ann.tag_values[TAG + gone] = OVER
    assert [(each.id, each.done) for each in run(account, ann)] == [
        (key.access_key_id, "kept"),
        (gone, "deleted"),
    ]
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
        (each.id, each.done) for each in run(account, ann, DryRun="true")
    ]
    assert read_state(ann) == before
    verbs = {call.operation for call in account.calls.made()}
    assert {verb for verb in verbs if not verb.startswith(("Get", "List"))} == set()


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


def test_fifty_tags_are_an_error_that_says_what_to_do(
    account: Account, ann: User, key: AccessKey
) -> None:
    ann.tag_values.update({f"team:{number}": "x" for number in range(50)})
    before = read_state(ann)
    assert read_failure(start(account, ann.id)) == (
        "RemediationFailed - User ann has 50 tags and IAM allows 50: remove 1 to record the"
        " quarantine. Nothing was changed.. Please refer to Automation Service Troubleshooting"
        " Guide for more diagnosis details."
    )
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
    ann.tag_values.update(tag(key, OVER))
    assert [each.done for each in run(account, ann)] == ["quarantined"]
    assert ann.tag_values[TAG + key.access_key_id] == until(NOW)


def test_a_failure_says_of_every_key_what_was_done(account: Account, ann: User) -> None:
    over = account.iam.add_key(ann, created=CREATED, status="Inactive")
    fresh = account.iam.add_key(ann, created=CREATED + timedelta(seconds=1))
    ann.tag_values.update(tag(over, OVER))
    account.faults.fail("iam", "UpdateAccessKey", "AccessDenied", "no")
    execution = start(account, ann.id)
    said = read_failure(execution)
    assert said.startswith(
        "RemediationFailed - Run this again, it finishes the rest. User ann:"
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
    assert account.calls.actions() == []
