from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import Account, open_account
from emulator.iam.credential_report import EXTRA_COLUMN
from tests.conftest import NOW
from tests.support.paths import CASES

CAPTURED = CASES / "captured-report.csv"


def read_report(account: Account) -> list[dict[str, str]]:
    account.iam.report.hurry()
    iam = boto3.client("iam")
    iam.generate_credential_report()
    header, *rows = iam.get_credential_report()["Content"].decode().split("\n")
    names = header.split(",")
    return [dict(zip(names, row.split(","), strict=True)) for row in rows]


def row_of(account: Account, name: str) -> dict[str, str]:
    return next(row for row in read_report(account) if row["user"] == name)


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str]:
    answer = error.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


def test_a_report_of_the_same_account_is_the_captured_one_to_the_letter() -> None:
    def at(clock: str) -> datetime:
        return datetime.fromisoformat(f"2026-09-11T13:14:{clock}Z")

    with open_account(at("59"), account_id="123456789012") as account:
        iam, path = account.iam, "/credential-report/"
        prefix = "stackd-credential-fixture-"
        fresh = iam.add_user(f"{prefix}a-keys-new-inactive", path=path, created=at("52"))
        iam.add_key(fresh, created=at("52")).slot = 1
        iam.add_key(fresh, created=at("53"), status="Inactive").slot = 2
        old = iam.add_user(f"{prefix}b-keys-old-inactive", path=path, created=at("49"))
        iam.add_key(old, created=at("50"), status="Inactive").slot = 2
        iam.add_key(old, created=at("50")).slot = 1
        for name, second in (("c-reset-required", 46), ("d-password", 44)):
            iam.add_user(
                prefix + name,
                path=path,
                created=at(str(second)),
                password=at(str(second + 1)),
            )
        used = iam.add_user(f"{prefix}e-key-used", path=path, created=at("55"))
        iam.add_key(used, created=at("55"))
        iam.add_user(f"{prefix}z-bare", path=path, created=at("43"))
        iam.report.ending = "Z"
        iam.report.hurry()
        iam.report.root = {"password_last_used": "2026-01-01T00:00:00Z"}
        client = boto3.client("iam")
        client.generate_credential_report()
        assert client.get_credential_report()["Content"] == CAPTURED.read_bytes()


def test_generation_goes_through_its_states(account: Account) -> None:
    iam = boto3.client("iam")
    account.iam.report.rounds, account.iam.report.busy = 3, 0
    with pytest.raises(ClientError) as absent:
        iam.get_credential_report()
    states = [iam.generate_credential_report()["State"]]
    with pytest.raises(ClientError) as begun:
        iam.get_credential_report()
    states += [iam.generate_credential_report()["State"] for _ in range(3)]
    answer = iam.get_credential_report()
    assert refusal(absent) == (410, "ReportNotPresent")
    assert refusal(begun) == (404, "ReportInProgress")
    assert states == ["STARTED", "INPROGRESS", "COMPLETE", "COMPLETE"]
    assert answer["ReportFormat"] == "text/csv"
    assert NOW <= answer["GeneratedTime"] < NOW + timedelta(minutes=1)


def test_a_report_that_is_asked_for_once_is_complete_after_a_while(account: Account) -> None:
    iam = boto3.client("iam")
    account.iam.report.busy = 0
    iam.generate_credential_report()
    assert iam.get_credential_report()["Content"].startswith(b"user,arn,")


def test_generation_can_take_time_as_well(account: Account) -> None:
    iam = boto3.client("iam")
    account.iam.report.hurry()
    account.iam.report.delay = timedelta(minutes=2)
    states = [iam.generate_credential_report()["State"] for _ in range(2)]
    account.clock.advance(minutes=2)
    states.append(iam.generate_credential_report()["State"])
    assert states == ["STARTED", "INPROGRESS", "COMPLETE"]


