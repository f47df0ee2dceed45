import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from emulator.config.remediation import RemediationException
from tests.support.organizations import (
    BANK,
    LATE,
    MANAGEMENT,
    NOW,
    OLD,
    REGION,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    leave_runbook_behind,
    run,
    set_stack_status,
)

NAME = "iam-user-no-setup-access-key"
DOCUMENT = f"{NAME}-remediation"
ROLE = "--member-role OrganizationAccountAccessRole"
MEMBERS_ONLY = f"deploy --exclude {MANAGEMENT}"


def rows(arguments: str = "") -> dict[str, dict[str, Any]]:
    told = json.loads(run(f"status --format json {arguments}").out)
    return {each["account"]: each for each in told["accounts"]}


def test_every_account_is_in_the_table_and_what_was_not_seen_says_so(estate: World) -> None:
    run("deploy")
    code = estate.members.stacks[SHOP]["CodeKey"].removeprefix(f"{NAME}-").removesuffix(".zip")
    table = rows()
    assert set(table) == {SECURITY, SHOP, BANK, OLD, SANDBOX, MANAGEMENT}
    assert table[SHOP] == {
        "account": SHOP,
        "name": "shop",
        "active": True,
        "stack": "current",
        "code": code,
        "pack": "ok",
        "seen": False,
        "runbook": None,
        "last_success": None,
        "last_failure": None,
        "errors": None,
        "fine": False,
    }
    assert table[MANAGEMENT] | {"runbook": "1", "errors": 0, "seen": True} == table[MANAGEMENT]


def test_before_a_deployment_it_says_what_is_missing(estate: World) -> None:
    outcome = run("status")
    assert outcome.code == 1
    assert outcome.result(f"conformance pack {NAME}, as in this checkout") == "MISSING"


def test_a_stack_that_is_still_being_created_is_a_fault_and_not_fine(estate: World) -> None:
    run("deploy")
    set_stack_status("CREATE_IN_PROGRESS")
    outcome = run(f"status {ROLE}")
    assert outcome.below("accounts: 6") == [
        f"{MANAGEMENT} management: the stack is running: CREATE_IN_PROGRESS"
    ]
    assert (outcome.code, rows(ROLE)[MANAGEMENT]["fine"]) == (1, False)


def test_a_last_run_that_failed_is_a_fault(estate: World) -> None:
    run(MEMBERS_ONLY)
    ago = [(NOW - timedelta(days=days)).timestamp() for days in range(3)]
    success, failure = "LastSuccessfulEvaluationTime", "LastFailedEvaluationTime"
    runs: dict[str, dict[str, Any]] = {
        SHOP: {success: ago[2], failure: ago[1], "LastErrorMessage": "The function timed out."},
        BANK: {success: ago[1]},
        SANDBOX: {failure: ago[1], "LastErrorMessage": "No."},
    }
    for account, status in runs.items():
        config = estate.members.config(account, REGION)
        (rule,) = config.config_rules
        config.runs[rule] = status
    outcome = run(f"status {ROLE}")
    assert outcome.below("accounts: 5") == [
        f"{SHOP} shop: the rule's last run failed: The function timed out.",
        f"{SANDBOX} sandbox: the rule's last run failed: No.",
    ]
    times = {key: (row["last_success"], row["last_failure"]) for key, row in rows(ROLE).items()}
    assert {key: times[key] for key in (SHOP, BANK, SANDBOX)} == {
        SHOP: ("2026-08-30T12:00:00Z", "2026-08-31T12:00:00Z"),
        BANK: ("2026-08-31T12:00:00Z", None),
        SANDBOX: (None, "2026-08-31T12:00:00Z"),
    }


