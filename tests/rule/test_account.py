"""The whole account: who comes first when the time is short, and that nobody is forgotten."""

from datetime import timedelta

import boto3
import pytest

from emulator import Account
from rule.account import OutOfTime, judge_account, sort_oldest_first
from rule.facts import Identity
from rule.readers import Suspect
from rule.results import Stored, choose_evaluations
from tests.conftest import NOW
from tests.support.facts import policy
from tests.support.held_reader import hold_after

CREATED = NOW - timedelta(days=60)
SUSPECTS = 30
READ = 11
"""Users for whom the time suffices in one run."""


def test_those_come_first_who_have_no_result_and_then_those_with_the_oldest() -> None:
    suspects = [Suspect(Identity(each, each, "", NOW), {}) for each in "abcd"]
    hours = {"a": 1, "b": 3, "d": 2}
    stored = {
        each: Stored("COMPLIANT", "", NOW - timedelta(hours=ago)) for each, ago in hours.items()
    }
    ordered = sort_oldest_first(suspects, stored)
    assert [each.who.id for each in ordered] == ["c", "b", "d", "a"]


@pytest.mark.parametrize("excepted", [False, True], ids=["findings", "unchanged results"])
def test_runs_cut_short_leave_nobody_unjudged_for_more_than_three_runs(
    account: Account, excepted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.iam.report.hurry()
    tags = {"owner": "x", "expires": "2026-09-30", "reason": "y"} if excepted else {}
    for number in range(SUSPECTS):
        user = account.iam.add_user(f"user{number:02}", created=CREATED, password=CREATED)
        account.iam.add_key(user, created=CREATED)
        user.tag_values.update(
            {f"no-setup-access-key:exception-{part}": value for part, value in tags.items()}
        )
    boto3.client("iam").generate_credential_report()
    stored = dict[str, Stored]()
    last = dict.fromkeys((user.id for user in account.iam.users.values()), 0)
    for run in range(1, 10):
        with hold_after(READ, NOW + timedelta(hours=run), monkeypatch) as clock:
            judged = judge_account(boto3.client("iam"), policy(), clock, lambda: stored)
        assert isinstance(judged.shortfall, OutOfTime)
        assert str(judged.shortfall) == (
            f"{READ} of {SUSPECTS} users were read live in the time allowed. Their results were"
            " put; the others keep theirs and come first in the next run. Evaluate the rule again;"
            " if that does not help, look for throttling of IAM in this account."
        )
        chosen = choose_evaluations(
            {str(each.user.id): each.verdict for each in judged.judged},
            judged.ids,
            stored,
            policy(),
            fresh={str(each.user.id) for each in judged.judged if each.live},
        )
        assert len(chosen) == READ
        for each in chosen:
            result = Stored(each.complianceType, each.annotation, clock.now())
            stored[each.complianceResourceId] = result
            last[each.complianceResourceId] = run
        assert run - min(last.values()) <= 3
