"""Where it is decided, deploy bounds the function in every account whose limit is high enough."""

from pathlib import Path

import pytest
from moto.awslambda.models import lambda_backends

from emulator.awslambda.models import Lambda
from rollout.deployment.reservation import Reservation
from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    REGION,
    ROLE,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    run,
)

NAME = "iam-user-no-setup-access-key"
DEPLOY = f"deploy --yes --exclude {MANAGEMENT} --member-role {ROLE}"
FIVE = "--stack-parameter ReservedConcurrency=5"
CHECK = "concurrency of the function in 4 accounts"
STEP = f"at most 5 runs at once of {NAME} in 3 accounts"


def functions(account: str) -> Lambda:
    """Return an account's Lambda."""
    backend = lambda_backends[account][REGION]
    assert isinstance(backend, Lambda)
    return backend


def read_reserved() -> dict[str, object]:
    """Return what is reserved for the function in each account."""
    return {
        each: functions(each).get_function(NAME).reserved_concurrency
        for each in (SECURITY, SHOP, BANK, SANDBOX)
    }


def test_a_new_account_with_a_limit_of_10_is_left_without_a_limit_and_said_so(
    estate: World,
) -> None:
    functions(SANDBOX).limit = 10
    outcome = run(f"{DEPLOY} {FIVE}")
    assert read_reserved() == {SECURITY: 5, SHOP: 5, BANK: 5, SANDBOX: None}
    assert outcome.result(CHECK) == "to be set in 3 accounts"
    assert outcome.below(CHECK) == [
        f"{SANDBOX} sandbox is left without a limit: 10 runs are unreserved there, and AWS Lambda"
        " keeps 100 of them"
    ]
    assert outcome.result(STEP) == "updated"
    (stack_set,) = estate.sets.sets.values()
    assert "ReservedConcurrency" not in stack_set.parameters  # its default is -1
    assert outcome.code == 0


def test_the_function_is_bounded_before_the_pack_has_it_judge_everybody(estate: World) -> None:
    run(f"{DEPLOY} {FIVE}")
    actions = estate.cloud.calls.actions()
    reserved = max(at for at, each in enumerate(actions) if each == "lambda:PutFunctionConcurrency")
    assert reserved < actions.index("config:PutOrganizationConformancePack")


def test_what_is_reserved_stays_until_it_is_taken_back(estate: World) -> None:
    run(f"{DEPLOY} {FIVE}")
    again = run(f"{DEPLOY} {FIVE}")
    assert again.result(CHECK) == "as decided"
    assert again.out.splitlines()[-1] == "No faults. Nothing was changed."
    run(DEPLOY)
    assert set(read_reserved().values()) == {5}
    run(f"{DEPLOY} --stack-parameter ReservedConcurrency=-1")
    assert set(read_reserved().values()) == {None}


def test_settings_say_so_as_well_and_plan_shows_it(
    estate: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("rollout.toml").write_text(
        "[stack_parameters]\nReservedConcurrency = 5\n", encoding="utf-8"
    )
    planned = run(f"plan --exclude {MANAGEMENT} --member-role {ROLE}")
    assert f"at most 5 runs at once of {NAME} in 4 accounts: update" in planned.out
    assert estate.cloud.calls.count("lambda:PutFunctionConcurrency") == 0


def test_accounts_that_nobody_can_look_into_are_not_called_bounded(estate: World) -> None:
    outcome = run(f"deploy --exclude {MANAGEMENT} {FIVE}")
    assert (outcome.result(CHECK), outcome.code) == ("not seen", 3)
    assert set(read_reserved().values()) == {None}


def test_no_run_at_all_is_refused(estate: World) -> None:
    outcome = run("plan --stack-parameter ReservedConcurrency=0")
    assert outcome.code == 2
    assert "with 0 no run would ever begin; it must be -1, for no limit, or from 1" in outcome.err


@pytest.mark.parametrize(
    ("reserved", "unreserved", "wanted", "allowed"),
    [
        pytest.param(-1, 1000, 5, True, id="an ordinary limit of 1,000"),
        pytest.param(-1, 105, 5, True, id="just enough"),
        pytest.param(-1, 104, 5, False, id="one too few"),
        pytest.param(-1, 10, 5, False, id="a new account's 10"),
        pytest.param(-1, 10, -1, True, id="no limit is always possible"),
        pytest.param(5, 100, 5, True, id="its own reservation is free for it"),
        pytest.param(5, 100, 6, False, id="more than its own"),
    ],
)
def test_a_hundred_runs_stay_unreserved(
    reserved: int, unreserved: int, wanted: int, *, allowed: bool
) -> None:
    assert Reservation(reserved, unreserved).allows(wanted) is allowed
