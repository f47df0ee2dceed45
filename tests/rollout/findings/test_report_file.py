"""The verdicts on reports that people have at hand, each as of its own time."""

import json
from datetime import timedelta

import pytest

from rollout.errors import Refused
from rollout.findings.evaluation import GENERATED, GIVEN, NEWEST, Scope
from rollout.findings.report_file import judge_files
from rule.parameters import parse_parameters
from tests.conftest import NOW
from tests.support.paths import CASES

REPORTS = CASES / "reports"
POLICY = parse_parameters({})
BAD, UNKNOWN, GOOD, NONE = "NON_COMPLIANT", "UNKNOWN", "COMPLIANT", "NOT_APPLICABLE"
ORDINARY = {"ada.uses": GOOD, "ben.idle": BAD, "robot": NONE}


def judge(name: str, *, now: bool = True, **parameters: str) -> tuple[Scope, ...]:
    content = (REPORTS / name).read_bytes()
    return judge_files([(name, content)], parse_parameters(parameters), NOW if now else None)


def verdicts(scopes: tuple[Scope, ...]) -> dict[str, str]:
    return {each.user.name: each.compliance for scope in scopes for each in scope.users}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("01-cli-output.json", ORDINARY),
        ("03-base64-only.txt", ORDINARY),
        ("04-cli-output.yaml", ORDINARY),
        ("10-more-than-two-keys.csv", {"ada.uses": UNKNOWN}),
        ("12-utf16.csv", ORDINARY),
        ("14-trailing-blank-lines.csv", ORDINARY),
        ("18-upper-case-23-columns.csv", ORDINARY),
        ("19-root-last-with-keys.csv", {"ada.uses": GOOD, "ben.idle": BAD}),
        ("20-console-pace.csv", {"clicker": BAD}),
        ("26-root-only.csv", {}),
        (
            "22-names.csv",
            dict.fromkeys(("=1+1,x", "+49.170", "-2+3", "@SUM", "ann@example.com", "a.b_c-d"), BAD),
        ),
    ],
)
def test_a_report_is_judged(name: str, expected: dict[str, str]) -> None:
    assert verdicts(judge(name)) == expected


def test_a_person_at_the_console_is_slower_than_ten_seconds() -> None:
    assert verdicts(judge("20-console-pace.csv", SetupWindowSeconds="10")) == {"clicker": GOOD}


def test_the_form_of_2023_is_judged() -> None:
    counts = list(verdicts(judge("16-form-of-2023.csv")).values())
    assert {word: counts.count(word) for word in (BAD, GOOD, NONE)} == {BAD: 0, GOOD: 2, NONE: 2}


def test_one_file_of_several_accounts_is_judged_by_account() -> None:
    scopes = judge("07-combined-with-account-columns.csv")
    assert {str(scope.account): verdicts((scope,)) for scope in scopes} == {
        "111122223333 shop": ORDINARY,
        "444455556666 bank": {"ada.uses": GOOD, "terraform": BAD},
    }


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "15-spreadsheet-dates.csv",
            '15-spreadsheet-dates.csv, line 3, column user_creation_time: "3/1/2026 9:00" is not a'
            " time like 2026-01-31T12:00:00Z or N/A.",
        ),
        (
            "23-escape-sequence.csv",
            '23-escape-sequence.csv, line 3, column user: "?[2J?[31mred" is not a user name.',
        ),
        (
            "24-duplicate-row.csv",
            '24-duplicate-row.csv, line 4, column user: "ben.idle" stands in line 3 already.',
        ),
    ],
)
def test_a_report_that_cannot_be_judged_says_where(name: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        judge(name)
    assert str(refused.value) == says


def test_a_report_is_judged_as_of_its_own_time() -> None:
    """A key that is 40 minutes old in a report is not judged, however old the report is."""
    (fresh,) = judge("05-fresh-key.csv", now=False)
    assert (verdicts((fresh,)), fresh.as_of_by) == ({"ada.uses": GOOD, "new.user": GOOD}, NEWEST)
    assert [user.user.name for user in fresh.users if user.waiting] == ["new.user"]
    (made,) = judge("01-cli-output.json", now=False)
    assert (made.as_of, made.as_of_by) == (NOW - timedelta(hours=4), GENERATED)
    (given,) = judge("01-cli-output.json")
    assert (given.as_of, given.as_of_by) == (NOW, GIVEN)


@pytest.mark.parametrize(
    ("name", "before", "where"),
    [
        (
            "01-cli-output.json",
            timedelta(hours=5),
            "2026-09-01T08:00:00Z, which R holds (Generated",
        ),
        (
            "05-fresh-key.csv",
            timedelta(hours=3),
            "2026-09-01T09:20:03Z, which R holds (line 4, column access_key_1_last_rotated",
        ),
    ],
)
def test_a_time_before_one_in_the_file_is_refused(name: str, before: timedelta, where: str) -> None:
    with pytest.raises(Refused) as refused:
        judge_files([("R", (REPORTS / name).read_bytes())], POLICY, NOW - before)
    assert where in str(refused.value)


def test_a_password_that_will_have_to_change_is_no_time_of_the_report() -> None:
    old = b"2026-03-01T09:00:00+00:00,N/A"
    content = (REPORTS / "05-fresh-key.csv").read_bytes()
    assert old in content
    changed = content.replace(old, b"2026-03-01T09:00:00+00:00,2027-03-01T09:00:00+00:00")
    (scope,) = judge_files([("R", changed)], POLICY, None)
    assert scope.as_of.year == 2026


def test_a_user_stands_in_one_report_alone() -> None:
    both = [
        (name, (REPORTS / name).read_bytes()) for name in ("12-utf16.csv", "04-cli-output.yaml")
    ]
    with pytest.raises(Refused) as refused:
        judge_files(both, POLICY, NOW)
    assert str(refused.value) == (
        "04-cli-output.yaml: ada.uses of account 111122223333 stands in 12-utf16.csv already. Give"
        " one report for each account."
    )


def test_a_user_stands_once_in_reports_that_one_file_joins() -> None:
    made = json.loads((REPORTS / "01-cli-output.json").read_text())
    with pytest.raises(Refused, match=r"ada\.uses of account 111122223333 stands in R already"):
        judge_files([("R", json.dumps([made, made]).encode())], POLICY, NOW)
