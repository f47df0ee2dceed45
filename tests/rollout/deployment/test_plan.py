"""What `plan` shows and what `deploy` does are one list of steps, in every state of the parts."""

import json
from collections.abc import Callable

import boto3
import pytest

from rollout.deployment import executor
from rollout.deployment.plan import Change, Step
from rollout.errors import NOT_SEEN
from tests.support.organizations import (
    MANAGEMENT,
    REGION,
    SANDBOX,
    SHOP,
    World,
    run,
    set_stack_status,
)

NAME = "iam-user-no-setup-access-key"
ROLE = "iam-user-no-setup-access-key-evaluator"
SLOW = pytest.mark.slow
"""One state of each kind is in the fast set: nothing, a change, a failure, something that runs."""


def nothing(estate: World) -> None:
    """Nothing stands."""


def deployed(estate: World) -> None:
    run("deploy")


def failed_instance(estate: World) -> None:
    estate.sets.failing[SANDBOX] = "No."
    run("deploy")
    estate.sets.failing.clear()


def older_stack_set(estate: World) -> None:
    run("deploy")
    (stack_set,) = estate.sets.sets.values()
    stack_set.parameters["CodeKey"] = f"{NAME}-older.zip"


def failed_pack(estate: World) -> None:
    estate.packs.failing[SHOP] = ("Failure", "No.")
    run("deploy")
    estate.packs.failing.clear()


def older_pack(estate: World) -> None:
    run("deploy")
    (pack,) = estate.packs.packs.values()
    pack.parameters["Revision"] = "0123456789abcdef"


def newer_pack(estate: World) -> None:
    run("deploy")
    (pack,) = estate.packs.packs.values()
    pack.parameters["FutureParameter"] = "1"
    older_stack_set_of(estate)


def older_stack_set_of(estate: World) -> None:
    (stack_set,) = estate.sets.sets.values()
    stack_set.parameters["CodeKey"] = f"{NAME}-newer.zip"


def failed_stack(estate: World) -> None:
    boto3.client("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}")
    run("deploy")
    boto3.client("iam").delete_role(RoleName=ROLE)


def running_operation(estate: World) -> None:
    run("deploy")
    (stack_set,) = estate.sets.sets.values()
    member = estate.organization.members[SHOP]
    estate.sets.start(stack_set, "DETECT_DRIFT", [member], REGION, {}, {}, lambda each: None)


def pack_in_progress(estate: World) -> None:
    run("deploy")
    (pack,) = estate.packs.packs.values()
    pack.accounts[SHOP].set("UPDATE_IN_PROGRESS")
    finish = estate.organization.agenda
    now = estate.cloud.clock.now()
    finish.add(now.replace(minute=now.minute + 1), lambda: pack.accounts[SHOP].set("UPDATE_FAILED"))


def taken_out(estate: World) -> None:
    run("deploy")
    run(f"deploy --exclude {SANDBOX} --yes")


@pytest.mark.parametrize(
    ("happen", "options"),
    [
        pytest.param(nothing, "", id="nothing stands"),
        pytest.param(deployed, "", id="all is as meant", marks=SLOW),
        pytest.param(deployed, "--grace-hours 9", id="a parameter changes"),
        pytest.param(
            deployed, f"--exclude {SANDBOX}", id="an account is to lose the rule", marks=SLOW
        ),
        pytest.param(taken_out, "--exclude none", id="an account is to get it back", marks=SLOW),
        pytest.param(failed_instance, "", id="a stack of the StackSet failed"),
        pytest.param(older_stack_set, "", id="the StackSet has older code", marks=SLOW),
        pytest.param(failed_pack, "", id="the pack failed in an account", marks=SLOW),
        pytest.param(older_pack, "", id="the pack is another", marks=SLOW),
        pytest.param(newer_pack, "", id="the pack knows more parameters", marks=SLOW),
        pytest.param(failed_stack, "", id="the ordinary stack failed", marks=SLOW),
        pytest.param(running_operation, "", id="an operation runs"),
        pytest.param(pack_in_progress, "", id="the pack is in progress", marks=SLOW),
    ],
)
def test_deploy_does_what_plan_shows(
    estate: World,
    monkeypatch: pytest.MonkeyPatch,
    happen: Callable[[World], None],
    options: str,
) -> None:
    happen(estate)
    shown = json.loads(run(f"plan --format json {options}", documented=False).out)["steps"]
    done: list[Step] = []
    do = executor.Executor.do

    def note(self: executor.Executor, step: Step) -> None:
        done.append(step)
        do(self, step)

    monkeypatch.setattr(executor.Executor, "do", note)
    outcome = run(f"deploy --yes {options}", documented=False)
    told = [(each["part"], each["change"], each["what"], tuple(each["accounts"])) for each in shown]
    first = [each for each in told if each[1] == Change.WAIT]
    did = [(each.part.value, each.change.value, each.what, each.accounts) for each in done]
    # Where something ran, what comes after it is planned anew from what it came to.
    assert did[: len(first)] == first if first else did == told
    assert outcome.code == 3, outcome.out + outcome.err
    after = json.loads(run(f"plan --format json {options}", documented=False).out)
    assert after["steps"] == []


def test_a_stack_that_cloudformation_rolled_back_stands_as_it_was(estate: World) -> None:
    run("deploy")
    set_stack_status("UPDATE_ROLLBACK_COMPLETE")
    plan, outcome = run("plan"), run("deploy")
    assert "deploy would change nothing." in plan.out
    assert [MANAGEMENT, "management", "current", "ok", "ok"] in outcome.rows()
    assert (outcome.code, outcome.out.splitlines()[-1].endswith("Nothing was changed.")) == (
        NOT_SEEN,
        True,
    )


def test_a_stack_that_an_update_left_broken_is_never_fine(estate: World) -> None:
    run("deploy")
    set_stack_status("UPDATE_ROLLBACK_FAILED")
    # AWS takes no update of it.
    estate.cloud.faults.fail("cloudformation", "UpdateStack", "ValidationError", times=None)
    plan, outcome = run("plan"), run("deploy")
    assert f"stack {NAME} in {MANAGEMENT} management: try again" in plan.out
    assert [MANAGEMENT, "management", "FAILED", "ok", "not seen"] in outcome.rows()
    assert (outcome.code, "0 of 5 accounts are fine. 4 accounts show no fault" in outcome.out) == (
        1,
        True,
    )


def test_a_stack_that_is_still_being_created_is_waited_for(estate: World) -> None:
    run("deploy")
    set_stack_status("CREATE_IN_PROGRESS")
    plan, outcome = run("plan"), run("deploy --minutes 1")
    assert f"stack {NAME} in {MANAGEMENT} management: wait for what runs" in plan.out
    assert (outcome.code, "has not ended after 1 minute." in outcome.err) == (2, True)
