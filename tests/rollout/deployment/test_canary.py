from datetime import UTC, datetime

import pytest

from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    REGION,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    run,
)
from tests.support.planted import put_result

NAME = "iam-user-no-setup-access-key"
ROLE = "--member-role OrganizationAccountAccessRole"
CANARY = f"deploy --exclude {MANAGEMENT} --canary {SANDBOX} {ROLE}"


def test_without_a_yes_the_pack_stands_in_the_canary_alone(estate: World) -> None:
    outcome = run(CANARY)
    (pack,) = estate.packs.packs.values()
    assert set(pack.accounts) == {SANDBOX}
    assert outcome.code == 0
    assert "The pack stands in the canary alone." in outcome.out


def test_what_aws_made_of_the_pack_is_said_point_by_point_before_the_rest(estate: World) -> None:
    outcome = run(f"{CANARY} --yes")
    points = [line.split(" ...")[0] for line in outcome.out.splitlines() if "as meant" in line]
    assert [each.strip() for each in points[:3]] == ["rule name", "rule source", "frequency"]
    assert "    remediation TargetId" in points
    assert "    remediation Parameters.AutomationAssumeRole.StaticValue.Values" in points
    assert "    remediation Automatic" in points
    (pack,) = estate.packs.packs.values()
    assert set(pack.accounts) == {SECURITY, SHOP, BANK, SANDBOX}
    assert (outcome.code, [row[3] for row in outcome.rows()]) == (0, ["ok"] * 4)


def test_an_account_id_that_does_not_resolve_stops_at_the_canary(estate: World) -> None:
    estate.packs.resolves_account_id = False
    outcome = run(f"{CANARY} --yes")
    (pack,) = estate.packs.packs.values()
    assert (outcome.code, set(pack.accounts)) == (1, {SANDBOX})
    assert "deploy with --function-by export" in outcome.out


def test_the_export_helps_where_the_account_id_does_not_resolve(estate: World) -> None:
    estate.packs.resolves_account_id = False
    run(f"{CANARY} --yes")
    outcome = run(f"{CANARY} --yes --function-by export")
    (pack,) = estate.packs.packs.values()
    assert "Fn::ImportValue" in pack.template
    assert (outcome.code, [row[3] for row in outcome.rows()]) == (0, ["ok"] * 4)


def test_a_role_that_was_not_rewritten_is_shown_as_meant_and_found(estate: World) -> None:
    estate.packs.rewrites_role = False
    outcome = run(f"{CANARY} --yes")
    role = f"role/{NAME}-remediation"
    assert (
        f"{SANDBOX} sandbox: meant arn:aws:iam::{SANDBOX}:{role}, found"
        f" arn:aws:iam::{MANAGEMENT}:{role}"
    ) in outcome.out
    (pack,) = estate.packs.packs.values()
    assert (outcome.code, set(pack.accounts)) == (1, {SANDBOX})


def test_a_canary_is_refused_where_it_would_take_the_rule_from_others(estate: World) -> None:
    run(f"deploy --exclude {MANAGEMENT}")
    outcome = run(CANARY)
    (pack,) = estate.packs.packs.values()
    assert outcome.code == 2
    assert "would take it, and its results, out of them" in outcome.err
    assert set(pack.accounts) == {SECURITY, SHOP, BANK, SANDBOX}


def test_a_canary_that_nobody_can_look_into_is_refused(estate: World) -> None:
    outcome = run(f"deploy --exclude {MANAGEMENT} --canary {SANDBOX}")
    assert (outcome.code, estate.packs.packs) == (2, {})
    assert f"--canary needs --member-role to look into {SANDBOX} sandbox." in outcome.err


RELEASE = f"deploy --canary {SANDBOX} {ROLE}"


