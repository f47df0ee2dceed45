"""The whole of a deployment on an emulated organization, undisturbed and disturbed."""

import json
import time
from collections import Counter
from typing import Any

import boto3
import pytest

import rollout.aws.session
from rollout.aws.iam_actions import find_action
from tests.support.organizations import (
    BANK,
    LATE,
    MANAGEMENT,
    OLD,
    REGION,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    open_estate,
    run,
)

NAME = "iam-user-no-setup-access-key"
PACK = f"conformance pack {NAME}"
MEMBERS_ONLY = f"deploy --exclude {MANAGEMENT}"
"""Without the management account there is no ordinary stack: faster, and enough for most."""
ROLE = "--member-role OrganizationAccountAccessRole"


def stacks(estate: World) -> dict[str, str]:
    """Return the state of every stack instance."""
    (stack_set,) = estate.sets.sets.values()
    return {key: each.status for key, each in stack_set.instances.items()}


def packs(estate: World) -> dict[str, str]:
    """Return the status of the pack in every account."""
    (pack,) = estate.packs.packs.values()
    return {key: each.status for key, each in pack.accounts.items()}


def state(estate: World) -> Any:
    """Return what stands in the whole organization, without times and ids of operations.

    The version of the code has an id that S3 makes up anew in each organization.
    """
    s3 = boto3.client("s3")
    buckets = {}
    for bucket in [each["Name"] for each in s3.list_buckets()["Buckets"]]:
        buckets[bucket] = (
            sorted(each["Key"] for each in s3.list_objects_v2(Bucket=bucket).get("Contents", [])),
            s3.get_bucket_versioning(Bucket=bucket).get("Status"),
            json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]),
        )
    sets = {
        key: (
            each.template,
            {**each.parameters, "CodeVersion": ""},
            each.units,
            {
                account: (instance.status, instance.detailed)
                for account, instance in each.instances.items()
            },
        )
        for key, each in estate.sets.sets.items()
    }
    organization_packs = {
        key: (
            each.template,
            {**each.parameters, "CodeVersion": ""},
            each.excluded,
            {account: status.status.partition("_")[2] for account, status in each.accounts.items()},
        )
        for key, each in estate.packs.packs.items()
    }
    rules = {
        account: sorted(estate.members.config(account, REGION).config_rules)
        for account in estate.organization.members
    }
    stacks = {
        account: {**each, "CodeVersion": ""} for account, each in estate.members.stacks.items()
    }
    return buckets, sets, organization_packs, rules, stacks


def test_everything_reaches_every_account_and_the_table_names_each(estate: World) -> None:
    outcome = run(f"deploy {ROLE}")
    assert outcome.rows() == [
        [SECURITY, "security", "current", "ok", "ok"],
        [SHOP, "shop", "current", "ok", "ok"],
        [BANK, "bank", "current", "ok", "ok"],
        [SANDBOX, "sandbox", "current", "ok", "ok"],
        [MANAGEMENT, "management", "current", "ok", "ok"],
    ]
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines()[-1] == (
        "No faults. Changed: the bucket; the code; the StackSet; stacks of 4 accounts; the stack in"
        f" {MANAGEMENT} management; the conformance pack (5 accounts)."
    )
    assert f"left out by AWS, suspended or closing: {OLD} old-shop" in outcome.out


def test_a_second_deploy_changes_nothing_and_says_so(estate: World) -> None:
    run("deploy")
    before = state(estate)
    with estate.cloud.calls.since_now() as calls:
        outcome = run("deploy")
    reads = ("Describe", "List", "Get", "Head", "Invoke")
    own = [each for each in calls.made() if "/Operator/" in each.caller]  # not the function's
    assert [each for each in own if not each.operation.startswith(reads)] == []
    assert outcome.out.splitlines()[-1].endswith("Nothing was changed.")
    assert (outcome.code, state(estate)) == (3, before)


def test_the_code_comes_before_the_pack(estate: World) -> None:
    run(MEMBERS_ONLY)
    actions = estate.cloud.calls.actions()
    changes = ["s3:PutObject", "cloudformation:CreateStackInstances"]
    changes.append("config:PutOrganizationConformancePack")
    assert [each for each in actions if each in changes] == changes