def test_errors_of_the_function_are_counted_over_a_day(estate: World) -> None:
    run(MEMBERS_ONLY)
    keys = boto3.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{BANK}:role/OrganizationAccountAccessRole", RoleSessionName="test"
    )["Credentials"]
    boto3.client(
        "cloudwatch",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    ).put_metric_data(
        Namespace="AWS/Lambda",
        MetricData=[
            {
                "MetricName": "Errors",
                "Dimensions": [{"Name": "FunctionName", "Value": NAME}],
                "Timestamp": estate.cloud.clock.now() - timedelta(hours=3),
                "Value": 3.0,
            }
        ],
    )
    estate.sleep(60)
    outcome = run(f"status {ROLE}")
    assert outcome.below("accounts: 5") == [
        f"{BANK} bank: the function failed 3 times in the last day; its log says why"
    ]


def test_a_runbook_whose_default_version_stayed_behind_is_a_fault(estate: World) -> None:
    run(MEMBERS_ONLY)
    leave_runbook_behind()
    outcome = run(f"status {ROLE}")
    assert outcome.below("accounts: 5")[0] == (
        f"{SHOP} shop: the runbook's default version is 1, its latest 2; in that account:"
    )


def test_an_account_that_joined_elsewhere_got_a_pack_without_a_function(estate: World) -> None:
    run(f"deploy --ou {estate.production.id}")
    estate.join(LATE, "late", estate.testing)
    estate.sleep(600)
    outcome = run("status")
    assert outcome.code == 1
    assert outcome.below("accounts: 4")[0] == (
        f"{LATE} late: it has the pack but no function; it joined elsewhere since: deploy there, or"
        " --exclude it"
    )


def test_older_code_and_another_pack_are_told_as_different(estate: World) -> None:
    run(MEMBERS_ONLY)
    (stack_set,), (pack,) = estate.sets.sets.values(), estate.packs.packs.values()
    here = stack_set.parameters["CodeKey"]
    stack_set.parameters["CodeKey"] = f"{NAME}-0123456789abcdef.zip"
    pack.parameters["Revision"] = "fedcba9876543210"
    outcome = run("status")
    assert outcome.code == 1
    assert outcome.below(f"StackSet {NAME}, as in this checkout") == [
        f"its code is {NAME}-0123456789abcdef.zip, here it is {here}"
    ]
    told = outcome.below(f"conformance pack {NAME}, as in this checkout")
    assert told[-1].startswith("its revision is fedcba9876543210, here it is ")


def test_one_account_alone_has_a_status_too(estate: World) -> None:
    run("deploy --account-only")
    outcome = run("status --account-only")
    assert (outcome.code, [[row[0], *row[2:4]] for row in outcome.rows()]) == (
        0,
        [[MANAGEMENT, "current", "ok"]],
    )


def test_a_rule_that_has_not_run_for_twice_its_frequency_is_a_fault(estate: World) -> None:
    run(MEMBERS_ONLY)
    config = estate.members.config(SHOP, REGION)
    (rule,) = config.config_rules
    config.runs[rule] = {"LastSuccessfulEvaluationTime": (NOW - timedelta(hours=50)).timestamp()}
    config = estate.members.config(BANK, REGION)
    (other,) = config.config_rules
    config.runs[other] = {"LastSuccessfulEvaluationTime": (NOW - timedelta(hours=48)).timestamp()}
    outcome = run(f"status {ROLE}")
    (fault, mend) = outcome.below("accounts: 5")
    assert fault.startswith(f"{SHOP} shop: the rule has not run with success for 50 hours, since ")
    assert mend == (
        f"run: aws configservice start-config-rules-evaluation --config-rule-names {rule}"
    )
    assert outcome.code == 1


def test_a_recorder_that_has_been_stopped_since_is_a_fault(estate: World) -> None:
    run(MEMBERS_ONLY)
    estate.members.add_recorder(SHOP, REGION, running=False)
    outcome = run(f"status {ROLE}")
    assert outcome.below("accounts: 5") == [
        f"{SHOP} shop: the Config recorder is stopped: changes of users are not seen"
    ]


