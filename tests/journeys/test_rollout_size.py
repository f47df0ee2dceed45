"""Many accounts: every one is reached or named, and the calls are counted."""

from collections.abc import Iterator
from math import ceil

import pytest

from tests.support.organizations import (
    MANAGEMENT,
    SHOP,
    World,
    leave_runbook_behind,
    open_estate,
    run,
)

FAILING, WITHOUT_RECORDER = "700000000023", "700000000030"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(45, id="fifty accounts"),
        pytest.param(300, id="305 accounts", marks=pytest.mark.slow),
    ],
)
def large(request: pytest.FixtureRequest) -> Iterator[World]:
    """An organization of which one fails its stack and one has no recorder."""
    with open_estate(accounts=request.param) as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        estate.packs.be_prompt()  # calls are counted, not looks
        estate.sets.failing[FAILING] = "It fails."
        estate.members.config(WITHOUT_RECORDER, "us-east-1").recorders.clear()
        yield estate


def pages(large: World) -> int:
    """Return in how many pages the accounts come: twenty a page, AWS's most."""
    return ceil(len(large.organization.members) / 20)


def watched(large: World) -> int:
    """Return how many accounts get the rule: all that are active, but for the management one."""
    return sum(each.status == "ACTIVE" for each in large.organization.members.values()) - 1


def test_many_accounts_from_the_first_run_to_three_that_are_not_fine(large: World) -> None:
    """One test, as each step begins where the one before it ended."""
    reach_or_name_every_account_within_the_calls_counted(large)
    try_the_two_again_and_nobody_else(large)
    do_nothing_at_a_call_a_page(large)
    find_the_three_that_are_not_fine_at_once(large)


def reach_or_name_every_account_within_the_calls_counted(large: World) -> None:
    with large.cloud.calls.since_now() as calls:
        outcome = run(f"deploy --all --exclude {MANAGEMENT}")
    rows = {row[0]: row[2:4] for row in outcome.rows()}
    members = large.organization.members.values()
    assert set(rows) == {each.id for each in members if each.status == "ACTIVE"} - {MANAGEMENT}
    assert {key: row for key, row in rows.items() if row != ["current", "ok"]} == {
        FAILING: ["FAILED", "FAILED"],
        WITHOUT_RECORDER: ["current", "FAILED"],
    }
    assert calls.count("organizations:ListAccounts") == pages(large)
    # The pack is put twice: once more for the account whose stack became current in this run.
    assert calls.count() <= 53 + 7 * pages(large)
    assert outcome.code == 1


def try_the_two_again_and_nobody_else(large: World) -> None:
    large.sets.failing.clear()
    large.members.add_recorder(WITHOUT_RECORDER, "us-east-1")
    outcome = run(f"deploy --all --exclude {MANAGEMENT}")
    (stack_set,) = large.sets.sets.values()
    assert list(stack_set.operations[-1].results) == [FAILING]
    assert (outcome.code, len(outcome.rows())) == (3, watched(large))


def do_nothing_at_a_call_a_page(large: World) -> None:
    with large.cloud.calls.since_now() as calls:
        outcome = run(f"deploy --exclude {MANAGEMENT}")
    assert outcome.code == 3
    assert calls.count() <= 24 + 9 * pages(large) // 4
    blind = f"{watched(large)} accounts without a fault but not seen in full"
    assert f"{blind}; --all shows every row." in outcome.out
    assert len(outcome.out.splitlines()) <= 40


def find_the_three_that_are_not_fine_at_once(large: World) -> None:
    role = "--member-role OrganizationAccountAccessRole"
    large.members.add_recorder(WITHOUT_RECORDER, "us-east-1", running=False)
    runs = large.members.config(FAILING, "us-east-1").runs
    (rule,) = large.members.config(FAILING, "us-east-1").config_rules
    runs[rule] = {"LastFailedEvaluationTime": 1.8e9, "LastErrorMessage": "It timed out."}
    leave_runbook_behind()
    lines = run(f"status {role}", columns=80).out.splitlines()
    end = lines.index("What is not fine:")
    assert lines[end:] == [
        "What is not fine:",
        f"    {SHOP} shop: the runbook's default version is 1, its latest 2; in that",
        "        account:",
        "        run: aws ssm update-document-default-version --name iam-user-no-setup-ac",
        "cess-key-remediation --document-version 2",
        f"    {FAILING} team-23: the rule's last run failed: It timed out.",
        f"    {WITHOUT_RECORDER} team-30: the Config recorder is stopped: changes of users are",
        "        not seen",
        "3 faults. Nothing was changed.",
    ]
    table = lines[:end]
    shown = [line.split()[0] for line in table if line[:12].isdigit()]
    assert shown == [SHOP, FAILING, WITHOUT_RECORDER]
    assert f"{watched(large) - 2} others fine; --all shows every row." in table
    assert len(lines) <= 45
