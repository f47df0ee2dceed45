from pathlib import Path

import pytest

from rollout.__main__ import main
from tests.support.organizations import BANK, MANAGEMENT, SHOP, World, run
from tests.support.workshop import Workshop, open_workshop

ROLE = "--member-role OrganizationAccountAccessRole"


@pytest.fixture
def workshop(estate: World, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Two users of one owner in two accounts, and one without an owner."""
    there = open_workshop(estate, monkeypatch, SHOP, BANK)
    there.add(SHOP, "ben.idle", Owner="team pay")
    there.add(BANK, "ida.bank", Owner="team pay")
    there.add(SHOP, "gil.returns")
    for account in (SHOP, BANK):
        there.judge(account)
    return there


def test_each_owner_gets_one_text_and_nothing_is_sent(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    go = f"letters {folder} --account {SHOP} {BANK} {ROLE}"
    dry = run(f"{go} --dry-run")
    assert (dry.code, folder.exists()) == (0, False)
    outcome = run(go)
    assert (outcome.code, outcome.result(f"letters in {folder}")) == (0, "2 written")
    assert sorted(each.name for each in folder.iterdir()) == ["gil.returns.txt", "team_pay.txt"]
    text = (folder / "team_pay.txt").read_text()
    assert f"Account {SHOP} shop, user ben.idle" in text
    assert f"Account {BANK} bank, user ida.bank" in text
    assert "From 2026-09-15 on" in text
    again = run(go)
    assert (again.code, "it holds something already" in again.err) == (2, True)


def test_tags_that_cannot_be_read_make_the_user_the_owner(
    workshop: Workshop, tmp_path: Path
) -> None:
    skip = 1  # The survey asks first.
    workshop.estate.cloud.faults.fail(
        "iam", "GetAccountAuthorizationDetails", "AccessDenied", skip=skip
    )
    outcome = run(f"letters {tmp_path} --account {SHOP} {ROLE} --by 2026-10-01")
    assert "tags not read, so by user" in outcome.out
    assert sorted(each.name for each in tmp_path.iterdir()) == ["ben.idle.txt", "gil.returns.txt"]


@pytest.mark.parametrize("text", ["soon", "20261231", "2026-W53-4"])
def test_a_day_that_is_none_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["letters", "new", "--account-only", "--by", text])
    assert f'"{text}" is no date such as 2026-12-31' in capsys.readouterr().err


def test_one_account_alone_needs_no_organization(
    estate: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    there = open_workshop(estate, monkeypatch, MANAGEMENT)
    there.add(MANAGEMENT, "ben.idle", Owner="team pay")
    there.judge(MANAGEMENT)
    with estate.cloud.calls.since_now() as calls:
        outcome = run(f"letters {tmp_path / 'new'} --account-only")
    assert (outcome.code, outcome.result(f"letters in {tmp_path / 'new'}")) == (0, "1 written")
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["team_pay.txt"]
    assert not [each for each in calls.actions() if each.startswith(("organizations:", "sts:A"))]
