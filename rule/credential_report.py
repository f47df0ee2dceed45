"""Reads the IAM credential report into the facts of `rule.decision`.

One call for a whole account, but up to four hours old, and it holds neither ids nor tags: keys are
"access key 1" and "access key 2" (slots, in no order of creation), and `tags` is empty. Whatever
cannot be read is an error that names line and column: a skipped row would be a user nobody judges.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rule.facts import User, whole_seconds
from rule.report_row import COLUMNS, ROOT, ReportUnreadable, Row

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0


class ReportNotReady(Exception):
    """IAM had no credential report ready within the time allowed."""


@dataclass(frozen=True)
class Report:
    """A credential report: its users, root left out, as of `generated`."""

    generated: datetime
    users: tuple[User, ...]


def read_report(iam: "IAMClient", seconds: float, sleep: Callable[[float], None]) -> Report:
    """Return the account's credential report, waiting up to `seconds` for IAM to generate it.

    Costs 1 call where a report of the last four hours exists. Raises ReportNotReady when the wait
    is too long, ReportUnreadable, and ClientError: LimitExceeded and ReportExpired say that there
    is no report, which never means that there are no users.
    """
    return ask_for_report(iam) or wait_for_report(iam, seconds, sleep)


def ask_for_report(iam: "IAMClient") -> Report | None:
    """Return the report that IAM has, or have it generate one and return None.

    To read first costs IAM no work: it refuses to generate when many accounts ask at once.
    """
    try:
        return fetch_report(iam)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ReportInProgress":
            return None
        if code not in ("ReportNotPresent", "ReportExpired"):
            raise
    iam.generate_credential_report()
    return None


def wait_for_report(iam: "IAMClient", seconds: float, sleep: Callable[[float], None]) -> Report:
    """Return the report that IAM was asked to generate, waiting up to `seconds` for it."""
    waited = 0.0
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return fetch_report(iam)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            # That it is not present yet is how a report begins: IAM is eventually consistent.
            if code not in ("ReportInProgress", "ReportNotPresent"):
                raise
        if waited + pause > seconds:
            raise ReportNotReady(
                f"IAM has not finished the credential report after {waited:.0f} s ({code})."
                " Evaluate the rule again in some minutes."
            )
        sleep(pause)
        waited += pause
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def fetch_report(iam: "IAMClient") -> Report:
    """Return the report that IAM has ready. Raises ClientError where there is none."""
    answer = iam.get_credential_report()
    return Report(whole_seconds(answer["GeneratedTime"]), parse_report(answer["Content"]))


def parse_report(content: bytes) -> tuple[User, ...]:
    """Return the users of a credential report, without root. Raises ReportUnreadable.

    Columns go by their header, so that older and newer reports (21 to 23 columns) are read alike.
    """
    return tuple(user for _, user in read_users(read_table(decode(content))))


def decode(content: bytes) -> str:
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
        if row.fields["user"] == ROOT:
            continue
        user = row.read_user()
        if (first := seen.setdefault((row.account, user.name), row.line)) != row.line:
            raise ReportUnreadable(
                f'line {row.line}, column user: "{user.name}" stands in line {first} already.'
            )
        yield row, user


def read_table(text: str) -> list["Row"]:
    """Return the rows of a report, root's too, under whatever header is above each.

    A line without any text is no row. Raises ReportUnreadable.
    """
    rows, header = list[Row](), list[str]()
    for line, fields in read_rows(text):
        if header and not any(field.strip() for field in fields):
            continue
        if not header or set(COLUMNS) <= set(fields):
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
        raise ReportUnreadable(
            "line 2, column user: no row follows the header, not even root's. That is no whole"
            " report."
        )
    return rows


def check_header(line: int, header: list[str]) -> list[str]:
    """Return the header. Raises ReportUnreadable where a column is missing or is there twice."""
    for needed in COLUMNS:
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
