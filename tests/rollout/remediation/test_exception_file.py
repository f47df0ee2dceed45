import pytest

from rollout.errors import Refused
from rollout.remediation.exception_file import read_exceptions
from rollout.remediation.exceptions import Wanted

ENTRY = """\
[[exception]]
account = "333300000001"
user = "ben.idle"
owner = "team"
expires = 2026-12-31
reason = "partner"
"""


def test_an_entry_is_read_with_its_place() -> None:
    content = b"\xef\xbb\xbf# ours\n" + ENTRY.encode()
    wanted = Wanted("333300000001", "ben.idle", "team", "2026-12-31", "partner", "x.toml:2")
    assert read_exceptions([("x.toml", content)]) == [wanted]
    assert read_exceptions([("empty.toml", b"")]) == []


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(b"\xff", "x.toml: it is not in UTF-8.", id="another encoding"),
        pytest.param(b"[[exception]", "x.toml: it is no TOML:", id="broken TOML"),
        pytest.param(b"[[exemption]]\n", "x.toml: 'exemption' is unknown;", id="another table"),
        pytest.param(b"[exception]\na = 1\n", "x.toml: write [[exception]]", id="one bracket"),
        pytest.param(
            b"exception = [1]\n", "x.toml, entry 1: write [[exception]] and one", id="a list"
        ),
        pytest.param(b"[[exception]]\n", "x.toml:1: reason is missing.", id="nothing in it"),
        pytest.param(
            ENTRY.replace('"team"', '" "').encode(),
            "x.toml:1: owner is a text in quotes that is not empty.",
            id="an empty owner",
        ),
        pytest.param(
            ENTRY.replace('"333300000001"', "333300000001").encode(),
            "x.toml:1: account is a text in quotes",
            id="an account as a number, which would lose its zeros",
        ),
        pytest.param(
            ENTRY.replace("333300000001", "shop").encode(),
            'x.toml:1: account is "shop"; give the 12 digits of its number.',
            id="an account by name",
        ),
        pytest.param(
            ENTRY.replace("2026-12-31", '"2026-12-31"').encode(),
            "x.toml:1: expires is a date without quotes",
            id="a date in quotes",
        ),
        pytest.param(
            ENTRY.replace("2026-12-31", "2026-12-31T00:00:00Z").encode(),
            "x.toml:1: expires is a date without quotes",
            id="a time",
        ),
        pytest.param(
            (ENTRY + "until = 2027-01-01\n").encode(),
            "x.toml:1: 'until' is unknown;",
            id="a field that no entry has",
        ),
        pytest.param(
            (ENTRY + ENTRY.replace("ben.idle", "Ben.Idle")).encode(),
            "x.toml:7: 333300000001/Ben.Idle has an entry at x.toml:1 already; keep one.",
            id="a user twice, in another letter case",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(content: bytes, fault: str) -> None:
    with pytest.raises(Refused) as refused:
        read_exceptions([("x.toml", content)])
    assert f"\n{fault}" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param(b"a = " + b"9" * 5000, "x.toml: it is no TOML:", id="a number of 5000 digits"),
        pytest.param(b"a = " + b"[" * 9000, "x.toml: it is no TOML:", id="nested too deep"),
        pytest.param(b"#" * 1_000_001, "x.toml: it is larger than 1,000,000 bytes", id="too large"),
        pytest.param(
            ENTRY.replace("ben.idle", "ben\\u001b[2Jidle").encode(),
            "x.toml:1: user has U+001B, a character that does not show.",
            id="a name that clears the screen",
        ),
        pytest.param(
            ENTRY.replace('"team"', '"team\\u202e"').encode(),
            "x.toml:1: owner has U+202E, a character that does not show.",
            id="an owner that turns the text around",
        ),
        pytest.param(
            b'note = """\n[[exception]]\n"""\n' + ENTRY.replace('"team"', "1").encode(),
            "x.toml, entry 1: owner is a text in quotes that is not empty.",
            id="a place that is not certain",
        ),
    ],
)
def test_a_hostile_file_is_told_like_any_other(content: bytes, fault: str) -> None:
    with pytest.raises(Refused) as refused:
        read_exceptions([("x.toml", content)])
    assert f"\n{fault}" in str(refused.value)


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted() -> None:
    with pytest.raises(Refused) as refused:
        read_exceptions([("x.toml", b"[[exception]]\n" * 60)])
    lines = str(refused.value).splitlines()
    assert (len(lines), lines[-1]) == (1 + 50 + 1, "and 250 more.")


def test_every_fault_of_every_file_is_told_at_once() -> None:
    with pytest.raises(Refused) as refused:
        read_exceptions([("a.toml", b"\xff"), ("b.toml", b"[[exception]]\n"), ("c.toml", b"x = 1")])
    assert str(refused.value).count("\n") == 1 + 5 + 1
