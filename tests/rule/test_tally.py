"""The figures of a run, of which its metrics and the process check are made: who counts where."""

from datetime import timedelta

from rule.decision import judge
from rule.facts import Key, User
from rule.quarantine import QUARANTINE_TAG
from rule.readers import Judged
from rule.tally import Tally, count_verdicts, sum_up
from tests.support.facts import CREATED, ID, NOW, OTHER_ID, key, policy, user

DAY = timedelta(days=1)
RULES = policy(GraceHours=4)
EXCEPTION = {
    "no-setup-access-key:exception-owner": "security",
    "no-setup-access-key:exception-expires": "2026-03-31",
    "no-setup-access-key:exception-reason": "migration",
}
SINCE_YESTERDAY = {f"{QUARANTINE_TAG}{ID}": "2026-03-01T00:00:00Z until 2026-03-08T00:00:00Z"}


def judge_one(facts: User) -> Judged:
    """Return a user as a run has judged it."""
    return Judged(facts, judge(facts, RULES, NOW), live=True)


def born_an_hour_ago() -> User:
    """Return a user with two setup keys that are too young to be judged."""
    born = NOW - timedelta(hours=1)
    keys = tuple(Key(each, born, "Active", None) for each in (ID, OTHER_ID))
    return User("bob", "AIDAEXAMPLE000000002", "arn", born, True, keys, {})


FINDING = judge_one(user(key()))
TWICE_A_FINDING = judge_one(user(key(), key(id=OTHER_ID)))
EXCEPTED = judge_one(user(key(), tags=EXCEPTION))
EXCEPTED_FOR_NOTHING = judge_one(user(key(used=NOW - DAY), tags=EXCEPTION))
YOUNG = judge_one(born_an_hour_ago())
MADE_ACTIVE_AGAIN = judge_one(user(key(), tags=SINCE_YESTERDAY))
IN_QUARANTINE = judge_one(user(key(status="Inactive"), tags=SINCE_YESTERDAY))
FINDING_IN_QUARANTINE = judge_one(
    user(key(status="Inactive"), key(id=OTHER_ID), tags=SINCE_YESTERDAY)
)
NO_PASSWORD = judge_one(user(key(), password=False))


def test_a_user_counts_once_however_many_keys_it_has() -> None:
    assert count_verdicts([FINDING, TWICE_A_FINDING, NO_PASSWORD]) == {
        "NonCompliant": 2,
        "Excepted": 0,
        "Waiting": 0,
        "Quarantined": 0,
    }


def test_an_exception_counts_where_a_key_offends() -> None:
    assert count_verdicts([EXCEPTED, EXCEPTED_FOR_NOTHING]) == {
        "NonCompliant": 0,
        "Excepted": 1,
        "Waiting": 0,
        "Quarantined": 0,
    }


def test_a_young_key_and_one_made_active_again_wait_and_one_in_quarantine_does_not() -> None:
    assert count_verdicts([YOUNG, MADE_ACTIVE_AGAIN, IN_QUARANTINE]) == {
        "NonCompliant": 0,
        "Excepted": 0,
        "Waiting": 2,
        "Quarantined": 1,
    }


def test_a_user_with_one_key_in_quarantine_and_one_offending_counts_in_both() -> None:
    assert count_verdicts([FINDING_IN_QUARANTINE]) == {
        "NonCompliant": 1,
        "Excepted": 0,
        "Waiting": 0,
        "Quarantined": 1,
    }


def test_the_sum_counts_users_with_a_password_and_takes_the_rest_as_counted() -> None:
    event = {"configRuleName": "iam-user-no-setup-access-key", "accountId": "111122223333"}
    counts = {"NonCompliant": 1, "Excepted": 2, "Waiting": 3, "Quarantined": 4}
    assert sum_up([FINDING, EXCEPTED, NO_PASSWORD], counts, event, CREATED, whole=False) == Tally(
        rule="iam-user-no-setup-access-key",
        account="111122223333",
        at=CREATED,
        users=2,
        findings=1,
        excepted=2,
        waiting=3,
        quarantined=4,
        whole=False,
    )
