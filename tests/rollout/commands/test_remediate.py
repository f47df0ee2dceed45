import json
from datetime import timedelta

import pytest

from tests.support.organizations import BANK, MANAGEMENT, REGION, SANDBOX, SHOP, World, run
from tests.support.workshop import Workshop, open_workshop
from tools.happenings import add_aggregator

ROLE = "--member-role OrganizationAccountAccessRole"
TAG = "no-setup-access-key:quarantined:"
GO = f"remediate {ROLE} --account {SHOP} {BANK} --yes"


@pytest.fixture
def workshop(estate: World, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Two accounts in which users can be worked off, shop with three of them, bank with one."""
    there = open_workshop(estate, monkeypatch, SHOP, BANK)
    for name, days in (("ben.idle", 200), ("gil.returns", 100), ("hal.late", 50)):
        there.add(SHOP, name, days=days)
    there.add(BANK, "ida.bank", days=300)
    for account in (SHOP, BANK):
        there.judge(account)
    return there


def keys(workshop: Workshop, account: str = SHOP) -> dict[str, str]:
    """Return the status of each user's keys."""
    users = workshop.estate.members.config(account, REGION).iam.users.values()
    return {each.name: ", ".join(key.status for key in each.access_keys) for each in users}


def test_findings_are_worked_off_oldest_first_in_batches_that_are_looked_at(
    workshop: Workshop,
) -> None:
    outcome = run(f"{GO} --batch 3")
    assert outcome.code == 0
    assert outcome.result("batch 1 of 2") == "3 quarantined until 2026-09-08"
    assert outcome.result("batch 2 of 2") == "1 quarantined until 2026-09-08"
    rows = [line.split() for line in outcome.out.splitlines() if line[:3].strip().isdigit()]
    assert [(row[0], row[3]) for row in rows] == [
        ("1", "ida.bank"),
        ("2", "ben.idle"),
        ("3", "gil.returns"),
        ("4", "hal.late"),
    ]
    assert outcome.result("judged again, live") == "1 COMPLIANT"
    assert set(keys(workshop).values()) == {"Inactive"}
    assert "Changed: 4 keys quarantined." in outcome.out


def test_the_list_comes_from_the_aggregator_and_only_accounts_with_findings_are_entered(
    workshop: Workshop,
) -> None:
    workshop.install(SANDBOX)
    used = workshop.add(SANDBOX, "ada.uses")
    used.record_use(workshop.estate.cloud.clock.now() - timedelta(days=1))
    workshop.judge(SANDBOX)
    add_aggregator(workshop.estate)
    go = f"remediate {ROLE} --account {SHOP} {BANK} {SANDBOX} --yes --user ida.bank"
    with workshop.estate.cloud.calls.since_now() as calls:
        outcome = run(go)
    title = "what AWS Config holds in 3 accounts"
    assert (outcome.code, outcome.result(title)) == (0, "4 findings on 4 users")
    assert (
        outcome.below(title)[0]
        == "source: the aggregator all in 999900000000 management, us-east-1"
    )
    assert outcome.result("batch 1 of 1") == "1 quarantined until 2026-09-08"
    entered = {each.parameters["RoleArn"] for each in calls.made("sts:AssumeRole")}
    assert {each.split(":")[4] for each in entered} == {SHOP, BANK}
    with workshop.estate.cloud.calls.since_now() as calls:
        assert run(f"{go} --source members").code == 0
    assert not calls.made("config:SelectAggregateResourceConfig")


def test_an_account_that_has_left_its_aggregator_behind_is_named(workshop: Workshop) -> None:
    """The aggregator still has its results; its role can be assumed no more."""
    add_aggregator(workshop.estate)
    workshop.estate.cloud.faults.fail("sts", "AssumeRole", "AccessDenied", times=None)
    outcome = run(f"{GO} --account {BANK}")
    assert outcome.code == 3
    assert f"{BANK} bank: not read: arn:aws:iam::{BANK}:role/" in outcome.out
    assert "Nothing was changed." in outcome.out


def test_each_key_is_told_with_what_was_done_until_when(workshop: Workshop) -> None:
    (key,) = workshop.estate.members.config(BANK, REGION).iam.get_user("ida.bank").access_keys
    outcome = run(f"{GO} --user ida.bank")
    until = workshop.tags(BANK, "ida.bank")[TAG + key.access_key_id].rpartition(" until ")[2]
    assert until.startswith("2026-09-08T12:00:")
    assert outcome.below("batch 1 of 1") == [
        f"{BANK} bank: ida.bank {key.access_key_id}: quarantined until {until}"
    ]


def test_a_dry_run_asks_nothing_and_changes_nothing(workshop: Workshop) -> None:
    outcome = run(f"remediate {ROLE} --account {SHOP} --dry-run --format json")
    document = json.loads(outcome.out)
    assert [each["outcomes"][0]["done"] for each in document["users"]] == [
        "would be quarantined"
    ] * 3
    assert (outcome.code, document["changes"]) == (0, [])
    assert set(keys(workshop).values()) == {"Active"}
    assert workshop.tags(SHOP, "ben.idle") == {}


def test_without_a_terminal_nothing_begins_unless_yes_is_said(workshop: Workshop) -> None:
    outcome = run(f"remediate {ROLE}")
    assert outcome.code == 2
    assert "Nobody can be asked without a terminal" in outcome.err


def test_who_says_no_keeps_every_key(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("rollout.commands.remediate.check_terminal", lambda yes: None)
    monkeypatch.setattr(
        "rollout.commands.remediate.agrees", lambda question, yes: asked.append(question)
    )
    outcome = run(f"remediate {ROLE} --account {SHOP} {BANK}")
    assert asked == ["4 users in 2 accounts. Make 4 keys inactive, delete none?"]
    assert set(keys(workshop).values()) == {"Active"}
    assert "Nothing was changed." in outcome.out


def test_a_key_used_between_the_list_and_the_act_is_left_alone(workshop: Workshop) -> None:
    (key,) = workshop.estate.members.config(SHOP, REGION).iam.get_user("gil.returns").access_keys
    key.record_use(workshop.estate.cloud.clock.now() - timedelta(hours=2))
    outcome = run(f"{GO} --account {SHOP}")
    assert outcome.result("batch 1 of 1") == "2 quarantined until 2026-09-08, 1 left alone"
    left = f"{SHOP} shop: gil.returns {key.access_key_id}: left alone: used 2026-09-01T10:00Z"
    assert left in outcome.below("batch 1 of 1")
    assert outcome.result("judged again, live") in (
        "2 COMPLIANT, 1 COMPLIANT (in use)",
        "1 COMPLIANT, 1 COMPLIANT (in use), 1 COMPLIANT",
    )
    assert keys(workshop)["gil.returns"] == "Active"


def test_a_use_that_shows_only_after_the_quarantine_stops_the_work(workshop: Workshop) -> None:
    iam = workshop.estate.members.config(SHOP, REGION).iam
    (key,) = iam.get_user("ben.idle").access_keys
    iam.use_lag = timedelta(hours=1)
    now = workshop.estate.cloud.clock.now()
    key.record_use(now - timedelta(minutes=59, seconds=59))
    workshop.on_act = lambda user_id: None
    outcome = run(f"{GO} --account {SHOP} --batch 1")
    assert outcome.code == 1
    assert f"ben.idle: {key.access_key_id} was quarantined, and now:" in outcome.out
    assert f"restore --account {SHOP} --user ben.idle" in outcome.out
    assert keys(workshop) == {"ben.idle": "Inactive", "gil.returns": "Active", "hal.late": "Active"}


def test_users_deleted_renamed_excepted_or_changed_meanwhile_are_named(workshop: Workshop) -> None:
    iam = workshop.client(SHOP, "iam")
    config = workshop.estate.members.config(SHOP, REGION)
    (key,) = config.iam.get_user("ben.idle").access_keys
    iam.delete_access_key(UserName="ben.idle", AccessKeyId=key.access_key_id)
    iam.update_user(UserName="gil.returns", NewUserName="gil.renamed")
    exception = {"owner": "x", "expires": "2026-10-01", "reason": "y"}
    iam.tag_user(
        UserName="hal.late",
        Tags=[
            {"Key": f"no-setup-access-key:exception-{part}", "Value": value}
            for part, value in exception.items()
        ],
    )
    outcome = run(f"{GO} --account {SHOP}")
    told = " ".join(outcome.below("batch 1 of 1"))
    assert f"ben.idle {key.access_key_id}: left alone: the key is gone" in told
    assert "left alone: The risk is accepted by x until the end of 2026-10-01" in told
    assert keys(workshop)["hal.late"] == "Active"
    assert "left alone: Access key" in told
    assert "of gil.renamed was created" in told
    assert keys(workshop)["gil.renamed"] == "Active"


def test_a_deleted_user_is_left_alone(workshop: Workshop) -> None:
    iam = workshop.client(BANK, "iam")
    (key,) = workshop.estate.members.config(BANK, REGION).iam.get_user("ida.bank").access_keys
    iam.delete_access_key(UserName="ida.bank", AccessKeyId=key.access_key_id)
    iam.delete_login_profile(UserName="ida.bank")
    iam.delete_user(UserName="ida.bank")
    outcome = run(f"{GO} --account {BANK}")
    assert "left alone: the user is gone" in outcome.out
    assert outcome.result("judged again, live") == "1 gone"


def test_what_fails_stops_the_next_batch_unless_more_may_fail(workshop: Workshop) -> None:
    workshop.estate.cloud.faults.fail("ssm", "StartAutomationExecution", "AccessDenied")
    stopped = run(f"{GO} --batch 1")
    assert stopped.code == 1
    assert "Stopped before 3 batches: 1 failed, more than --stop-after 0." in stopped.out
    assert "ssm:StartAutomationExecution is not allowed" in stopped.out
    workshop.estate.cloud.faults.fail("ssm", "StartAutomationExecution", "AccessDenied")
    going = run(f"{GO} --batch 1 --stop-after 1")
    assert (going.code, going.result("batch 4 of 4")) == (1, "1 quarantined until 2026-09-08")


def test_interrupted_anywhere_it_goes_on_and_does_nothing_twice(workshop: Workshop) -> None:
    first = run(f"{GO} --max 2")
    assert first.code == 0
    tags = workshop.tags(SHOP, "ben.idle")
    for account in (SHOP, BANK):
        workshop.judge(account)
    second = run(GO)
    assert second.code == 0
    assert second.result("batch 1 of 1") == "2 quarantined until 2026-09-08"
    assert workshop.tags(SHOP, "ben.idle") == tags
    for account in (SHOP, BANK):
        workshop.judge(account)
    assert "Nothing was changed." in run(GO).out


def test_two_operators_at_once_do_nothing_twice(workshop: Workshop) -> None:
    """The second one's list is older than what the first one did."""
    run(f"{GO} --account {SHOP}")
    tags = workshop.tags(SHOP, "ben.idle")
    outcome = run(f"{GO} --account {SHOP}")
    assert outcome.result("batch 1 of 1") == "3 left alone"
    assert "left alone: Access key" in outcome.out
    assert workshop.tags(SHOP, "ben.idle") == tags


def test_an_account_without_the_rule_or_without_a_way_in_is_named(workshop: Workshop) -> None:
    outcome = run(f"remediate {ROLE} --yes --user nobody")
    assert outcome.code == 3
    assert "it has no rule of ours" in outcome.out
    assert "No finding on nobody." in outcome.out


def test_aws_config_is_asked_how_many_it_has_followed(workshop: Workshop) -> None:
    outcome = run(f"{GO} --account {SHOP}")
    assert outcome.result("AWS Config has followed") == "0 of 3 users"
    assert outcome.below("AWS Config has followed") == [
        "the others follow within minutes, or with the next schedule: rescan"
    ]


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sts", "AssumeRole"),
        ("config", "DescribeConfigRules"),
        ("iam", "GetAccountAuthorizationDetails"),
    ],
)
def test_a_call_that_is_refused_is_told_and_the_other_account_goes_on(
    workshop: Workshop, service: str, operation: str
) -> None:
    workshop.estate.cloud.faults.fail(service, operation, "AccessDenied")
    outcome = run(f"{GO} --stop-after 9")
    assert outcome.code in (0, 1, 3)
    assert operation in outcome.out
    inactive = [*keys(workshop).values(), *keys(workshop, BANK).values()].count("Inactive")
    assert inactive >= 1