def test_going_back_to_fewer_parameters_puts_the_pack_before_the_code(estate: World) -> None:
    run(MEMBERS_ONLY)
    (pack,) = estate.packs.packs.values()
    pack.parameters["FutureParameter"] = "1"
    (stack_set,) = estate.sets.sets.values()
    stack_set.parameters["CodeKey"] = f"{NAME}-newer.zip"
    estate.cloud.calls.clear()
    outcome = run(f"{MEMBERS_ONLY} --yes")
    changes = ("config:PutOrganizationConformancePack", "cloudformation:UpdateStackSet")
    made = [each for each in estate.cloud.calls.actions() if each in changes]
    assert list(dict.fromkeys(made)) == list(changes)  # a pack in progress is put again
    assert outcome.code == 3


def test_a_stack_that_fails_is_named_with_its_reason_and_the_others_go_on(estate: World) -> None:
    estate.sets.failing[SANDBOX] = "The role iam-user-no-setup-access-key-evaluator already exists."
    outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    assert outcome.code == 1
    assert outcome.below(f"stacks of StackSet {NAME} in 4 accounts") == [
        f"{SANDBOX} sandbox: the stack is failed: The role iam-user-no-setup-access-key-evaluator"
        " already exists."
    ]
    assert outcome.rows()[-1] == [SANDBOX, "sandbox", "FAILED", "FAILED", "not seen"]
    assert [row[:4] for row in outcome.rows()[:-1]] == [
        [SECURITY, "security", "current", "ok"],
        [SHOP, "shop", "current", "ok"],
        [BANK, "bank", "current", "ok"],
    ]
    assert "3 of 4 accounts are fine." in outcome.out


def test_a_mended_stack_is_tried_again_and_its_pack_put_once_more(estate: World) -> None:
    estate.sets.failing[SANDBOX] = "No."
    run(MEMBERS_ONLY)
    estate.sets.failing.clear()
    outcome = run(MEMBERS_ONLY)
    assert outcome.code == 3
    assert outcome.result(f"stacks of StackSet {NAME}") == "tried again"
    assert set(stacks(estate).values()) == {"CURRENT", "OUTDATED"}  # the suspended one
    assert packs(estate)[SANDBOX] == "CREATE_SUCCESSFUL"


def test_an_account_without_a_recorder_is_named(estate: World) -> None:
    estate.members.config(SHOP, REGION).recorders.clear()
    outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    assert outcome.code == 1
    assert outcome.below("recorder records AWS::IAM::User in 4 accounts")[0] == (
        f"{SHOP} shop, {REGION}: there is no Config recorder. Mend it there, or leave the account"
        f" out with --exclude {SHOP}."
    )
    assert outcome.below(f"{PACK} in 4 accounts") == [
        f"{SHOP} shop: CREATE_FAILED: NoAvailableConfigurationRecorderException: There are no"
        " configuration recorders available in this account."
    ]


