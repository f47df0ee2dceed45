"""The credential report as IAM writes it is read; anything else is an error that says where."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rule.credential_report import decode_report, parse_readable, read_table, read_users
from rule.facts import Key, User
from rule.report_row import REPORT_COLUMNS, ReportUnreadable
from tests.support.paths import CASES

CAPTURED = CASES / "captured-report.csv"
HEADER = ",".join(REPORT_COLUMNS)
GOOD = {
    "user": "alice",
    "arn": "arn:aws:iam::111122223333:user/team/alice",
    "user_creation_time": "2026-01-01T00:00:00+00:00",
    "password_enabled": "true",
    "access_key_1_active": "true",
    "access_key_1_last_rotated": "2026-01-01T00:00:02+00:00",
    "access_key_1_last_used_date": "N/A",
    "access_key_2_active": "false",
    "access_key_2_last_rotated": "N/A",
    "access_key_2_last_used_date": "N/A",
}
CREATED = datetime(2026, 1, 1, tzinfo=UTC)
ALICE = User(
    "alice",
    None,
    "arn:aws:iam::111122223333:user/team/alice",
    CREATED,
    True,
    (Key("access key 1", CREATED + timedelta(seconds=2), "Active", None),),
    {},
)


def report(*rows: dict[str, str], header: str = HEADER, end: str = "\n") -> bytes:
    """Return a report of these rows, each like GOOD but for what it says."""
    lines = [",".join((GOOD | row)[name] for name in header.split(",")) for row in rows]
    return end.join([header, *lines]).encode()


def parse_report(content: bytes) -> tuple[User, ...]:
    """Return the users of a report in a file, as the desk reads it."""
    return tuple(user for _, user in read_users(read_table(decode_report(content))))


def test_a_row_becomes_the_facts_that_a_live_read_would_give() -> None:
    assert parse_report(report({})) == (ALICE,)


def test_the_captured_report_is_read_whole_without_root() -> None:
    users = {
        user.name.removeprefix("stackd-credential-fixture-"): user
        for user in parse_report(CAPTURED.read_bytes())
    }
    assert {
        name: (user.has_password, [(key.id, key.status) for key in user.keys])
        for name, user in users.items()
    } == {
        "a-keys-new-inactive": (False, [("access key 1", "Active"), ("access key 2", "Inactive")]),
        "b-keys-old-inactive": (False, [("access key 1", "Active"), ("access key 2", "Inactive")]),
        "c-reset-required": (True, []),
        "d-password": (True, []),
        "e-key-used": (False, [("access key 1", "Active")]),
        "z-bare": (False, []),
    }
    assert users["a-keys-new-inactive"].keys[1].created == datetime(
        2026, 9, 11, 13, 14, 53, tzinfo=UTC
    )


def test_root_is_never_a_user_whatever_its_row_says() -> None:
    root = {
        "user": "<root_account>",
        "password_enabled": "not_supported",
        "user_creation_time": "-",
    }
    assert parse_report(report(root)) == ()
    assert parse_report(report(root, {})) == (ALICE,)


@pytest.mark.parametrize(
    "change",
    [
        {"user_creation_time": "2026-01-01T00:00:00Z"},
        {"password_enabled": "TRUE", "access_key_1_active": "True", "access_key_2_active": "FALSE"},
        {"access_key_1_last_used_date": "no_information"},
        {"access_key_2_last_rotated": "not_supported", "access_key_2_active": "N/A"},
    ],
    ids=["a date that ends in Z", "either letter case", "no_information", "not_supported"],
)
def test_every_way_in_which_iam_says_the_same_is_read_alike(change: dict[str, str]) -> None:
    assert parse_report(report(change)) == (ALICE,)


def test_columns_go_by_their_header() -> None:
    header = ",".join(["user", "new_column", *reversed(REPORT_COLUMNS[1:]), "another"])
    row = GOOD | {"new_column": "x", "another": "y"}
    text = header + "\n" + ",".join(row[name] for name in header.split(","))
    assert parse_report(text.encode()) == (ALICE,)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_line_ends_do_not_matter(end: str, last: str) -> None:
    assert parse_report(report({}, end=end) + last.encode()) == (ALICE,)


def test_an_empty_line_is_no_user_wherever_it_stands() -> None:
    assert parse_report(report({}).replace(b"\n", b"\n\n") + b"\n  \n\n") == (ALICE,)


def test_a_name_stands_once_in_each_account_and_under_each_header() -> None:
    other = "arn:aws:iam::444455556666:user/alice"
    wider = report({"user": "bob", "region": "x"}, header=f"region,{HEADER}")
    both = report({}, {"arn": other}) + b"\n" + wider
    assert [(user.name, user.arn) for user in parse_report(both)] == [
        ("alice", GOOD["arn"]),
        ("alice", other),
        ("bob", GOOD["arn"]),
    ]


def test_what_a_row_does_not_show_is_said_by_the_row() -> None:
    header = f"{HEADER},additional_credentials_info"
    said = ("N/A", "", "1 additional access key; ListAccessKeys", "\x1b[31m1 more")
    rows = read_table(
        report(*({"additional_credentials_info": each} for each in said), header=header).decode()
    )
    assert [row.more_keys for row in rows] == [
        "",
        "",
        "1 additional access key; ListAccessKeys",
        "?[31m1 more",
    ]
    assert read_table(report({}).decode())[0].more_keys == ""


def test_quoted_fields_are_read_as_csv_has_them() -> None:
    name = '"a,b=c+d.e@f_g-h"'
    arn = '"arn:aws:iam::1:user/with ""quotes""/x"'
    (user,) = parse_report(report({"user": name, "arn": arn}))
    assert (user.name, user.arn) == ("a,b=c+d.e@f_g-h", 'arn:aws:iam::1:user/with "quotes"/x')


A_TIME = "is not a time like 2026-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "line 1, column user: the column is missing."),
        (b"\n", "line 1, column user: the column is missing."),
        (b"%PDF-1.7 \xe2\xe3\xcf\xd3", "line 1, byte 10: this is no UTF-8 text."),
        (HEADER.encode() + b"\nali\xffce", "line 2, byte 4: this is no UTF-8 text."),
        (HEADER.encode(), "line 2, column user: no row follows the header"),
        (HEADER.encode() + b"\n", "line 2, column user: no row follows the header"),
        (
            HEADER.encode() + b"\nalice,arn",
            "line 2, column 3: the row has 2 columns, the header 10.",
        ),
        (report({}) + b",more", "line 2, column 11: the row has 11 columns, the header 10."),
        (report({}) + b'\n"alice', "line 3, column 1: unexpected end of data."),
        (
            HEADER.replace("arn", "user").encode(),
            "line 1, column user: the column stands there twice.",
        ),
        (
            HEADER.replace("access_key_2_last_used_date", "x").encode(),
            "line 1, column access_key_2_last_used_date: the column is missing.",
        ),
        (report({}, {}), 'line 3, column user: "alice" stands in line 2 already.'),
        (
            report({}) + b"\n\n" + report({}),
            'line 5, column user: "alice" stands in line 2 already.',
        ),
        (report({"user": ""}), 'line 2, column user: "" is not a user name.'),
        (report({"user": "a\x1b[31mb"}), 'line 2, column user: "a?[31mb" is not a user name.'),
        (
            report({"user_creation_time": "yesterday"}),
            f'line 2, column user_creation_time: "yesterday" {A_TIME} or N/A.',
        ),
        (
            report({"user_creation_time": "N/A"}),
            f'line 2, column user_creation_time: "N/A" {A_TIME}.',
        ),
        (
            report({"user_creation_time": "2026-02-30T00:00:00Z"}),
            f'line 2, column user_creation_time: "2026-02-30T00:00:00Z" {A_TIME} or N/A.',
        ),
        (
            report({"access_key_1_last_rotated": "9999-12-31T23:59:59Z"}),
            f'line 2, column access_key_1_last_rotated: "9999-12-31T23:59:59Z" {A_TIME} or N/A.',
        ),
        (
            report({"user_creation_time": "2026-01-01T00:00:00+02:00"}),
            f'line 2, column user_creation_time: "2026-01-01T00:00:00+02:00" {A_TIME} or N/A.',
        ),
        (
            report({}, {"user": "bob", "access_key_1_last_rotated": "N/A"}),
            f'line 3, column access_key_1_last_rotated: "N/A" {A_TIME}, though the key is active.',
        ),
        (
            report({"access_key_1_last_used_date": ""}),
            f'line 2, column access_key_1_last_used_date: "" {A_TIME} or N/A.',
        ),
        (
            report({"password_enabled": "not_supported"}),
            'line 2, column password_enabled: "not_supported" is not true or false.',
        ),
        (
            report({"access_key_2_active": "1"}),
            'line 2, column access_key_2_active: "1" is not true or false.',
        ),
    ],
)
def test_what_iam_would_never_write_is_an_error_that_names_line_and_column(
    content: bytes, fault: str
) -> None:
    with pytest.raises(ReportUnreadable) as caught:
        parse_report(content)
    assert str(caught.value).startswith(fault)


names = st.text("abcXYZ019+=,.@_-", min_size=1, max_size=64)


@given(st.lists(names, unique=True, min_size=1, max_size=20))
def test_no_user_is_ever_lost(given_names: list[str]) -> None:
    rows = [{"user": f'"{name}"'} for name in given_names]
    assert [user.name for user in parse_report(report(*rows))] == given_names


@given(st.binary(max_size=300))
def test_garbage_is_refused_and_never_a_traceback_of_another_kind(content: bytes) -> None:
    with pytest.raises(ReportUnreadable):
        parse_report(content)


MORE = f"{HEADER},additional_credentials_info"


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (report({}, {"user": "bob"}), ["alice", "bob"]),
        (report({"user": "a,b"}, {"user": "bob"}), ["bob"]),
        (report({}) + b"\nbob,arn", ["alice"]),
        (report({"user_creation_time": "2026-02-30"}, {"user": "bob"}), ["bob"]),
        (report({}) + b'\n"bob', ["alice"]),
        (report({}) + b"\nb\xffb" + report({}).partition(b"\nalice")[2], ["alice"]),
        (report({}, {"user": "bob"}, {}), ["bob"]),
        (report({}, {"user": "bob"}, {"user_creation_time": "?"}), ["bob"]),
        (report({}).replace(b"\n", b"\n\n") + b"\n  \n", ["alice"]),
        (report({"user": "<root_account>"}), []),
        (
            report(
                {"additional_credentials_info": "1 additional access key"},
                {"user": "bob", "additional_credentials_info": "N/A"},
                header=MORE,
            ),
            ["bob"],
        ),
    ],
    ids=[
        "every row is read",
        "an unquoted comma in a name",
        "too few columns",
        "a date that does not exist",
        "a quote that does not end",
        "bytes that are no text",
        "a name that stands there twice",
        "a name that stands there twice, once as what cannot be read",
        "empty lines",
        "root alone",
        "more keys than the row shows",
    ],
)
def test_in_a_live_account_a_row_that_cannot_be_read_is_no_row(
    content: bytes, names: list[str]
) -> None:
    assert [user.name for user in parse_readable(content)] == names


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "line 1, column user: the column is missing."),
        (b"\xff", "line 1, byte 1: this is no UTF-8 text."),
        (HEADER.replace("arn", "user").encode() + b"\nx", "line 1, column user: the column stands"),
        (HEADER.encode(), "line 2, column user: no row follows the header"),
        (HEADER.encode() + b"\n?", "line 2, column user: no row follows the header"),
    ],
)
def test_also_in_a_live_account_a_header_is_taken_at_its_word(content: bytes, fault: str) -> None:
    with pytest.raises(ReportUnreadable) as caught:
        parse_readable(content)
    assert str(caught.value).startswith(fault)


@given(st.lists(names, unique=True, min_size=1, max_size=20))
def test_where_every_row_can_be_read_both_readers_read_the_same(given_names: list[str]) -> None:
    content = report(*({"user": f'"{name}"'} for name in given_names))
    assert parse_readable(content) == parse_report(content)
