import json

import pytest

from tests.support.organizations import BANK, MANAGEMENT, REGION, SHOP, World, run
from tests.support.workshop import Workshop, open_workshop

ROLE = "--member-role OrganizationAccountAccessRole"
TAG = "no-setup-access-key:quarantined:"
DAYS = 86_400


@pytest.fixture
def workshop(estate: World, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """An account in which one key was quarantined three days ago, and another one just now."""
    there = open_workshop(estate, monkeypatch, SHOP)
    for name in ("ben.idle", "gil.returns"):
        there.add(SHOP, name)
    there.judge(SHOP)
    run(f"remediate {ROLE} --account {SHOP} --yes --user ben.idle")
    estate.sleep(3 * DAYS)
    run(f"remediate {ROLE} --account {SHOP} --yes --user gil.returns")
    return there


def statuses(workshop: Workshop) -> dict[str, str]:
    users = workshop.estate.members.config(SHOP, REGION).iam.users.values()
    return {each.name: ", ".join(key.status for key in each.access_keys) for each in users}


def key_of(workshop: Workshop, name: str) -> str:
    (key,) = workshop.estate.members.config(SHOP, REGION).iam.get_user(name).access_keys
    return str(key.access_key_id)


def test_what_was_quarantined_within_two_hours_is_active_again_and_waits(
    workshop: Workshop,
) -> None:
    tags = workshop.tags(SHOP, "gil.returns")
    outcome = run(f"restore --account {SHOP} --since 2h --yes {ROLE}")
    assert (outcome.code, statuses(workshop)) == (
        0,
        {"ben.idle": "Inactive", "gil.returns": "Active"},
    )
    assert workshop.tags(SHOP, "gil.returns") == tags
    name = f"{SHOP} shop: gil.returns {key_of(workshop, 'gil.returns')}"
    assert outcome.result(name) == "Active again"
    assert "made Active again during its quarantine; not judged before" in outcome.below(name)[0]


def test_a_dry_run_shows_and_changes_nothing(workshop: Workshop) -> None:
    outcome = run(f"restore --account {SHOP} --all --dry-run --format json {ROLE}")
    document = json.loads(outcome.out)
    assert [(each["user"], each["was"], each["is"]) for each in document["keys"]] == [
        ("ben.idle", "Inactive", "Inactive"),
        ("gil.returns", "Inactive", "Inactive"),
    ]
    assert (outcome.code, document["changes"]) == (0, [])


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (f"--account {SHOP} --yes", "Say which quarantines: --since 2h, --user NAME, or --all."),
        ("--all --yes", "Say where: --account NUMBER, --unit NAME, or --account-only."),
        (f"--account {SHOP} --all", "Nobody can be asked without a terminal"),
    ],
)
def test_nothing_is_restored_that_was_not_named(estate: World, line: str, why: str) -> None:
    outcome = run(f"restore {line} {ROLE}")
    assert (outcome.code, why in outcome.err) == (2, True)


def test_a_key_that_was_deleted_is_named_as_what_cannot_be_brought_back(
    workshop: Workshop,
) -> None:
    key = key_of(workshop, "ben.idle")
    workshop.estate.sleep(5 * DAYS)
    workshop.judge(SHOP)
    run(f"remediate {ROLE} --account {SHOP} --yes --user ben.idle")
    assert statuses(workshop)["ben.idle"] == ""
    outcome = run(f"restore --account {SHOP} --user ben.idle --yes {ROLE}")
    assert (outcome.code, outcome.result("keys that cannot be brought back")) == (1, "1")
    assert f"{SHOP} shop: ben.idle {key}: it was deleted at 2026-09-09T" in outcome.out


