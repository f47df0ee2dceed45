"""Reads the IAM credential report into the facts of `rule.decision`.

It holds neither ids nor tags: keys are "access key 1" and "access key 2" (slots, in no order of
creation), and `tags` is empty. In a file, whatever cannot be read is an error that names line and
column: a skipped row would be a user nobody judges. In a live account it is a user to be read live.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress

from rule.facts import User
from rule.report_row import REPORT_COLUMNS, ROOT_USER, ReportUnreadable, Row

NO_ROW = "line 2, column user: no row follows the header, not even root's. That is no whole report."


def parse_readable(content: bytes) -> tuple[User, ...]:
    """Return the users whose row can be read and shows every key; root is left out.

    A row that cannot be read is no row, and a name that stands there twice has none: whoever lacks
    a row is read live. Raises ReportUnreadable for a header that is not IAM's or has no row.
    """
    lines = content.splitlines() or [b""]
    header = check_header(1, read_line(lines[0]))
    users, names = list[User](), Counter[str]()
    for number, line in enumerate(lines[1:], start=2):
        with suppress(ValueError):
            row = Row(number, dict(zip(header, read_line(line), strict=True)))
            names[row.fields["user"]] += 1
            if row.fields["user"] != ROOT_USER and not row.more_keys:
                users.append(row.read_user())
    if not names:
        raise ReportUnreadable(NO_ROW)
    return tuple(user for user in users if names[user.name] == 1)


def read_line(line: bytes) -> list[str]:
    """Return the fields of one line. Raises ReportUnreadable where that is no row in UTF-8."""
    return next((fields for _, fields in read_rows(decode_report(line))), [])


def decode_report(content: bytes) -> str:
    """Return the text of a report in UTF-8. Raises ReportUnreadable."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].rpartition(b"\n")
        line, column = before[0].count(b"\n") + bool(before[1]) + 1, len(before[2]) + 1
        raise ReportUnreadable(f"line {line}, byte {column}: this is no UTF-8 text.") from error


def read_users(rows: Iterable["Row"]) -> Iterator[tuple["Row", User]]:
    """Yield each row and its user, root left out; a name may stand once in each account."""
    seen = dict[tuple[str, str], int]()
    for row in rows:
        if row.fields["user"] == ROOT_USER:
            continue
        user = row.read_user()
        if (first := seen.setdefault((row.account, user.name), row.line)) != row.line:
            raise ReportUnreadable(
                f'line {row.line}, column user: "{user.name}" stands in line {first} already.'
            )
        yield row, user


def read_table(text: str) -> list["Row"]:
    """Return the rows of a report, root's too, under whatever header is above each.

    Columns go by their header, so that older and newer reports (21 to 23 columns) are read alike.
    A line without any text is no row. Raises ReportUnreadable.
    """
    rows, header = list[Row](), list[str]()
    for line, fields in read_rows(text):
        if header and not any(field.strip() for field in fields):
            continue
        if not header or set(REPORT_COLUMNS) <= set(fields):
            header = check_header(line, fields)
            continue
        if len(fields) != len(header):
            raise ReportUnreadable(
                f"line {line}, column {min(len(fields), len(header)) + 1}: the row has"
                f" {len(fields)} columns, the header {len(header)}."
            )
        rows.append(Row(line, dict(zip(header, fields, strict=True))))
    if not rows:
        check_header(1, header)
        raise ReportUnreadable(NO_ROW)
    return rows


def check_header(line: int, header: list[str]) -> list[str]:
    """Return the header. Raises ReportUnreadable where a column is missing or is there twice."""
    for needed in REPORT_COLUMNS:
        if header.count(needed) != 1:
            fault = "stands there twice" if needed in header else "is missing"
            raise ReportUnreadable(
                f"line {line}, column {needed}: the column {fault}. Give a credential report as IAM"
                " writes it (aws iam get-credential-report)."
            )
    return header


def read_rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row with the number of the line on which it ends. Raises ReportUnreadable."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for fields in reader:
            yield reader.line_num, fields
    except csv.Error as error:
        raise ReportUnreadable(f"line {reader.line_num}, column 1: {error}.") from error