def test_a_key_deleted_while_it_is_looked_at_is_no_refusal(workshop: Workshop) -> None:
    """AWS answers "denied" for the last use of a key that has just gone."""
    workshop.estate.cloud.faults.fail("iam", "GetAccessKeyLastUsed", "AccessDenied")
    outcome = run(f"{GO} --user ida.bank")
    assert (outcome.code, outcome.result("batch 1 of 1")) == (0, "1 quarantined until 2026-09-08")


def test_a_token_that_expires_in_the_middle_ends_it_in_one_sentence_with_what_was_done(
    workshop: Workshop,
) -> None:
    (key,) = workshop.estate.members.config(BANK, REGION).iam.get_user("ida.bank").access_keys
    workshop.estate.cloud.faults.fail(
        "ssm", "GetAutomationExecution", "ExpiredToken", times=None, skip=2
    )
    outcome = run(f"{GO} --batch 1")
    assert outcome.code == 2
    assert outcome.err.splitlines() == [
        "Changed: 1 key quarantined; 1 run of the runbook started, end not seen.",
        "python -m rollout: Your credentials have expired (ExpiredToken). Sign in again (aws sso"
        " login) and run the same command again; it goes on.",
    ]
    assert f"ida.bank {key.access_key_id}: quarantined until 2026-09-08T" in outcome.out
    workshop.estate.cloud.faults.clear()
    again = run(GO)
    assert (again.code, set(keys(workshop).values())) == (0, {"Inactive"})
    assert "Changed: 2 keys quarantined." in again.out


