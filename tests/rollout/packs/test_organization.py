"""AWS is slow, stale and forgetful about organization packs; a deployment believes it slowly."""

from typing import Any

import boto3
import pytest

import rollout.aws.session
from tests.support.organizations import (
    MANAGEMENT,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    open_estate,
    run,
)

NAME = "iam-user-no-setup-access-key"
MEMBERS_ONLY = f"deploy --exclude {MANAGEMENT}"


def packs(estate: World) -> dict[str, str]:
    (pack,) = estate.packs.packs.values()
    return {key: each.status for key, each in pack.accounts.items()}


@pytest.mark.parametrize("seconds", [120.0, 1000.0])
def test_rows_that_come_late_are_waited_for_as_long_as_minutes_says(
    estate: World, seconds: float
) -> None:
    estate.packs.idle_seconds = seconds
    outcome = run(MEMBERS_ONLY)
    told = outcome.result("conformance pack iam-user-no-setup-access-key in 4 accounts")
    assert (outcome.code, told) == (3, "created")


def test_minutes_alone_end_the_waiting_for_rows(estate: World) -> None:
    estate.packs.idle_seconds = 3600.0
    outcome = run(f"{MEMBERS_ONLY} --minutes 3")
    assert outcome.code == 2
    assert "has not ended after 3 minutes" in outcome.err


def test_a_delegated_administrator_waits_for_late_rows_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_estate(SECURITY) as estate:
        monkeypatch.setattr("time.sleep", estate.sleep)
        estate.packs.idle_seconds = 900.0
        assert run(MEMBERS_ONLY).code == 3


def test_a_delegated_administrator_gives_an_account_that_stays_silent_up_after_ten_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_estate(SECURITY) as estate:
        monkeypatch.setattr("time.sleep", estate.sleep)
        estate.packs.silent.add(SHOP)
        outcome = run(MEMBERS_ONLY)
        assert outcome.code == 1
        assert outcome.below(f"conformance pack {NAME} in 4 accounts") == [
            f"{SHOP} shop: AWS Config shows no status of the pack"
        ]


def test_a_stale_aggregate_is_not_taken_for_the_end_of_the_update(estate: World) -> None:
    run(MEMBERS_ONLY)
    estate.sleep(60)
    estate.packs.stale_seconds, estate.packs.idle_seconds = 90.0, 60.0
    estate.packs.failing[SHOP] = ("Failure", "No.")
    outcome = run(f"{MEMBERS_ONLY} --grace-hours 9 --yes")
    assert outcome.code == 1
    assert outcome.below(f"conformance pack {NAME} in 4 accounts") == [
        f"{SHOP} shop: UPDATE_FAILED: Failure: No."
    ]


def test_a_pack_that_is_not_to_be_found_right_after_its_put_is_looked_for_again(
    estate: World,
) -> None:
    estate.packs.unseen_seconds = 60.0
    outcome = run(MEMBERS_ONLY)
    assert (outcome.code, outcome.err) == (3, "")


def test_a_refusal_right_after_a_delegation_is_asked_again(estate: World) -> None:
    put = "PutOrganizationConformancePack"
    fault = estate.cloud.faults.fail("config", put, "OrganizationAccessDeniedException", times=2)
    assert (run(MEMBERS_ONLY).code, fault.met) == (3, 2)


def test_the_row_of_an_account_that_lost_the_rule_is_no_pack(estate: World) -> None:
    run(MEMBERS_ONLY)
    run(f"{MEMBERS_ONLY} {SANDBOX} --yes")
    assert packs(estate)[SANDBOX] == "DELETE_SUCCESSFUL"
    plan, status = run("plan"), run("status")
    assert "REMOVE" not in plan.out
    assert "deploy would change nothing." in plan.out
    (row,) = [row for row in status.rows() if row[0] == SANDBOX]
    assert (row[2], row[3]) == ("current", "-")
    assert run(f"deploy --exclude {MANAGEMENT} --yes").code == 3
    assert packs(estate)[SANDBOX] in ("CREATE_SUCCESSFUL", "UPDATE_SUCCESSFUL")


