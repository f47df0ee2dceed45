import boto3
import pytest

from emulator.config.packs import PackFailed
from tests.support.organizations import MANAGEMENT, OLD, REGION, SANDBOX, SHOP, World, run

NAME = "iam-user-no-setup-access-key"
ROLE = "--member-role OrganizationAccountAccessRole"
BUCKET = f"{NAME}-{MANAGEMENT}-{REGION}"
CHANGES = (
    "config:DeleteOrganizationConformancePack",
    "cloudformation:DeleteStackInstances",
    "cloudformation:DeleteStackSet",
    "cloudformation:DeleteStack",
    "s3:DeleteObjects",
)


def rules(estate: World) -> list[str]:
    members = estate.organization.members
    return [rule for each in members for rule in estate.members.config(each, REGION).config_rules]


def test_everything_goes_in_the_reverse_order_and_the_bucket_stays(estate: World) -> None:
    run("deploy")
    estate.cloud.calls.clear()
    outcome = run("remove --yes --with-code")
    done = [each for each in estate.cloud.calls.actions() if each in CHANGES]
    assert list(dict.fromkeys(done)) == list(CHANGES)
    assert (outcome.code, rules(estate), estate.sets.sets, estate.packs.packs) == (3, [], {}, {})
    assert boto3.client("s3").list_object_versions(Bucket=BUCKET).get("Versions") is None
    assert f"what is in suspended accounts stays there: {OLD} old-shop" in outcome.out


def test_a_second_remove_finds_nothing_and_changes_nothing(estate: World) -> None:
    run(f"deploy --exclude {MANAGEMENT}")
    run("remove --yes")
    outcome = run("remove --yes")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (
        3,
        "No faults, 1 line not seen in full. Nothing was changed.",
    )


def test_without_a_word_from_the_operator_nothing_goes(estate: World) -> None:
    run(f"deploy --exclude {MANAGEMENT}")
    outcome = run("remove")
    assert outcome.code == 2
    assert "Type o-exampleorg when asked, or give --yes." in outcome.err
    assert len(rules(estate)) == 4


def test_users_keys_and_quarantines_are_left_and_told(estate: World) -> None:
    run(f"deploy --exclude {MANAGEMENT}")
    iam = estate.members.config(SHOP, REGION).iam
    bob = iam.add_user("bob", tags={"no-setup-access-key:quarantined:AKIAEXAMPLE": "x"})
    iam.add_key(bob, status="Inactive")
    outcome = run(f"remove --yes {ROLE}")
    assert outcome.below("quarantines left in 5 accounts") == [f"{SHOP} shop: bob: AKIAEXAMPLE"]
    assert (len(bob.access_keys), len(bob.tag_values)) == (1, 1)


def test_a_stack_that_cannot_be_deleted_is_named_and_the_stackset_kept(estate: World) -> None:
    run(f"deploy --exclude {MANAGEMENT}")
    estate.sets.failing[SANDBOX] = "The role is in use."
    outcome = run("remove --yes")
    assert outcome.code == 1
    assert f"{SANDBOX} sandbox: inoperable" in outcome.out
    estate.sets.failing.clear()
    assert (run("remove --yes").code, estate.sets.sets) == (3, {})


def test_one_account_alone_is_cleared_too(estate: World) -> None:
    run("deploy --account-only")
    outcome = run("remove --account-only --yes")
    assert (outcome.code, rules(estate)) == (0, [])
    assert outcome.result(f"stack {NAME} in {MANAGEMENT} (no alias)") == "deleted"


def test_of_two_removes_at_once_the_later_one_says_that_it_is_gone(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(f"deploy --exclude {MANAGEMENT}")

    def sleep(seconds: float) -> None:
        estate.sleep(seconds)
        if not estate.packs.packs and estate.sets.sets:
            (stack_set,) = estate.sets.sets.values()
            if stack_set.operations[-1].action == "DELETE":
                estate.sets.sets.clear()

    monkeypatch.setattr("time.sleep", sleep)
    outcome = run("remove --yes")
    assert (outcome.code, outcome.err) == (3, "")
    assert outcome.result(f"StackSet {NAME} and its stacks") == (
        "gone: somebody else removed it meanwhile"
    )


def test_a_pack_that_a_suspended_account_holds_is_put_without_it_and_removed(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(f"deploy --exclude {MANAGEMENT}")
    (pack,) = estate.packs.packs.values()

    def hold(self: object, member: object, removing: bool) -> None:
        if removing and getattr(member, "id", "") == SANDBOX and SANDBOX not in pack.excluded:
            raise PackFailed("Failure", "The account is suspended.")

    monkeypatch.setattr(type(estate.packs), "_check", hold)
    estate.organization.members[SANDBOX].status = "SUSPENDED"
    outcome = run("remove --yes", documented=False)
    assert outcome.result(f"conformance pack {NAME}") == "deleted"
    assert estate.packs.packs == {}
