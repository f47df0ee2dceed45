"""Many users, little time: who is read, who is not, and what an error of one means to others."""

from collections.abc import Iterable
from concurrent.futures import Future, wait
from datetime import timedelta
from itertools import chain, repeat
from threading import Barrier, Event, current_thread
from time import monotonic
from typing import Any

import boto3
import pytest

from emulator import Account
from rule.clients import READERS
from rule.facts import Identity
from rule.readers import LOOK_SECONDS, RESERVED_SECONDS, Clock, Reading, Suspect, read_suspects
from tests.conftest import NOW
from tests.support.facts import policy
from tests.support.held_reader import hold_after

CREATED = NOW - timedelta(days=60)


def add_suspects(account: Account, count: int) -> list[Suspect]:
    """Add users with a key that nobody ever used, and return them with their tags."""
    suspects = list[Suspect]()
    for number in range(count):
        user = account.iam.add_user(f"user{number}", created=CREATED, password=CREATED)
        account.iam.add_key(user, created=CREATED)
        suspects.append(Suspect(Identity(user.id, user.name, user.arn, CREATED), {}))
    return suspects


def clock(*seconds_left: float) -> Clock:
    """Return a clock that tells these seconds one after the other, and then the last for ever."""
    told = chain(seconds_left, repeat(seconds_left[-1]))
    return Clock(lambda: NOW, lambda: next(told), lambda seconds: None)


def read(suspects: Iterable[Suspect], *seconds_left: float, **options: Any) -> Reading:
    """Read the users with plain clients."""
    return read_suspects(boto3.client("iam"), suspects, policy(), clock(*seconds_left), **options)


def test_known_tags_save_a_call_for_each_user(account: Account) -> None:
    suspects = add_suspects(account, 20)
    with account.calls.since_now() as calls:
        reading = read(suspects, 900)
    assert len(reading.judged) == 20
    assert sorted(set(calls.actions())) == [
        "iam:GetAccessKeyLastUsed",
        "iam:GetLoginProfile",
        "iam:ListAccessKeys",
    ]
    assert calls.count() == 60


def test_progress_is_told_up_to_the_last_user(account: Account) -> None:
    told = list[tuple[int, int]]()
    read(add_suspects(account, 3), 900, on_progress=lambda *done: told.append(done))
    assert told == sorted(told)
    assert told[-1] == (3, 3)


def test_while_iam_is_waited_for_sixteen_users_are_read_at_a_time(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspects = add_suspects(account, READERS)
    together = Barrier(READERS)

    def wait_for_all(*_: object) -> bool:
        together.wait(60)
        return False

    monkeypatch.setattr("rule.readers.has_password", wait_for_all)
    assert len(read(suspects, 900).judged) == READERS


def test_while_answers_come_as_fast_as_they_are_read_one_reader_does_it_alone(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first user is held until it was looked three times whether others should help."""
    suspects = add_suspects(account, READERS)
    readers, looks, looked = set[str](), list[float](), Event()

    def tell_who_reads(*_: object) -> bool:
        readers.add(current_thread().name)
        looked.wait(60)
        return False

    def look(readers: set[Future[None]], seconds: float) -> Any:
        looks.append(seconds)
        if len(looks) > 3:
            looked.set()
        return wait(readers, 0.001)

    monkeypatch.setattr("rule.readers.has_password", tell_who_reads)
    monkeypatch.setattr("rule.readers.wait", look)
    monkeypatch.setattr("rule.readers.process_time", monotonic)
    assert len(read(suspects, 900).judged) == READERS
    assert (len(readers), set(looks)) == (1, {LOOK_SECONDS})


class ThrottledIam:
    """As much of IAM as a suspect is read from; each answer takes its share of a second."""

    def __init__(self, calls_a_second: int) -> None:
        self.calls = 0
        self.calls_a_second = calls_a_second

    @property
    def seconds(self) -> float:
        return self.calls / self.calls_a_second

    def get_login_profile(self, **_: str) -> dict[str, Any]:
        self.calls += 1
        return {}

    def list_access_keys(self, **user: str) -> dict[str, Any]:
        self.calls += 1
        key = {"AccessKeyId": f"key of {user['UserName']}", "CreateDate": CREATED}
        return {"AccessKeyMetadata": [{**key, "Status": "Active"}], "IsTruncated": False}

    def get_access_key_last_used(self, **_: str) -> dict[str, Any]:
        self.calls += 1
        return {"AccessKeyLastUsed": {}}


def test_five_thousand_suspects_are_read_within_a_run_at_twenty_calls_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    iam: Any = ThrottledIam(20)
    time = Clock(lambda: NOW, lambda: 900 - iam.seconds, lambda seconds: None)
    people = [Identity(f"id{each}", f"user{each}", "arn", CREATED) for each in range(5000)]
    monkeypatch.setattr("rule.readers.READERS", 1)
    reading = read_suspects(iam, [Suspect(each, {}) for each in people], policy(), time)
    assert {each.verdict.compliance for each in reading.judged.values()} == {"NON_COMPLIANT"}
    assert (len(reading.judged), reading.unread, iam.seconds) == (5000, 0, 750)


def test_when_the_time_is_over_whoever_has_been_read_counts(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspects = add_suspects(account, 8)
    with hold_after(3, NOW, monkeypatch) as held:
        reading = read_suspects(boto3.client("iam"), suspects, policy(), held)
    assert set(reading.judged) == {each.who.id for each in suspects[:3]}
    assert (reading.unread, reading.failed) == (5, {})


def test_without_time_nobody_is_read_and_the_silence_is_not_waited_out(account: Account) -> None:
    suspects = add_suspects(account, 50)
    account.faults.delay("iam", "GetLoginProfile", 2, times=None)
    reading = read(suspects, RESERVED_SECONDS - 1)
    assert (len(reading.judged), reading.unread) == (0, 50)


def test_once_the_time_is_over_no_reader_begins_another_call(account: Account) -> None:
    suspects = add_suspects(account, 3)
    account.faults.delay("iam", "GetLoginProfile", 2, times=None)
    with account.calls.since_now() as calls:
        read(suspects, RESERVED_SECONDS - 1)
    assert calls.count("iam:ListAccessKeys") == 0


def test_a_user_who_is_gone_is_left_out_and_no_failure(account: Account) -> None:
    suspects = add_suspects(account, 2)
    del account.iam.users["user1"]
    reading = read(suspects, 900)
    assert [each.user.name for each in reading.judged.values()] == ["user0"]
    assert (reading.gone, reading.failed, reading.unread) == (1, {}, 0)


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidClientTokenId"])
def test_an_error_of_one_user_is_told_by_name(account: Account, code: str) -> None:
    account.faults.fail("iam", "ListAccessKeys", code, times=1)
    reading = read(add_suspects(account, 5), 900)
    assert len(reading.judged) == 4
    (error,) = reading.failed.values()
    assert code in str(error)
    assert reading.unread == 0
