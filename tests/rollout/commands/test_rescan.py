import json
from datetime import timedelta

import pytest

from rollout.__main__ import main
from tests.support.organizations import BANK, MANAGEMENT, REGION, SECURITY, SHOP, World, run
from tests.support.workshop import Workshop, open_workshop

ROLE = "--member-role OrganizationAccountAccessRole"
GO = f"rescan --account {SHOP} {BANK} {ROLE}"


@pytest.fixture
def workshop(estate: World, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Two accounts, judged an hour ago; since then one key was used and one user was added."""
    there = open_workshop(estate, monkeypatch, SHOP, BANK)
    used = there.add(SHOP, "ada.uses-it")
    there.add(SHOP, "ben.idle")
    for account in (SHOP, BANK):
        there.judge(account)
    estate.sleep(3600)
    used.record_use(estate.cloud.clock.now() - timedelta(minutes=30))
    there.add(BANK, "ida.bank")
    return there


def test_everybody_is_judged_anew_and_what_changed_is_told(workshop: Workshop) -> None:
    outcome = run(GO)
    assert outcome.code == 0
    assert outcome.result("evaluation in 2 accounts") == "2 of 2 done"
    assert outcome.result("what has changed") == "1 new, 1 gone, 1 still there"
    told = [each[: each.index("AKIA")] for each in outcome.below("what has changed")]
    assert told == [f"new: {BANK} bank: ida.bank ", f"gone: {SHOP} shop: ada.uses-it "]


def test_a_dry_run_starts_nothing(workshop: Workshop) -> None:
    workshop.estate.cloud.calls.clear()
    outcome = run(f"{GO} --dry-run")
    assert outcome.result("evaluation in 2 accounts") == "would be started"
    assert "config:StartConfigRulesEvaluation" not in workshop.estate.cloud.calls.actions()


def test_aws_s_one_a_minute_is_waited_for(workshop: Workshop) -> None:
    began = workshop.estate.cloud.clock.now()
    workshop.estate.cloud.faults.fail(
        "config", "StartConfigRulesEvaluation", "LimitExceededException", times=25
    )
    outcome = run(f"rescan --account {SHOP} {ROLE}")
    assert (outcome.code, outcome.result("evaluation in 1 account")) == (0, "1 of 1 done")
    assert workshop.estate.cloud.clock.now() - began >= timedelta(seconds=120)


def test_an_evaluation_that_does_not_end_is_told_after_the_time(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = workshop.estate.members.config(SHOP, REGION)
    workshop.evaluates = False
    monkeypatch.setattr(type(config), "note_run", lambda *nothing: None)
    outcome = run(f"rescan --account {SHOP} --minutes 2 --format json {ROLE}")
    document = json.loads(outcome.out)
    assert (outcome.code, document["evaluations"][0]["state"]) == (1, "not ended")
    assert config.config_rules


def test_a_run_that_fails_is_told_with_aws_s_reason(workshop: Workshop) -> None:
    def fail() -> None:
        raise TimeoutError("The function timed out.")

    workshop.on_evaluate = fail
    outcome = run(f"rescan --account {SHOP} {ROLE}")
    assert outcome.code == 1
    assert f"{SHOP} shop: the rule's run failed: The function timed out." in outcome.out


def test_a_refusal_in_one_account_does_not_keep_the_other(workshop: Workshop) -> None:
    workshop.estate.cloud.faults.fail("config", "StartConfigRulesEvaluation", "AccessDenied")
    outcome = run(GO)
    assert (outcome.code, outcome.result("evaluation in 2 accounts")) == (1, "1 of 2 done")
    assert "config:StartConfigRulesEvaluation is not allowed" in outcome.out


def test_an_account_without_the_rule_is_named(workshop: Workshop) -> None:
    outcome = run(f"rescan --account {SHOP} {SECURITY} {ROLE}")
    assert outcome.code == 3
    assert f"{SECURITY} security: not read: it has no rule of ours" in outcome.out


def test_one_account_alone_needs_no_organization(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = open_workshop(estate, monkeypatch, MANAGEMENT)
    there.add(MANAGEMENT, "ben.idle")
    with estate.cloud.calls.since_now() as calls:
        outcome = run("rescan --account-only")
    assert (outcome.code, outcome.result("evaluation in 1 account")) == (0, "1 of 1 done")
    assert outcome.result("what has changed") == "1 new, 0 gone, 0 still there"
    assert not [each for each in calls.actions() if each.startswith(("organizations:", "sts:A"))]


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "inf", "soon"])
def test_a_bound_that_is_none_is_wrong_usage(
    minutes: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["rescan", f"--minutes={minutes}"])
    assert f'"{minutes}" is no number of minutes above 0' in capsys.readouterr().err