def test_two_operators_the_one_who_lost_is_told(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MEMBERS_ONLY)

    def sleep(seconds: float) -> None:
        (pack,) = estate.packs.packs.values()
        if pack.parameters["GraceHours"] == "9":
            pack.parameters = {**pack.parameters, "GraceHours": "20"}
        estate.sleep(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    outcome = run(f"{MEMBERS_ONLY} --grace-hours 9 --yes")
    assert outcome.code == 2
    assert f"Somebody else put the conformance pack {NAME} meanwhile: GraceHours is 20." in (
        outcome.err
    )


def test_a_rule_of_another_administrator_is_a_fault_that_names_him(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_estate(SECURITY) as estate:
        monkeypatch.setattr("time.sleep", estate.sleep)
        run(MEMBERS_ONLY)
        for name, value in estate.cloud.open_account(MANAGEMENT).variables().items():
            monkeypatch.setenv(name, value)
        boto3.setup_default_session()
        theirs = estate.members.config(SECURITY, "us-east-1").config_rules
        estate.members.config(MANAGEMENT, "us-east-1").config_rules.update(theirs)
        outcome = run("deploy")
    assert outcome.code == 1
    (told,) = outcome.below("no rule of another administrator")
    assert told.startswith(f"{MANAGEMENT} management has {NAME}-conformance-pack-")
    assert f"it was put by {SECURITY} security, or is an account pack" in told


@pytest.mark.parametrize("caller", [MANAGEMENT, SECURITY])
def test_a_slow_stale_and_forgetful_aws_ends_in_the_same_state(
    monkeypatch: pytest.MonkeyPatch, caller: str
) -> None:
    with open_estate(caller) as estate:
        monkeypatch.setattr("time.sleep", estate.sleep)
        first = run(MEMBERS_ONLY)
        estate.sleep(60)
        run("plan")
        estate.sleep(60)  # so that what has ended by now is older than the next put
        update = run("deploy --grace-hours 9 --yes")
        assert (first.code, update.code, first.err, update.err) == (3, 3, "", "")
        assert "deploy would change nothing." in run("plan").out
        assert set(packs(estate).values()) == {"UPDATE_SUCCESSFUL"}


def test_what_a_killed_run_put_is_waited_for_although_no_row_says_that_it_runs(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(MEMBERS_ONLY)
    estate.sleep(600)
    explain = rollout.aws.session.raise_hopeless

    def die(*arguments: Any, **more: Any) -> None:
        explain(*arguments, **more)
        if more["model"].name == "PutOrganizationConformancePack":
            raise KeyboardInterrupt

    with monkeypatch.context() as patches:
        patches.setattr("rollout.aws.session.raise_hopeless", die)
        assert run(f"{MEMBERS_ONLY} --grace-hours 9 --yes").code == 130
    estate.packs.failing[SHOP] = ("Failure", "No.")
    assert f"conformance pack {NAME} in 4 accounts: wait for what runs" in run("plan").out
    (pack,) = estate.packs.packs.values()
    assert run("deploy").code == 1
    assert pack.parameters["GraceHours"] == "9"
    assert packs(estate)[SHOP].endswith("_FAILED")


def test_an_empty_list_is_not_taken_for_a_pack_that_was_never_put(estate: World) -> None:
    run(f"{MEMBERS_ONLY} --grace-hours 9")
    estate.sleep(600)
    (pack,) = estate.packs.packs.values()
    pack.looks.clear()
    estate.packs.hidden_looks, estate.packs.empty_looks = 0, 3
    outcome = run("deploy")
    assert (outcome.out.splitlines()[-1].endswith("Nothing was changed."), pack.parameters) == (
        True,
        {**pack.parameters, "GraceHours": "9"},
    )