def test_what_somebody_changed_meanwhile_is_left_alone(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = workshop.estate.members.config(SHOP, REGION).iam
    (gil,) = iam.get_user("gil.returns").access_keys

    def agrees(question: str, *, yes: bool) -> bool:
        assert question == "Make 2 keys Active again in 1 account?"
        gil.status = "Active"
        iam.delete_access_key(key_of(workshop, "ben.idle"), "ben.idle")
        return True

    monkeypatch.setattr("rollout.commands.restore.agrees", agrees)
    outcome = run(f"restore --account {SHOP} --all --yes {ROLE}")
    assert outcome.code == 1
    assert "it was deleted meanwhile and cannot be brought back" in outcome.out
    gil_line = f"{SHOP} shop: gil.returns {gil.access_key_id}"
    assert outcome.result(gil_line) == "Active already"
    assert "Nothing was changed." in outcome.out


def test_a_refusal_at_one_key_does_not_keep_the_other(workshop: Workshop) -> None:
    workshop.estate.cloud.faults.fail("iam", "UpdateAccessKey", "AccessDenied")
    outcome = run(f"restore --account {SHOP} --all --yes {ROLE}")
    assert (outcome.code, sorted(statuses(workshop).values())) == (1, ["Active", "Inactive"])
    assert "iam:UpdateAccessKey is not allowed" in outcome.out
    again = run(f"restore --account {SHOP} --all --yes {ROLE}")
    assert (again.code, set(statuses(workshop).values())) == (0, {"Active"})


def test_a_key_that_is_active_again_is_told_so_whatever_comes_after(workshop: Workshop) -> None:
    workshop.estate.cloud.faults.fail("iam", "GetLoginProfile", "AccessDenied", times=None)
    outcome = run(f"restore --account {SHOP} --user gil.returns --yes {ROLE}")
    key = key_of(workshop, "gil.returns")
    assert (outcome.code, statuses(workshop)["gil.returns"]) == (1, "Active")
    name = f"{SHOP} shop: gil.returns {key}"
    assert outcome.result(name) == "Active again, not seen in full"
    assert "how its user is judged now was not seen: " in outcome.below(name)[0]
    assert f"Changed: {key} is Active again." in outcome.out


def test_a_token_that_expires_says_what_is_active_again(workshop: Workshop) -> None:
    workshop.estate.cloud.faults.fail("iam", "UpdateAccessKey", "ExpiredToken", times=None, skip=1)
    outcome = run(f"restore --account {SHOP} --all --yes {ROLE}")
    assert outcome.code == 2
    assert outcome.err.splitlines()[0] == (
        f"Changed: {key_of(workshop, 'ben.idle')} is Active again."
    )
    assert outcome.err.count("have expired") == 1


def test_an_interrupted_quarantine_gets_its_end_before_the_key_is_active(
    workshop: Workshop,
) -> None:
    user = workshop.estate.members.config(SHOP, REGION).iam.get_user("gil.returns")
    tag = TAG + key_of(workshop, "gil.returns")
    start = user.tag_values[tag].partition(" ")[0]
    user.tag_values[tag] = f"{start} started"
    assert run(f"restore --account {SHOP} --user gil.returns --yes {ROLE}").code == 0
    assert user.tag_values[tag].startswith(f"{start} until 2026-09-1")
    user.tag_values[tag] = f"{start} started"
    workshop.client(SHOP, "iam").update_access_key(
        UserName="gil.returns", AccessKeyId=key_of(workshop, "gil.returns"), Status="Inactive"
    )
    workshop.estate.cloud.faults.fail("iam", "TagUser", "AccessDenied")
    outcome = run(f"restore --account {SHOP} --user gil.returns --yes {ROLE}")
    assert "its tag may not be changed: the next remediation finishes it" in outcome.out
    assert statuses(workshop)["gil.returns"] == "Active"


def test_a_key_that_a_person_made_inactive_is_none_of_ours(workshop: Workshop) -> None:
    key = workshop.add(SHOP, "own.hands")
    key.status = "Inactive"
    run(f"restore --account {SHOP} --all --yes {ROLE}")
    assert statuses(workshop)["own.hands"] == "Inactive"


def test_an_account_that_cannot_be_entered_is_named(estate: World) -> None:
    outcome = run(f"restore --account {BANK} {MANAGEMENT} --all --yes")
    assert outcome.code == 3
    assert "No quarantine of that choice." in outcome.out