def test_a_remediation_that_config_has_given_up_is_named_with_what_clears_it(
    estate: World,
) -> None:
    run(MEMBERS_ONLY)
    config = estate.members.config(SHOP, REGION)
    (rule,) = config.config_rules
    user = config.iam.add_user("bob")
    config.remediations.exemptions[rule, ("AWS::IAM::User", user.id)] = RemediationException(
        "Five failures."
    )
    outcome = run(f"status {ROLE}")
    fault, mend = outcome.below("accounts: 5")
    assert fault.startswith(f"{SHOP} shop: AWS Config has given up the remediation of ")
    assert f"{user.id}" in fault
    assert fault.endswith("Five failures.; once that is mended, in that account:")
    assert mend == (
        f"run: aws configservice delete-remediation-exceptions --config-rule-name {rule}"
        f" --resource-keys ResourceType=AWS::IAM::User,ResourceId={user.id}"
    )


def change_remediation(change: dict[str, Any]) -> Callable[[World], None]:
    """Return what changes the remediation of shop behind the pack's back."""

    def happen(estate: World) -> None:
        for each in estate.members.config(SHOP, REGION).remediations.configurations.values():
            each.update(change)

    return happen


def change_role(estate: World) -> None:
    for each in estate.members.config(SHOP, REGION).remediations.configurations.values():
        role = each["Parameters"]["AutomationAssumeRole"]["StaticValue"]
        role["Values"] = [f"arn:aws:iam::{MANAGEMENT}:role/{DOCUMENT}"]


def change_source(estate: World) -> None:
    for each in estate.members.config(SHOP, REGION).config_rules.values():
        each.source.source_identifier = "arn:aws:lambda:us-east-1:333300000001:function:other"


@pytest.mark.parametrize(
    ("happen", "told"),
    [
        pytest.param(
            change_remediation({"TargetId": "Other"}),
            f"remediation TargetId: meant {DOCUMENT}, found Other",
            id="target",
        ),
        pytest.param(
            change_remediation({"Automatic": True}),
            "remediation Automatic: meant false, found true",
            id="automatic",
        ),
        pytest.param(
            change_remediation({"MaximumAutomaticAttempts": 5}),
            "remediation MaximumAutomaticAttempts: meant 25, found 5",
            id="attempts",
        ),
        pytest.param(
            change_role,
            "remediation Parameters.AutomationAssumeRole.StaticValue.Values: meant"
            f" arn:aws:iam::{SHOP}:role/{DOCUMENT}, found"
            f" arn:aws:iam::{MANAGEMENT}:role/{DOCUMENT}",
            id="role",
        ),
        pytest.param(
            change_source,
            f"rule source: meant arn:aws:lambda:us-east-1:{SHOP}:function:{NAME}, found"
            " arn:aws:lambda:us-east-1:333300000001:function:other",
            id="source",
        ),
    ],
)
def test_what_aws_made_of_the_pack_is_read_back_everywhere_and_a_difference_is_a_fault(
    estate: World, happen: Callable[[World], None], told: str
) -> None:
    run(MEMBERS_ONLY)
    happen(estate)
    outcome = run(f"status {ROLE}")
    assert outcome.below("accounts: 5") == [f"{SHOP} shop: {told}"]
    assert outcome.code == 1


def test_no_runs_are_told_as_no_runs_and_never_as_none_that_succeeded(estate: World) -> None:
    run(MEMBERS_ONLY)
    for account in estate.organization.members:
        estate.members.config(account, REGION).shows_runs = False
    estate.sleep(10 * 86_400)
    outcome = run(f"status {ROLE}")
    assert {tuple(row[5:7]) for row in outcome.rows() if row[3] == "ok"} == {
        ("no runs reported", "no runs reported")
    }
    assert (outcome.code, outcome.below("accounts: 5")) == (3, [])
    assert rows(ROLE)[SHOP] | {"last_success": None, "last_failure": None} == rows(ROLE)[SHOP]
    assert (run(f"check {ROLE}").code, run(f"deploy {ROLE}").code) == (0, 0)
