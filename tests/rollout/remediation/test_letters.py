from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rollout.findings.finding import Finding, State
from rollout.remediation.letters import name_letter, write_letters

FINDING = Finding(
    "333300000001",
    "shop",
    "production",
    "ben.idle",
    "AIDA1",
    "AKIA1",
    datetime(2026, 4, 1, tzinfo=UTC),
    State.FINDING,
    None,
    "",
    "AWS has no use of it on record.",
)


def test_an_owner_gets_one_letter_with_every_key_and_its_commands() -> None:
    quarantined = Finding(
        **{
            **vars(FINDING),
            "user": "gil",
            "user_id": "AIDA2",
            "key": "AKIA2",
            "state": State.QUARANTINE,
            "until": datetime(2026, 9, 8, 12, tzinfo=UTC),
        }
    )
    excepted = Finding(**{**vars(FINDING), "user_id": "AIDA3", "state": State.EXCEPTION})
    owners = {("333300000001", "AIDA1"): "team", ("333300000001", "AIDA2"): "team"}
    (letter,) = write_letters([FINDING, quarantined, excepted], owners, date(2026, 9, 15))
    assert (letter.owner, letter.file) == ("team", "team.txt")
    assert letter.text.count("AWS Config says: AWS has no use of it on record.") == 2
    assert "From 2026-09-15 on it will be made Inactive" in letter.text
    assert "deleted after 2026-09-08T12:00:00Z" in letter.text
    assert (
        "    aws iam update-access-key --user-name ben.idle --access-key-id AKIA1 --status Inactive"
        in letter.text
    )
    assert "--user-name gil --access-key-id AKIA2 --status Active" in letter.text


def test_without_an_owner_the_user_gets_it() -> None:
    (letter,) = write_letters([FINDING], {("333300000001", "AIDA1"): ""}, date(2026, 9, 15))
    assert letter.owner == "ben.idle"


@pytest.mark.parametrize(
    ("owner", "file"),
    [
        ("../../etc/passwd", "etc_passwd.txt"),
        ("..", "owner.txt"),
        ("a/b\\c:d", "a_b_c_d.txt"),
        ("team pay@example.com", "team_pay@example.com.txt"),
        ("x" * 300, "x" * 100 + ".txt"),
        ("\u202ecod.exe", "cod.exe.txt"),
    ],
)
def test_no_owner_s_name_leads_out_of_the_folder(owner: str, file: str) -> None:
    name = name_letter(owner, set())
    assert name == file
    assert Path(name).name == name


def test_two_owners_never_share_a_file() -> None:
    assert name_letter("Team", {"team.txt"}) == "Team-2.txt"
