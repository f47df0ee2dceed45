"""Nothing is called fine that nobody has seen: exit code 3, and 1 with --strict."""

import json
from pathlib import Path

import pytest

from rollout.__main__ import main
from rollout.commands import VERBS
from tests.support.organizations import MANAGEMENT, SHOP, World, run

ROLE = "--member-role OrganizationAccountAccessRole"
MEMBERS_ONLY = f"deploy --exclude {MANAGEMENT}"
SEES_EVERYTHING = {"prevent", "demo"}
"""Verbs that look at nothing in AWS: what prevent cannot judge is wrong input."""
BLIND = (
    f"check {ROLE}",
    f"plan {ROLE}",
    f"deploy {ROLE}",
    f"status {ROLE}",
    f"evaluate --organization {ROLE}",
    f"report --source members {ROLE}",
    f"rescan {ROLE}",
    f"remediate --dry-run {ROLE}",
    f"restore --all --dry-run --unit production {ROLE}",
    f"letters {{folder}}/letters {ROLE}",
    f"exceptions list {ROLE}",
    f"evidence {{folder}}/evidence --source members {ROLE}",
    f"remove --yes {ROLE}",
)


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - SEES_EVERYTHING))
def test_every_help_says_what_exit_code_3_is(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    told = " ".join(capsys.readouterr().out.split()).partition("Exit code:")[2]
    assert " 3 " in told
    assert "(1 with --strict)" in told


def test_what_was_not_seen_is_exit_code_3_in_every_verb_and_1_with_strict(
    estate: World, tmp_path: Path
) -> None:
    assert run(f"deploy {ROLE}").code == 0
    estate.cloud.faults.fail("sts", "AssumeRole", "AccessDenied", times=None)
    strict = f"--strict {ROLE}"
    codes = {}
    for number, command in enumerate(BLIND[:-1]):
        folder = f"{tmp_path}/{number}"
        codes[command] = (
            run(command.format(folder=folder)).code,
            run(command.format(folder=f"{folder}s").replace(ROLE, strict)).code,
        )
    codes[BLIND[-1]] = (run(BLIND[-1]).code, run(BLIND[-1].replace(ROLE, strict)).code)
    assert codes == dict.fromkeys(BLIND, (3, 1))


def test_a_deployment_whose_functions_nobody_tested_is_not_called_fine(estate: World) -> None:
    estate.cloud.faults.fail("lambda", "Invoke", "AccessDeniedException", times=None)
    outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    assert (
        "0 of 4 accounts are fine. 4 accounts show no fault, but not everything was seen there."
        in outcome.out
    )
    document = json.loads(run(f"{MEMBERS_ONLY} {ROLE} --format json").out)
    assert {(each["fine"], each["seen"]) for each in document["accounts"]} == {(False, False)}
    fine = {each["check"]: each["fine"] for each in document["checks"]}
    assert (outcome.code, fine["smoke-test"], fine["pack"]) == (3, False, True)


def test_an_account_that_nobody_looks_into_is_not_called_fine_by_status(estate: World) -> None:
    run(MEMBERS_ONLY)
    outcome = json.loads(run("status --format json").out)
    assert {each["account"]: each["fine"] for each in outcome["accounts"]}[SHOP] is False


def test_a_rule_of_which_no_run_is_reported_is_not_called_fine(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS may report none for custom rules (FACTS 4)."""
    run(f"{MEMBERS_ONLY} {ROLE}")
    monkeypatch.setattr("rollout.deployment.health.read_rule_runs", lambda *_: None)
    outcome = run(f"status {ROLE}")
    assert outcome.result("accounts: 5") == "4 accounts without a run on record"
    assert outcome.code == 3
