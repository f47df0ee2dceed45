import json
from pathlib import Path

import boto3
import pytest

from emulator.organizations.models import CONFIG
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
from tests.support.paths import ROOT
from tools.happenings import add_aggregator

ROLE = "--member-role OrganizationAccountAccessRole"
BUCKET = f"iam-user-no-setup-access-key-{MANAGEMENT}-{REGION}"
OPEN = "all 4 accounts: no policy keeps others from"
OFF = "missing, and remediation is off"
UNBOUND = "no service control policy binds the management account: keep to few people there"
MISSING = f"""\
policies that protect tags and rule ..................................... {OFF}
    {OPEN} writing its tags; attach guardrails/scp/exception-tags.json above (docs/scp.md)
    {OPEN} changing the rule; attach guardrails/scp/the-rule.json above (docs/scp.md)
    {OPEN} changing AWS Config; guardrails/scp/config.json would (docs/scp.md)
    {UNBOUND}
"""
RECORDERS = "recorder records AWS::IAM::User in 4 accounts"


def test_nothing_is_changed_and_every_line_has_a_result(estate: World) -> None:
    outcome = run(f"check {ROLE}")
    assert (
        outcome.out
        == f"""\
account {MANAGEMENT} management, us-east-1 .............................. management account
organization o-exampleorg, all features ................................. ok
trusted access for StackSets ............................................ ok
trusted access for AWS Config's multi-account setup ..................... ok
delegated administrators ................................................ ok
    StackSets: {SECURITY} security
    AWS Config: {SECURITY} security
names of stack, StackSet and pack ....................................... free
accounts of o-exampleorg ................................................ 5 to have the rule
    left out by AWS, suspended or closing: {OLD} old-shop
recorder records AWS::IAM::User here .................................... ok
recorder records AWS::IAM::User in 4 accounts ........................... ok
code bucket {BUCKET} ......... not there yet: deploy makes it
conformance packs and rules left under the quotas ....................... ok
    0 organization packs, 0 packs and 0 rules in this account
no rule of another administrator ........................................ ok
templates within AWS's limits ........................................... ok
{MISSING}No faults. Nothing was changed.
"""
    )
    reads = ("Describe", "List", "Get", "Head", "AssumeRole")
    called = estate.cloud.calls.made()
    assert [each.action for each in called if not each.operation.startswith(reads)] == []
    assert (outcome.code, outcome.err) == (0, "")


def test_members_that_nobody_looks_into_are_not_seen(estate: World) -> None:
    outcome = run("check")
    assert outcome.result(RECORDERS) == "not seen"
    assert outcome.out.splitlines()[-1] == (
        "No faults, 1 line not seen in full. Nothing was changed."
    )


def test_an_aggregator_shows_where_users_are_on_record_but_not_more(estate: World) -> None:
    add_aggregator(estate)
    for account in (SECURITY, SHOP):
        estate.members.config(account, REGION).iam.add_user("ann")
    outcome = run("check")
    assert outcome.result(RECORDERS) == "seen in part"
    assert outcome.below(RECORDERS)[1:] == [f"not seen: {BANK} bank, {SANDBOX} sandbox"]


