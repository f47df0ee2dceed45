"""What is put, what is left out and what is cleared."""

from datetime import UTC, datetime

import boto3
import pytest

from emulator import Account
from rule.decision import COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, Verdict
from rule.results import Stored, choose_evaluations, read_stored
from tests.support.facts import policy

AT = datetime(2026, 9, 1, tzinfo=UTC)
NA, OK, BAD = NOT_APPLICABLE, COMPLIANT, NON_COMPLIANT


@pytest.mark.parametrize(
    ("stored", "new", "put"),
    [
        (None, (OK, "fine"), True),
        (None, (BAD, "key"), True),
        (None, (NA, "none"), False),
        ((OK, "fine"), (OK, "fine"), False),
        ((OK, "fine"), (OK, "fine in other words"), True),
        ((OK, "fine"), (BAD, "key"), True),
        ((OK, "fine"), (NA, "none"), True),
        ((BAD, "key"), (BAD, "key"), True),
        ((BAD, "key"), (OK, "fine"), True),
        ((BAD, "key"), (NA, "none"), True),
        ((NA, "none"), (NA, "none"), False),
        ((NA, "none"), (OK, "fine"), True),
        ((NA, ""), (NA, "none"), False),
    ],
)
def test_only_what_is_new_or_changed_is_put_and_every_finding(
    stored: tuple[str, str] | None, new: tuple[str, str], put: bool
) -> None:
    held = {"id": Stored(*stored, AT)} if stored else {}
    chosen = choose_evaluations({"id": Verdict(*new)}, {"id"}, held, policy())
    assert [
        (each.complianceResourceId, each.complianceType, each.annotation) for each in chosen
    ] == ([("id", *new)] if put else [])


def test_report_unchanged_puts_everybody_with_a_password() -> None:
    verdicts = {name: Verdict(name[:-1], "why") for name in ("COMPLIANT1", "NOT_APPLICABLE1")}
    held = {name: Stored(verdict.compliance, "why", AT) for name, verdict in verdicts.items()}
    chosen = choose_evaluations(verdicts, set(verdicts), held, policy(ReportUnchanged="true"))
    assert [each.complianceResourceId for each in chosen] == ["COMPLIANT1"]


def test_a_stored_user_who_is_gone_is_cleared_once() -> None:
    held = {
        "gone": Stored(BAD, "key", AT),
        "cleared before": Stored(NA, "", AT),
        "vanished meanwhile": Stored(BAD, "key", AT),
    }
    chosen = choose_evaluations({}, {"vanished meanwhile"}, held, policy())
    assert [
        (each.complianceResourceId, each.complianceType, each.annotation) for each in chosen
    ] == [("gone", NA, "The user is gone.")]


@pytest.mark.parametrize(("number", "calls"), [(0, 1), (100, 1), (101, 2), (250, 3)])
def test_stored_results_are_read_in_pages_of_a_hundred(
    account: Account, number: int, calls: int
) -> None:
    rule = account.add_rule("rule", lambda event, context: None)
    for index in range(number):
        evaluation = {
            "ComplianceResourceType": "AWS::IAM::User",
            "ComplianceResourceId": f"AIDA{index}",
            "ComplianceType": BAD if index % 2 else OK,
            "OrderingTimestamp": AT.timestamp(),
        } | ({"Annotation": "why"} if index % 2 else {})
        rule.results.put(evaluation, AT)
    with account.calls.since_now() as seen:
        stored = read_stored(boto3.client("config"), rule.name)
    assert seen.actions() == ["config:GetComplianceDetailsByConfigRule"] * calls
    assert {user: (held.compliance, held.annotation) for user, held in stored.items()} == {
        f"AIDA{index}": (BAD, "why") if index % 2 else (OK, "") for index in range(number)
    }