def test_an_account_that_joins_in_the_middle_is_found_and_brought_in(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sleep(seconds: float) -> None:
        if LATE not in estate.organization.members and estate.packs.packs:
            estate.join(LATE, "late")
        estate.sleep(seconds)

    monkeypatch.setattr("time.sleep", sleep)
    outcome = run(MEMBERS_ONLY)
    assert outcome.code == 3
    assert outcome.rows()[-1] == [LATE, "late", "current", "ok", "not seen"]
    assert packs(estate)[LATE] == "CREATE_SUCCESSFUL"


def test_an_account_that_joined_before_its_stack_gets_the_pack_once_more(estate: World) -> None:
    run(MEMBERS_ONLY)
    estate.join(LATE, "late")
    estate.sleep(30)
    outcome = run(MEMBERS_ONLY)
    assert packs(estate)[LATE] == "CREATE_SUCCESSFUL"
    assert outcome.code == 3


def test_a_function_that_fails_in_an_account_is_named(estate: World) -> None:
    estate.members.broken[BANK] = "AccessDenied on iam:GetLoginProfile"
    outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    assert outcome.below(f"smoke test of {NAME} in 4 accounts") == [
        f"{BANK} bank: the function fails: AccessDenied on iam:GetLoginProfile"
    ]
    assert (outcome.code, outcome.rows()[-1][-1]) == (1, "FAILED")


def test_a_second_run_with_nothing_to_do_invokes_no_function_and_makes_no_call_twice(
    estate: World,
) -> None:
    run(f"deploy {ROLE}")
    estate.sleep(3600)
    run(f"deploy {ROLE}")  # in which AWS Config runs the new rule
    with estate.cloud.calls.since_now() as calls:
        outcome = run(f"deploy {ROLE}")
    made = Counter((call.caller, call.action, json.dumps(call.parameters)) for call in calls.made())
    assert {what: times for what, times in made.items() if times > 1} == {}
    far = Counter(
        call.account
        for call in calls.made()
        if call.caller.endswith("OrganizationAccountAccessRole")
    )
    assert far == dict.fromkeys((SECURITY, SHOP, BANK, SANDBOX), 4)
    assert calls.count("lambda:Invoke") == 0
    assert {row[-1] for row in outcome.rows()} == {"ok"}
    assert outcome.code == 0


@pytest.mark.parametrize("lacks", ["a run on record", "a run that went well"])
def test_where_nothing_changed_a_function_that_did_not_run_well_is_invoked(
    estate: World, lacks: str
) -> None:
    run(f"{MEMBERS_ONLY} {ROLE}")
    estate.sleep(3600)
    run(f"{MEMBERS_ONLY} {ROLE}")
    config = estate.members.config(BANK, REGION)
    if lacks == "a run on record":
        config.shows_runs = False
    else:
        (rule,) = config.runs
        config.runs[rule] = {"LastFailedEvaluationTime": time.time() + 7200}
    estate.members.broken[BANK] = "AccessDenied on iam:GetLoginProfile"
    with estate.cloud.calls.since_now() as calls:
        outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    assert [call.account for call in calls.made("lambda:Invoke")] == [BANK]
    assert outcome.rows()[-1] == [BANK, "bank", "current", "ok", "FAILED"]


def test_an_account_that_cannot_be_entered_is_not_seen_rather_than_ok(estate: World) -> None:
    estate.cloud.faults.fail("sts", "AssumeRole", "AccessDenied", times=None)
    outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    assert {row[-1] for row in outcome.rows()} == {"not seen"}
    assert outcome.result(f"smoke test of {NAME} in 4 accounts") == "not seen"


def test_an_account_that_shows_no_status_is_given_up_and_named(estate: World) -> None:
    estate.packs.silent.add(SHOP)
    outcome = run(MEMBERS_ONLY)
    assert outcome.code == 1
    assert outcome.below(f"{PACK} in 4 accounts") == [
        f"{SHOP} shop: AWS Config shows no status of the pack"
    ]


def test_a_result_of_the_time_before_is_not_taken_for_the_new_one(estate: World) -> None:
    run(MEMBERS_ONLY)
    estate.packs.failing[SHOP] = ("ResourceConcurrentModificationException", "Try later.")
    estate.packs.idle_seconds = 20.0
    estate.sleep(60)
    outcome = run(f"{MEMBERS_ONLY} --grace-hours 5 --yes")
    assert outcome.below(f"{PACK} in 4 accounts") == [
        f"{SHOP} shop: UPDATE_FAILED: ResourceConcurrentModificationException: Try later."
    ]


def test_a_delegated_administrator_deploys_although_the_aggregate_never_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_estate(SECURITY) as estate:
        monkeypatch.setattr("time.sleep", estate.sleep)
        refused = run("deploy")
        first, second = run(MEMBERS_ONLY), run(MEMBERS_ONLY)
        (pack,) = estate.packs.packs.values()
        assert refused.code == 2
        assert f"Add --exclude {MANAGEMENT}." in refused.err
        assert (first.code, second.code, pack.status) == (3, 3, "CREATE_IN_PROGRESS")
        assert second.out.splitlines()[-1].endswith("Nothing was changed.")
        called = {
            call.parameters.get("CallAs")
            for call in estate.cloud.calls.made()
            if call.service == "cloudformation" and "StackSet" in call.operation
        }
        assert called == {"DELEGATED_ADMIN"}


def test_units_limit_both_the_stacks_and_the_pack(estate: World) -> None:
    outcome = run(f"deploy --ou {estate.production.id}")
    (pack,) = estate.packs.packs.values()
    assert [row[0] for row in outcome.rows()] == [SHOP, BANK]
    assert pack.excluded == [SECURITY, SANDBOX, MANAGEMENT]
    assert set(stacks(estate)) == {SHOP, BANK, OLD}


def test_taking_the_rule_out_of_an_account_needs_a_yes(estate: World) -> None:
    run(MEMBERS_ONLY)
    refused = run(f"{MEMBERS_ONLY} {SANDBOX}")
    assert refused.code == 2
    assert f"{SANDBOX} sandbox" in refused.err
    assert SANDBOX in packs(estate)
    assert run(f"{MEMBERS_ONLY} {SANDBOX} --yes").code == 3
    assert packs(estate)[SANDBOX] == "DELETE_SUCCESSFUL"


def test_an_operation_of_somebody_else_is_waited_for(estate: World) -> None:
    run(MEMBERS_ONLY)
    (stack_set,) = estate.sets.sets.values()
    estate.sets.start(
        stack_set,
        "DETECT_DRIFT",
        [estate.organization.members[SHOP]],
        REGION,
        {},
        {},
        lambda member: None,
    )
    outcome = run(f"{MEMBERS_ONLY} --stack-parameter LogRetentionDays=30 --yes")
    assert outcome.code == 3
    assert stack_set.parameters["LogRetentionDays"] == "30"


def test_parameters_of_the_stacks_that_are_not_given_stay(estate: World) -> None:
    run(f"{MEMBERS_ONLY} --stack-parameter LogRetentionDays=30")
    outcome = run(MEMBERS_ONLY)
    (stack_set,) = estate.sets.sets.values()
    assert stack_set.parameters["LogRetentionDays"] == "30"
    assert outcome.out.splitlines()[-1].endswith("Nothing was changed.")


def test_aws_that_does_not_end_is_left_after_the_time_given(estate: World) -> None:
    estate.sets.seconds_each = 3600.0
    outcome = run(f"{MEMBERS_ONLY} --minutes 1")
    assert outcome.code == 2
    assert "has not ended after 1 minute. AWS goes on with it: run the same command" in outcome.err
    estate.sleep(4 * 3600)
    assert run(MEMBERS_ONLY).code == 3


def test_json_goes_to_stdout_alone(estate: World) -> None:
    outcome = run(f"{MEMBERS_ONLY} --format json")
    document = json.loads(outcome.out)
    assert (document["verb"], document["faults"], len(document["accounts"])) == ("deploy", [], 4)
    assert document["accounts"][0] == {
        "account": SECURITY,
        "name": "security",
        "stack": "current",
        "pack": "ok",
        "test": "not seen",
        "seen": False,
        "fine": False,
    }
    assert "conformance pack" in outcome.err


def test_a_deployment_to_this_account_alone_needs_no_organization(estate: World) -> None:
    first, second = run("deploy --account-only"), run("deploy --account-only")
    organization_calls = [
        each
        for each in estate.cloud.calls.actions()
        if each.startswith("organizations:") or "Organization" in each or "StackSet" in each
    ]
    assert (first.code, second.code, organization_calls) == (0, 0, [])
    assert first.rows() == [[MANAGEMENT, "(no alias)", "current", "ok", "ok"]]
    assert second.out.splitlines()[-1].endswith("Nothing was changed.")


@pytest.fixture(scope="module")
def undisturbed() -> Any:
    """What stands after a deployment that nobody disturbed."""
    with open_estate() as opened, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", opened.sleep)
        run(MEMBERS_ONLY)
        return state(opened)


@pytest.mark.parametrize(
    "last_call",
    [
        "CreateBucket",
        "PutPublicAccessBlock",
        "PutBucketVersioning",
        "PutBucketEncryption",
        "PutBucketPolicy",
        "PutObject",
        "CreateStackSet",
        "CreateStackInstances",
        "ListStackSetOperationResults",
        "PutOrganizationConformancePack",
        "GetOrganizationConformancePackDetailedStatus",
    ],
)
@pytest.mark.slow
def test_a_run_killed_after_any_change_and_run_again_ends_in_the_same_state(
    undisturbed: Any, estate: World, monkeypatch: pytest.MonkeyPatch, last_call: str
) -> None:
    """And after a look at each engine at work; every other read leaves the state as it was."""
    explain = rollout.aws.session.raise_hopeless

    def explain_and_die(*arguments: Any, model: Any, **more: Any) -> None:
        explain(*arguments, model=model, **more)
        if model.name == last_call:
            raise KeyboardInterrupt

    monkeypatch.setattr("rollout.aws.session.raise_hopeless", explain_and_die)
    killed = run(MEMBERS_ONLY)
    monkeypatch.setattr("rollout.aws.session.raise_hopeless", explain)
    again = run(MEMBERS_ONLY)
    assert (killed.code, again.code, again.err) == (130, 3, "")
    assert "run the same command again" in killed.err
    assert state(estate) == undisturbed


@pytest.mark.slow
def test_every_call_that_is_not_allowed_is_named_with_its_account(estate: World) -> None:
    """Each action in turn: what a verb can do without is "not seen", all else stops it."""
    verbs = {
        "check": f"check --exclude {MANAGEMENT}",
        "deploy": f"{MEMBERS_ONLY} --yes",
        "status": "status",
        "remove": "remove --yes --with-code",
    }
    denied: set[str] = set()
    for verb, command in verbs.items():
        check_denials(estate, verb, command, denied)
    assert len(denied) > 40


def check_denials(estate: World, verb: str, command: str, denied: set[str]) -> None:
    """Run a verb with each action denied that is not in `denied`, in order; at last undisturbed.

    A run goes as far as the action that is denied, so the next one goes one action further.
    """
    while True:
        new: list[Any] = []
        fault = estate.cloud.faults.fail("", "", "AccessDenied", times=None)
        known = frozenset(denied)

        def is_new(call: Any, known: frozenset[str] = known, new: list[Any] = new) -> bool:
            if new:
                return bool(call.action == new[0].action)
            if call.action in known or "/Operator/" not in call.caller:
                return False
            new.append(call)
            return True

        fault.matches = is_new  # type: ignore[method-assign]
        outcome = run(command)
        estate.cloud.faults.clear()
        told = outcome.out + outcome.err
        assert "Traceback" not in told
        if not new:
            assert outcome.code in (1, 3), (verb, outcome.err)
            return
        action = find_action(new[0].service, new[0].operation)
        assert f"{action} is not allowed to" in told, (verb, action, told)
        assert MANAGEMENT in told or "the account of these credentials" in told
        denied.add(new[0].action)
        if outcome.code == 2:
            *changed, said = outcome.err.splitlines()
            assert [each for each in changed if not each.startswith("Changed: ")] == []
            assert said.startswith("python -m rollout: ")


def test_an_account_with_any_fault_is_not_fine(estate: World) -> None:
    estate.members.add_recorder(SANDBOX, REGION, records_users=False)
    outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    rows = json.loads(run(f"{MEMBERS_ONLY} {ROLE} --format json").out)["accounts"]
    assert (outcome.code, "3 of 4 accounts are fine." in outcome.out) == (1, True)
    assert outcome.rows()[-1] == [SANDBOX, "sandbox", "current", "ok", "ok"]
    assert {row["account"]: row["fine"] for row in rows} == {
        SECURITY: True,
        SHOP: True,
        BANK: True,
        SANDBOX: False,
    }


def test_a_fault_stays_when_another_of_the_same_account_is_mended(estate: World) -> None:
    run(MEMBERS_ONLY)
    estate.join(LATE, "late", records_users=False)
    estate.sleep(30)
    outcome = run(f"{MEMBERS_ONLY} {ROLE}")
    assert packs(estate)[LATE] == "CREATE_SUCCESSFUL"
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1].startswith("1 fault. ")
    assert f"{LATE} late, {REGION}: the Config recorder does not record" in outcome.out