def test_the_report_is_cached_for_four_hours(account: Account) -> None:
    iam = boto3.client("iam")
    account.iam.add_user("ann", password=NOW)
    first = read_report(account)
    account.iam.add_user("new")
    account.iam.users["ann"].remove_password()
    account.clock.move_to(NOW + timedelta(hours=3, minutes=59))
    assert read_report(account) == first
    account.clock.advance(minutes=2)
    with pytest.raises(ClientError) as error:
        iam.get_credential_report()
    assert refusal(error) == (410, "ReportExpired")
    rows = {row["user"]: row["password_enabled"] for row in read_report(account)}
    assert rows == {"<root_account>": "true", "ann": "false", "new": "false"}


def test_the_report_shows_uses_that_are_older_than_the_lag(account: Account) -> None:
    account.iam.use_lag = timedelta(hours=1)
    user = account.iam.add_user("ann", password=NOW - timedelta(days=9))
    user.password_last_used = NOW - timedelta(days=2)
    account.iam.add_key(user, created=NOW - timedelta(days=8)).record_use(
        NOW - timedelta(minutes=61), "ec2", "eu-west-1"
    )
    account.iam.add_key(user, created=NOW).record_use(NOW - timedelta(minutes=58))
    seen = row_of(account, "ann")
    shown = {
        (
            seen[f"access_key_{slot}_last_rotated"],
            seen[f"access_key_{slot}_last_used_date"],
            seen[f"access_key_{slot}_last_used_region"],
            seen[f"access_key_{slot}_last_used_service"],
        )
        for slot in (1, 2)
    }
    assert shown == {
        ("2026-08-24T12:00:00+00:00", "2026-09-01T10:59:00+00:00", "eu-west-1", "ec2"),
        ("2026-09-01T12:00:00+00:00", "N/A", "N/A", "N/A"),
    }
    assert seen["password_last_used"] == "2026-08-30T12:00:00+00:00"
    assert seen["password_last_changed"] == "2026-08-23T12:00:00+00:00"


def test_slots_follow_no_order_of_creation(account: Account) -> None:
    orders = set()
    for number in range(10):
        user = account.iam.add_user(f"user-{number}")
        account.iam.add_key(user, created=datetime(2026, 1, 1, tzinfo=UTC))
        account.iam.add_key(user, created=datetime(2026, 1, 2, tzinfo=UTC))
    for row in read_report(account)[1:]:
        orders.add(row["access_key_1_last_rotated"][:10])
    assert orders == {"2026-01-01", "2026-01-02"}


@pytest.mark.parametrize("slot", [1, 2])
def test_a_key_can_be_put_into_a_slot(account: Account, slot: int) -> None:
    user = account.iam.add_user("ann")
    account.iam.add_key(user).slot = slot
    seen = row_of(account, "ann")
    assert {n: seen[f"access_key_{n}_active"] for n in (1, 2)} == {
        slot: "true",
        3 - slot: "false",
    }


def test_columns_can_be_left_out_and_added(account: Account) -> None:
    account.iam.report.columns.remove("cert_2_last_rotated")
    account.iam.report.columns.append(EXTRA_COLUMN)
    (row,) = read_report(account)
    assert list(row)[-2:] == ["cert_2_active", EXTRA_COLUMN]
    assert row[EXTRA_COLUMN] == "N/A"


def test_while_aws_has_no_room_a_new_report_is_refused_and_an_old_one_is_not(
    account: Account,
) -> None:
    iam = boto3.client("iam")
    account.iam.report.busy += 1

    def ask() -> str:
        try:
            return str(iam.generate_credential_report()["State"])
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    assert [ask() for _ in range(4)] == ["LimitExceeded", "LimitExceeded", "STARTED", "COMPLETE"]
    account.iam.report.busy = 1
    assert ask() == "COMPLETE"
    account.clock.advance(hours=4)
    assert [ask() for _ in range(2)] == ["LimitExceeded", "STARTED"]