def test_a_run_whose_end_is_not_seen_is_named_and_its_user_looked_at_all_the_same(
    workshop: Workshop,
) -> None:
    workshop.estate.cloud.faults.fail("ssm", "GetAutomationExecution", "AccessDenied", times=None)
    outcome = run(f"{GO} --user ida.bank")
    assert outcome.code == 1
    assert "was started and its end not seen, it goes on in AWS; look again:" in outcome.out
    assert "Changed: 1 key made Inactive; 1 run of the runbook started, end not seen." in (
        outcome.out
    )


def test_hours_at_the_question_do_not_end_the_way_into_the_accounts(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def agrees(question: str, *, yes: bool) -> bool:
        workshop.estate.sleep(3 * 3600)
        return True

    monkeypatch.setattr("rollout.commands.remediate.agrees", agrees)
    with workshop.estate.cloud.calls.since_now() as calls:
        assert run(f"{GO} --account {SHOP} --batch 2").code == 0
    assert calls.count("sts:AssumeRole") > 1, "by then the first session's hour was over"


def test_one_account_alone_needs_no_organization(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = open_workshop(estate, monkeypatch, MANAGEMENT)
    there.add(MANAGEMENT, "ben.idle")
    there.judge(MANAGEMENT)
    with estate.cloud.calls.since_now() as calls:
        done = run("remediate --account-only --yes")
        undone = run("restore --account-only --all --yes")
    assert (done.code, done.result("batch 1 of 1")) == (0, "1 quarantined until 2026-09-08")
    assert (undone.code, keys(there, MANAGEMENT)) == (0, {"ben.idle": "Active"})
    own = [each for each in calls.made() if "/Operator/" in each.caller]
    assert not [each.action for each in own if each.action.startswith(("organizations:", "sts:A"))]
