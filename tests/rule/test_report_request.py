"""The credential report is asked for politely, waited for with an end, and never means nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.core.responses import ActionResult

from emulator import Account
from emulator.iam.responses import IamResponse
from rule import report_request
from rule.report_request import NEVER, Report, ask_for_report, wait_for_report
from tests.conftest import NOW

CREATED = datetime(2026, 1, 1, tzinfo=UTC)


class Pauses(list[float]):
    """The pauses that were asked for; nobody sleeps."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture(autouse=True)
def _longest_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pause is as long as it may be."""
    monkeypatch.setattr(report_request, "draw", lambda least, most: most)


def list_longest(count: int) -> list[float]:
    """Return how long the first pauses may be: half as long again each time, up to 30 s."""
    return [min(0.5 * 1.5**number, 30) for number in range(count)]


def have_report(account: Account) -> None:
    """Let IAM have a report that is ready."""
    account.iam.report.hurry()
    boto3.client("iam").generate_credential_report()


def test_a_report_that_exists_costs_one_call_and_no_task_of_iams(account: Account) -> None:
    account.iam.add_user("alice", created=CREATED)
    have_report(account)
    with account.calls.since_now() as calls:
        read = ask_for_report(boto3.client("iam"))
    assert calls.actions() == ["iam:GetCredentialReport"]
    assert read is not None
    assert timedelta(0) <= read.generated - NOW < timedelta(minutes=5), "the clock ticks"
    assert [user.name for user in read.users] == ["alice"]


def test_iam_is_asked_again_with_growing_pauses(account: Account) -> None:
    account.iam.report.rounds, account.iam.report.busy = 9, 0
    pauses = Pauses()
    with account.calls.since_now() as calls:
        assert wait_for_report(boto3.client("iam"), 300, pauses).fault == ""
    assert pauses == list_longest(9)
    assert pauses[:4] == [0.5, 0.75, 1.125, 1.6875]
    assert calls.count("iam:GenerateCredentialReport") == 1


def test_a_report_for_which_iam_has_no_room_is_one_that_is_not_ready(account: Account) -> None:
    account.iam.report.rounds, account.iam.report.busy = 0, 3
    pauses = Pauses()
    with account.calls.since_now() as calls:
        assert wait_for_report(boto3.client("iam"), 300, pauses).fault == ""
    assert pauses == list_longest(4)
    assert calls.actions() == [
        *["iam:GetCredentialReport", "iam:GenerateCredentialReport"] * 4,
        "iam:GetCredentialReport",
    ]


def test_each_account_draws_its_pauses_by_itself(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    account.iam.report.rounds, account.iam.report.busy = 0, 10
    pauses = Pauses()
    wait_for_report(boto3.client("iam"), 300, pauses)
    most = list_longest(len(pauses))
    assert all(each / 2 <= pause <= each for pause, each in zip(pauses, most, strict=True))
    assert len(set(pauses)) == len(pauses) == 11


@pytest.mark.parametrize("has_room", [True, False], ids=["never ready", "never any room"])
def test_after_five_minutes_there_is_no_report_and_that_is_said(
    account: Account, has_room: bool
) -> None:
    account.iam.report.rounds, account.iam.report.busy = 10_000, 0 if has_room else 10_000
    pauses = Pauses()
    assert wait_for_report(boto3.client("iam"), 300, pauses) == Report(
        NEVER, (), "IAM had no credential report ready after 295 s."
    )
    assert pauses == list_longest(len(pauses))


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"Content": "x"}, "KeyError('GeneratedTime')"),
        ({"GeneratedTime": NOW}, "KeyError('Content')"),
        (
            {"GeneratedTime": NOW, "Content": "user,arn"},
            "ReportUnreadable('line 1, column user_creation_time: the column is missing. Give a"
            " credential report as IAM writes it (aws iam get-credential-report).')",
        ),
    ],
)
def test_a_report_that_cannot_be_read_is_one_without_rows(
    account: Account, monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], fault: str
) -> None:
    monkeypatch.setattr(IamResponse, "get_credential_report", lambda response: ActionResult(answer))
    read = ask_for_report(boto3.client("iam"))
    assert read == Report(NEVER, (), f"The credential report cannot be read ({fault}).")


@pytest.mark.parametrize("operation", ["GenerateCredentialReport", "GetCredentialReport"])
def test_a_refusal_that_waiting_does_not_mend_is_an_error(account: Account, operation: str) -> None:
    account.faults.fail("iam", operation, "AccessDenied", times=None)
    with pytest.raises(ClientError, match="AccessDenied"):
        wait_for_report(boto3.client("iam"), 60, Pauses())
