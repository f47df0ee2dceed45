"""What the organization decided stays until something else is given."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.organizations import (
    MANAGEMENT,
    REGION,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    open_estate,
    run,
)
from tools.happenings import add_aggregator, attach_policies

DECIDED = (
    f"deploy --automatic-remediation --grace-hours 720 --quarantine-days 30 --criterion UNUSED"
    f" --frequency One_Hour --function-by export --report-unchanged --exclude {SANDBOX} --yes"
)


def stands(estate: World) -> Any:
    (pack,) = estate.packs.packs.values()
    (stack_set,) = estate.sets.sets.values()
    return dict(pack.parameters), list(pack.excluded), pack.template, dict(stack_set.parameters)


@pytest.fixture
def decided(estate: World) -> World:
    attach_policies(estate)
    assert run(f"{DECIDED} --stack-parameter LogRetentionDays=30").code == 3
    return estate


def test_a_plain_deploy_keeps_everything_that_was_decided(decided: World) -> None:
    before = stands(decided)
    outcome = run("deploy")
    assert (outcome.code, stands(decided)) == (3, before)
    assert outcome.out.splitlines()[-1].endswith("Nothing was changed.")
    assert (
        before[0]
        | {
            "AutomaticRemediation": "true",
            "GraceHours": "720",
            "QuarantineDays": "30",
            "Criterion": "UNUSED",
            "MaximumExecutionFrequency": "One_Hour",
            "ReportUnchanged": "true",
            "FunctionBy": "export",
        }
        == before[0]
    )


def test_one_option_changes_one_thing(decided: World) -> None:
    before = stands(decided)
    assert run("deploy --grace-hours 24 --yes").code == 3
    after = stands(decided)
    assert after == ({**before[0], "GraceHours": "24"}, *before[1:])


def test_a_process_check_is_named_and_taken_back(estate: World) -> None:
    def parameters() -> dict[str, str]:
        config = estate.members.config(SHOP, REGION)
        (rule,) = config.config_rules.values()
        return dict(rule.input_parameters_dict)

    assert run("deploy --yes --process-check-rule iam-user-console").code == 3
    assert parameters()["ProcessCheckRule"] == "iam-user-console"
    shown = run("deploy --yes --process-check-rule none")
    assert (shown.code, "ProcessCheckRule" in parameters()) == (3, False)
    assert "ProcessCheckRule  iam-user-console  (none)" in shown.out
    wrong = run("deploy --process-check-rule iam*")
    assert (wrong.code, wrong.err.splitlines()[-1].partition(": ")[2]) == (
        2,
        'ProcessCheckRule is "iam*"; give nothing, or at most 128 letters, digits, - and _.',
    )


def test_a_change_of_what_stands_is_shown_and_takes_a_word(decided: World) -> None:
    before = stands(decided)
    refused = run("deploy --grace-hours 24")
    assert (refused.code, stands(decided)) == (2, before)
    assert "GraceHours  720  24" in refused.out
    assert "This changes GraceHours from 720 to 24." in refused.err


def test_exclusions_are_taken_back_by_name_only(decided: World) -> None:
    plan = json.loads(run("plan --exclude none --format json").out)
    assert plan["gained"] == [SANDBOX]
    refused = run("deploy --exclude none")
    assert refused.code == 2
    assert f"1 account left out so far get the rule: {SANDBOX} sandbox." in refused.err
    assert run("deploy --exclude none --yes").code == 3
    assert stands(decided)[1] == []


def test_units_stay_and_are_taken_back_by_name_only(estate: World) -> None:
    run(f"deploy --ou {estate.testing.id}")
    run(f"deploy --ou {estate.production.id} --exclude {SHOP} --yes")
    before = stands(estate)
    outcome = run("deploy")
    assert (outcome.code, stands(estate)) == (3, before)
    assert SHOP in before[1]
    assert SANDBOX in before[1]
    run("deploy --ou all --exclude none --yes")
    assert stands(estate)[1] == []


def test_what_holds_after_a_canary_stands_in_the_pack(estate: World) -> None:
    role = "--member-role OrganizationAccountAccessRole"
    run(f"deploy --exclude {MANAGEMENT} {SECURITY} --canary {SANDBOX} --grace-hours 9 {role}")
    (pack,) = estate.packs.packs.values()
    assert set(pack.accounts) == {SANDBOX}
    assert run(f"deploy --yes {role}").code == 0
    assert sorted(pack.excluded) == [SECURITY, MANAGEMENT]
    assert pack.parameters["GraceHours"] == "9"


def test_switching_deletion_on_wants_the_organizations_id(estate: World) -> None:
    run("deploy")
    refused = run("deploy --automatic-remediation")
    assert refused.code == 2
    assert (
        "From now on AWS Config makes inactive, and 7 days later deletes, every offending key in 5"
        " accounts; how many findings stand now was not seen (no aggregator of the organization in"
        " this account and Region)."
    ) in refused.err
    assert "Type o-exampleorg when asked, or give --yes." in refused.err
    assert stands(estate)[0]["AutomaticRemediation"] == "false"


def test_a_delegated_administrator_keeps_what_was_decided_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_estate(SECURITY) as estate:
        monkeypatch.setattr("time.sleep", estate.sleep)
        run(f"deploy --exclude {MANAGEMENT} {SANDBOX} --grace-hours 9")
        before = stands(estate)
        outcome = run("deploy")
        assert (outcome.code, stands(estate)) == (3, before)


def test_remediation_is_switched_off_at_once_and_nothing_else_changes(decided: World) -> None:
    before = stands(decided)
    with decided.cloud.calls.since_now() as calls:
        outcome = run("deploy --remediation off")
    after = stands(decided)
    changed = {"AutomaticRemediation", "Revision"}
    assert outcome.code == 0
    assert after[0]["AutomaticRemediation"] == "false"
    assert {key for key in after[0] if after[0][key] != before[0][key]} == changed
    assert (after[1], after[3]) == (before[1], before[3])
    changes = [each for each in calls.actions() if ":Put" in each or ":Update" in each]
    # Put again while the pack is still in progress.
    assert set(changes) == {"config:PutOrganizationConformancePack"}


def test_there_is_nothing_to_switch_off_where_no_pack_stands(estate: World) -> None:
    outcome = run("deploy --remediation off")
    assert (outcome.code, "No conformance pack of this program stands" in outcome.err) == (2, True)


def test_before_deletion_is_switched_on_it_says_how_many_findings_stand(estate: World) -> None:
    add_aggregator(estate)
    attach_policies(estate)
    run("deploy")
    now = datetime.now(UTC).timestamp()
    for account, users in ((SHOP, 30), (SANDBOX, 2)):
        config = estate.members.config(account, REGION)
        (rule,) = config.config_rules
        for number in range(users):
            result = {"ComplianceResourceType": "AWS::IAM::User", "ComplianceType": "NON_COMPLIANT"}
            result["ComplianceResourceId"] = f"AIDA{number}"
            config.results(rule).put({**result, "OrderingTimestamp": now}, datetime.now(UTC))
    refused = run("deploy --automatic-remediation")
    assert "every offending key in 5 accounts; at least 27 findings stand now." in refused.err
    agreed = run("deploy --automatic-remediation --yes")
    assert (agreed.code, "at least 27 findings stand now." in agreed.err) == (3, True)


def test_a_canary_of_a_pack_that_deletes_is_asked_for_like_any_other(estate: World) -> None:
    role = "--member-role OrganizationAccountAccessRole"
    refused = run(f"deploy --automatic-remediation --canary {SANDBOX} {role}")
    assert (refused.code, estate.packs.packs) == (2, {})
    assert "in 5 accounts; the rule has judged nobody yet." in refused.err


def test_remediation_is_switched_off_in_seconds_whatever_the_checks_would_say(
    decided: World,
) -> None:
    decided.packs.be_prompt()
    decided.sleep(60)  # the pack as a whole ends later than its last account
    for account in decided.organization.members:
        decided.members.config(account, REGION).recorders.clear()
    decided.organization.trusted.clear()
    decided.cloud.faults.fail("cloudformation", "", "ServiceFailure", times=None)
    decided.cloud.faults.fail("s3", "", "AccessDenied", times=None)
    before = decided.cloud.clock.now()
    outcome = run("deploy --remediation off")
    assert stands(decided)[0]["AutomaticRemediation"] == "false"
    assert (decided.cloud.clock.now() - before).total_seconds() < 30
    assert "automatic remediation in 4 accounts" in outcome.out