def test_accounts_with_many_users_are_named_with_what_bounds_their_first_evaluation(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollout.deployment.judgements.LARGE", 2)
    add_aggregator(estate)
    for account, users in ((SHOP, 3), (BANK, 2)):
        for number in range(users):
            estate.members.config(account, REGION).iam.add_user(f"user{number}")
    for verb in ("check", "plan", f"check {ROLE}"):
        assert run(verb).below(RECORDERS)[-1] == (
            f"more than 2 users: {SHOP} shop (3); a new rule evaluates them all at once: bound that"
            " with --stack-parameter ReservedConcurrency=5 (docs/operate/large-accounts.md)"
        )


def test_one_account_alone_with_many_users_is_told_what_bounds_its_first_evaluation(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollout.deployment.judgements.LARGE", 2)
    for number in range(3):
        estate.members.config(MANAGEMENT, REGION).iam.add_user(f"user{number}")
    outcome = run("plan --account-only")
    assert outcome.below("recorder records AWS::IAM::User here") == [
        f"more than 2 users: {MANAGEMENT} (no alias) (3); a new rule evaluates them all at"
        " once: bound that with --stack-parameter ReservedConcurrency=5"
        " (docs/operate/large-accounts.md)"
    ]
    assert "1 account, 3 users with a password" in outcome.out


@pytest.mark.parametrize(
    ("recorder", "fault"),
    [
        pytest.param({"running": False}, "the Config recorder is stopped", id="stopped"),
        pytest.param(
            {"records_users": False},
            "the Config recorder does not record AWS::IAM::User",
            id="without users",
        ),
    ],
)
def test_a_member_whose_recorder_will_not_do_is_named(
    estate: World, recorder: dict[str, bool], fault: str
) -> None:
    estate.members.add_recorder(SANDBOX, REGION, **recorder)
    outcome = run(f"check {ROLE}")
    (told,) = outcome.below(RECORDERS)
    assert told.startswith(f"{SANDBOX} sandbox, us-east-1: {fault}. ")
    assert told.endswith(f", or leave the account out with --exclude {SANDBOX}.")
    assert outcome.code == 1


def test_a_region_that_does_not_record_users_is_refused_with_the_reason(estate: World) -> None:
    estate.members.add_recorder(MANAGEMENT, "eu-west-1", records_users=False)
    outcome = run("check --region eu-west-1")
    assert outcome.code == 2
    assert "eu-west-1: the Config recorder does not record AWS::IAM::User" in outcome.err


def test_the_region_that_records_users_is_found(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    outcome = run("check")
    assert outcome.out.startswith(f"account {MANAGEMENT} management, us-east-1 ...")


def test_missing_trust_is_named_with_the_command_that_gives_it(estate: World) -> None:
    estate.organization.stacksets_access = "DISABLED"
    estate.organization.trusted.discard(CONFIG)
    outcome = run("deploy")
    assert outcome.result("trusted access for StackSets") == "MISSING"
    assert outcome.below("trusted access for StackSets")[1] == (
        "run: aws cloudformation activate-organizations-access"
    )
    assert outcome.below("trusted access for AWS Config's multi-account setup")[1] == (
        f"run: aws organizations enable-aws-service-access --service-principal {CONFIG}"
    )
    assert outcome.out.splitlines()[-2:] == [
        "Mend these faults first.",
        "3 faults, 1 line not seen in full. Nothing was changed.",
    ]


def test_an_organization_without_all_features_is_a_fault(estate: World) -> None:
    estate.organization.features = "CONSOLIDATED_BILLING"
    assert run("check").result("organization o-exampleorg, all features") == "MISSING"


def test_a_member_that_administers_nothing_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_estate(SANDBOX) as opened:
        monkeypatch.setattr("time.sleep", opened.sleep)
        outcome = run("check")
    assert outcome.code == 2
    assert "organizations:ListRoots is not allowed to" in outcome.err


def test_half_a_delegated_administrator_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_estate(SECURITY) as opened:
        monkeypatch.setattr("time.sleep", opened.sleep)
        opened.organization.administrators.pop(CONFIG)
        outcome = run(f"check --exclude {MANAGEMENT}")
    told = outcome.below(f"account {SECURITY} security, us-east-1")
    assert told == [
        f"{SECURITY} security is no delegated administrator of AWS Config; as {MANAGEMENT}"
        " management:",
        "run: aws organizations register-delegated-administrator --account-id"
        f" {SECURITY} --service-principal {CONFIG}",
    ]


def test_a_bucket_with_a_policy_of_its_own_is_left_alone_and_its_lacks_are_told(
    estate: World,
) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="ours")
    arn = {"Resource": "arn:aws:s3:::ours/*", "Principal": {"AWS": MANAGEMENT}}
    statement = {"Effect": "Allow", "Action": "s3:PutObject", **arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="ours", Policy=policy)
    outcome = run("deploy --bucket ours")
    told = outcome.below("code bucket ours")
    assert [each.partition(" {")[0] for each in told] == [
        "bucket ours: it is not closed",
        "bucket ours: it is not versioned",
        "bucket ours: it is not encrypted",
        "bucket ours: its policy lacks",
        "bucket ours: its policy lacks",
    ]
    assert '"aws:PrincipalOrgID": "o-exampleorg"' in told[4]
    assert (outcome.code, s3.get_bucket_policy(Bucket="ours")["Policy"]) == (1, policy)


def test_names_that_somebody_else_took_are_told(estate: World) -> None:
    boto3.client("cloudformation").create_stack(
        StackName="iam-user-no-setup-access-key",
        TemplateBody='{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}',
    )
    outcome = run("check")
    assert outcome.below("names of stack, StackSet and pack") == [
        "the stack iam-user-no-setup-access-key is not the one of template.yaml"
    ]


def test_an_unknown_account_or_unit_is_refused(estate: World) -> None:
    assert run(f"check --exclude {LATE}").err == (
        f"python -m rollout: --exclude {LATE}: no such account in o-exampleorg.\n"
    )
    assert "no such unit" in run("check --ou ou-exam-nosuchou").err


def test_units_cost_two_calls_each_and_no_list_of_all_accounts(estate: World) -> None:
    estate.organization.page_limit = 100
    run(f"check --ou {estate.testing.id}")
    calls = estate.cloud.calls
    assert (calls.count("organizations:ListAccounts"), SHOP in estate.members.stacks) == (0, False)
    assert calls.count("organizations:ListAccountsForParent") == 4  # the root and three units
    assert calls.count("organizations:ListOrganizationalUnitsForParent") == 4


def test_units_that_were_narrowed_later_stand_for_a_check_that_names_none(estate: World) -> None:
    """The StackSet has the root then, too; the pack says which units were decided on."""
    run("deploy --yes")
    run(f"deploy --ou {estate.testing.id} --yes")
    outcome = run("check")
    assert (outcome.code, outcome.err) == (3, "")
    assert outcome.result("accounts of o-exampleorg") == "1 to have the rule"


POLICIES = "policies that protect tags and rule"


def read_scp(name: str) -> str:
    return (ROOT / "guardrails" / "scp" / f"{name}.json").read_text(encoding="utf-8")


def switch_on(estate: World) -> None:
    assert run("deploy --yes").code == 3
    assert run("deploy --automatic-remediation --yes").code == 1


def test_policies_that_stand_at_the_root_cost_one_look_and_their_texts(estate: World) -> None:
    root, estate.organization.page_limit = estate.organization.root.id, 100
    for name in ("exception-tags", "the-rule", "config"):
        estate.organization.add_policy(name, read_scp(name), root)
    outcome = run(f"check {ROLE}")
    assert (outcome.code, outcome.result(POLICIES)) == (0, "ok")
    assert outcome.below(POLICIES) == [UNBOUND]
    calls = estate.cloud.calls
    assert calls.count("organizations:ListPoliciesForTarget") == 1
    assert calls.count("organizations:DescribePolicy") == 3


def test_without_automatic_remediation_missing_policies_are_told_and_no_fault(
    estate: World,
) -> None:
    outcome = run(f"check {ROLE}")
    assert (outcome.code, outcome.result(POLICIES)) == (0, OFF)
    assert outcome.below(POLICIES)[0] == (
        f"{OPEN} writing its tags; attach guardrails/scp/exception-tags.json above (docs/scp.md)"
    )


def test_deploy_with_automatic_remediation_says_what_is_unprotected_and_goes_on(
    estate: World,
) -> None:
    run("deploy --yes")
    outcome = run("deploy --automatic-remediation --yes")
    assert (outcome.code, outcome.result(POLICIES)) == (1, "MISSING")
    assert any("from changing the rule" in each for each in outcome.below(POLICIES))
    assert "conformance pack" in outcome.out.splitlines()[-1]
    assert [run(verb).result(POLICIES) for verb in ("check", "plan")] == ["MISSING"] * 2


SAID = "missing, and protected by boundaries, as was said"


def test_what_else_is_said_to_protect_the_tags_makes_missing_policies_no_fault(
    estate: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    switch_on(estate)
    outcome = run(f"check {ROLE} --tags-protected-by boundaries")
    assert (outcome.code, outcome.result(POLICIES)) == (0, SAID)
    assert outcome.below(POLICIES)[0] == (
        f"{OPEN} writing its tags; attach guardrails/scp/exception-tags.json above (docs/scp.md)"
    )
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rollout.toml").write_text('tags_protected_by = "boundaries"')
    assert [run(verb).result(POLICIES) for verb in ("check", "plan")] == [SAID] * 2
    run("plan --write-settings written.toml")
    written = (tmp_path / "written.toml").read_text()
    assert 'tags_protected_by = "boundaries"\n' in written


def test_nothing_else_that_protects_the_tags_makes_up_for_a_function_that_may_not_write_them(
    estate: World,
) -> None:
    switch_on(estate)
    text = json.dumps({"Statement": {"Effect": "Deny", "Action": "iam:TagUser", "Resource": "*"}})
    estate.organization.add_policy("no tags", text, estate.organization.root.id)
    outcome = run(f"check {ROLE} --tags-protected-by boundaries")
    assert (outcome.code, outcome.result(POLICIES)) == (1, "MISSING")
    assert [each["text"] for each in faults_of(f"check {ROLE} --tags-protected-by boundaries")] == [
        "all 4 accounts: a service control policy keeps the remediation function from its own tags."
        " Exempt its role, as guardrails/scp/exception-tags.json does."
    ]


def faults_of(command: str) -> list[dict[str, str]]:
    """Return the faults of a document for programs."""
    faults: list[dict[str, str]] = json.loads(run(f"{command} --format json").out)["faults"]
    return faults


def test_policies_count_wherever_above_an_account_they_are_attached(estate: World) -> None:
    switch_on(estate)
    organization = estate.organization
    organization.add_policy("tags", read_scp("exception-tags"), estate.production.id, SECURITY)
    organization.add_policy("rule", read_scp("the-rule"), organization.root.id)
    outcome = run("check")
    assert [each for each in outcome.below(POLICIES) if "; attach" in each] == [
        f"{SANDBOX} sandbox: no policy keeps others from writing its tags; attach"
        " guardrails/scp/exception-tags.json above (docs/scp.md)"
    ]
    organization.add_policy("tags of sandbox", read_scp("exception-tags"), SANDBOX)
    estate.cloud.calls.clear()
    assert run("check").result(POLICIES) == "ok"
    calls = estate.cloud.calls
    # The root, four units less the one without accounts of ours above it, and the last account.
    assert calls.count("organizations:ListPoliciesForTarget") == 5
    assert calls.count("organizations:DescribePolicy") == 3


def test_policies_that_nobody_may_read_are_not_seen(estate: World) -> None:
    switch_on(estate)
    for operation in ("DescribePolicy", "ListPoliciesForTarget"):
        root = estate.organization.root.id
        estate.organization.add_policy(operation, read_scp("the-rule"), root)
        estate.cloud.faults.fail("organizations", operation, "AccessDeniedException", times=None)
        outcome = run(f"check {ROLE}")
        assert (outcome.code, outcome.result(POLICIES)) == (3, "not seen")
        assert outcome.below(POLICIES)[0].startswith(
            f"{MANAGEMENT} management, us-east-1: organizations:{operation} is not allowed to"
        )


def test_one_account_alone_does_not_see_the_policies_above_it(estate: World) -> None:
    run("deploy --account-only --yes")
    assert POLICIES not in run("check --account-only").out
    outcome = run("deploy --account-only --automatic-remediation --yes")
    assert (outcome.code, outcome.result(POLICIES)) == (3, "not seen")
    assert outcome.below(POLICIES) == ["with --account-only AWS Organizations is not asked"]


def test_a_condition_that_is_not_judged_is_not_seen_and_named(estate: World) -> None:
    switch_on(estate)
    text = read_scp("exception-tags").replace(
        '"ArnNotLike"', '"StringNotEquals": {"aws:PrincipalTag/team": "x"}, "ArnNotLike"'
    )
    root = estate.organization.root.id
    tags = estate.organization.add_policy("tags", text, root)
    estate.organization.add_policy("rule", read_scp("the-rule"), root)
    outcome = run(f"check {ROLE}")
    assert (outcome.code, outcome.result(POLICIES)) == (3, "not seen")
    assert outcome.below(POLICIES)[0] == (
        f"{tags.id} tags: StringNotEquals aws:PrincipalTag/team is not judged here"
    )
