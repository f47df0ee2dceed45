"""What botocore is told, and what becomes of results that are put several calls at a time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.utils import parse_timestamp

from emulator import Account
from rule.clients import READERS, SideBySide, make_clients, parse_ordering_times, parse_time

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


def test_every_client_slows_down_with_iam_and_has_a_connection_for_each_reader(
    account: Account,
) -> None:
    clients = make_clients()
    for client in (clients.iam, clients.config):
        config: Any = client.meta.config
        assert config.retries == {"mode": "adaptive", "total_max_attempts": 8}
        assert (config.connect_timeout, config.read_timeout) == (3, 10)
        assert config.max_pool_connections == READERS
        assert config.user_agent.startswith("no-setup-access-key/")


def test_of_a_user_in_the_accounts_pages_only_what_is_read_is_parsed(account: Account) -> None:
    account.iam.add_user("alice")
    (user,) = make_clients().iam.get_account_authorization_details(Filter=["User"])[
        "UserDetailList"
    ]
    assert {*user} - {"Tags"} == {"UserName", "UserId", "Arn", "CreateDate"}
    (other,) = boto3.client("iam").get_account_authorization_details()["UserDetailList"]
    assert "Path" in other


@pytest.mark.parametrize(
    "form",
    [
        "2026-09-01T12:00:00Z",
        "2026-09-01T12:00:00+00:00",
        "2026-09-01T12:00:00.000Z",
        1788264000.0,
        "Tue, 01 Sep 2026 12:00:00 GMT",
        "1788264000",
    ],
)
def test_times_are_read_as_botocore_reads_them(form: str | float) -> None:
    assert parse_time(form) == NOON == parse_timestamp(form)


@pytest.mark.parametrize("form", ["", "soon", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_an_error(form: str) -> None:
    with pytest.raises(ValueError, match="Invalid timestamp"):
        parse_time(form)


def test_a_time_without_an_offset_is_left_to_botocore() -> None:
    form = "2026-09-01T12:00:00"
    assert parse_time(form) == parse_timestamp(form)


def test_the_clients_read_times_so(account: Account) -> None:
    factory = make_clients().session._session.get_component("response_parser_factory")
    assert factory.create_parser("query")._timestamp_parser is parse_time


def test_the_times_of_results_are_read_once() -> None:
    results = [{"OrderingTimestamp": "2026-09-01T12:00:00.000Z"} for _ in range(3)]
    parse_ordering_times(params={"Evaluations": results})
    assert [each["OrderingTimestamp"] for each in results] == [NOON] * 3
    assert len({id(each["OrderingTimestamp"]) for each in results}) == 1
    parse_ordering_times(params={"Evaluations": results})
    assert results[0]["OrderingTimestamp"] == NOON


class Config:
    """A client of AWS Config that keeps what is put, and fails where told."""

    def __init__(self, fail: Callable[[int], bool] = lambda number: False) -> None:
        self.put = list[int]()
        self.fail = fail

    def put_evaluations(self, number: int) -> None:
        """Keep the batch, or raise."""
        if self.fail(number):
            raise ValueError(f"batch {number}")
        self.put.append(number)


def put_all(config: Any) -> None:
    """Put five batches."""
    beside = SideBySide(config)
    for number in range(5):
        beside.put_evaluations(number=number)
    beside.finish()


def test_every_batch_is_put() -> None:
    config = Config()
    put_all(config)
    assert sorted(config.put) == [0, 1, 2, 3, 4]


def test_a_batch_that_fails_is_told_after_the_others_are_through() -> None:
    config = Config(fail=lambda number: number in (1, 3))
    with pytest.raises(ValueError, match="batch 1"):
        put_all(config)
    assert sorted(config.put) == [0, 2, 4]


def test_boto3_itself_keeps_its_own_clients(account: Account) -> None:
    assert boto3.client("config", region_name="us-east-1") is not make_clients().config