def make_older(estate: World) -> None:
    """Let what stands be an older release."""
    run(f"deploy --exclude {MANAGEMENT} {ROLE}")
    (stack_set,) = estate.sets.sets.values()
    stack_set.parameters["CodeKey"] = f"{NAME}-older.zip"
    for account in (SECURITY, SHOP, BANK, SANDBOX):
        estate.members.stacks[account]["CodeKey"] = f"{NAME}-older.zip"


def codes(estate: World) -> set[str]:
    """Return the accounts that have the new code."""
    found = estate.members.stacks.items()
    return {key for key, stack in found if stack["CodeKey"] != f"{NAME}-older.zip"}


def test_a_release_reaches_the_canary_alone_until_somebody_agrees(estate: World) -> None:
    make_older(estate)
    outcome = run(f"{RELEASE}")
    assert (outcome.code, codes(estate)) == (0, {SANDBOX})
    assert outcome.result(f"smoke test of {NAME} in 1 account") == "ok"
    assert "The new code stands in the canary alone." in outcome.out
    (pack,) = estate.packs.packs.values()
    assert set(pack.accounts) == {SECURITY, SHOP, BANK, SANDBOX}


def test_after_the_canary_a_release_goes_to_the_rest_in_waves(estate: World) -> None:
    make_older(estate)
    outcome = run(f"{RELEASE} --yes --max-concurrent 25")
    assert (outcome.code, codes(estate)) == (0, {SECURITY, SHOP, BANK, SANDBOX})
    (call,) = [
        each for each in estate.cloud.calls.made() if each.operation == "UpdateStackInstances"
    ]
    told = str(call.parameters["OperationPreferences"])
    assert "'MaxConcurrentPercentage': 25" in told
    assert "'FailureTolerancePercentage': 5" in told


def test_a_release_that_fails_in_the_canary_goes_no_further(estate: World) -> None:
    make_older(estate)
    estate.members.broken[SANDBOX] = "ImportError"
    outcome = run(f"{RELEASE} --yes")
    assert (outcome.code, codes(estate)) == (1, {SANDBOX})
    assert "the other accounts keep what they have" in outcome.out


def test_the_first_canary_waits_until_the_rule_has_run_there(estate: World) -> None:
    outcome = run(CANARY)
    assert (outcome.code, outcome.result(f"first run of {NAME} in the canary")) == (0, "seen")
    config = estate.members.config(SANDBOX, REGION)
    assert [set(each) >= {"LastSuccessfulEvaluationTime"} for each in config.runs.values()] == [
        True
    ]


def test_a_first_run_that_fails_stops_at_the_canary(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(seconds: float) -> None:
        if estate.packs.packs:  # after the smoke test
            estate.members.broken[SANDBOX] = "AccessDenied on iam:GenerateCredentialReport"
        estate.sleep(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    outcome = run(f"{CANARY} --yes")
    (pack,) = estate.packs.packs.values()
    assert (outcome.code, set(pack.accounts)) == (1, {SANDBOX})
    assert outcome.below(f"first run of {NAME} in the canary") == [
        f"{SANDBOX} sandbox: the rule's first run failed: AccessDenied on"
        " iam:GenerateCredentialReport"
    ]


def test_where_aws_reports_no_runs_a_result_counts_and_nothing_is_not_taken_for_one(
    estate: World,
) -> None:
    config = estate.members.config(SANDBOX, REGION)
    config.shows_runs = False
    blind = run(f"{CANARY} --yes")
    (pack,) = estate.packs.packs.values()
    assert (blind.code, set(pack.accounts)) == (1, {SANDBOX})
    assert blind.below(f"first run of {NAME} in the canary") == [
        f"{SANDBOX} sandbox: AWS reports no run of the rule, and it has no result yet. Look again"
        " later with status, or try a canary that has console users"
    ]
    (rule,) = config.config_rules
    put_result(config.results(rule), "AIDAEXAMPLE", "COMPLIANT", datetime.now(UTC))
    assert run(f"{CANARY} --yes").code == 0
