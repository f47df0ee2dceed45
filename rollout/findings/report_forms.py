"""Credential reports in every form that people have at hand, brought to CSV and a time.

IAM's own command prints the report in base64, inside json, yaml or a line of text; files are
joined, compressed, and saved in UTF-16. What is none of these is refused with what it looks like.
"""

import base64
import binascii
import gzip
import io
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import yaml

from rule.credential_report import decode_report
from rule.report_row import ReportUnreadable

MAX_BYTES = 1 << 30
"""Of a file once it is unpacked; the report of 5,000 users has about 3 MB."""
ADVICE = (
    "Write one with: aws iam generate-credential-report, and when that says COMPLETE: aws iam"
    " get-credential-report > report.json."
)
HEADER = re.compile(r'(?<=[^\n\r,"])(?=user,arn,user_creation_time,)')
"""Where files were joined whose last line has no end, as IAM writes none."""
OTHERS = {
    "UserDetailList": "the answer of get-account-authorization-details, which says of no key when"
    " it was used",
    "AccessKeyMetadata": "the answer of list-access-keys, which says of no key when it was used",
    "Users": "the answer of list-users, which holds no access keys",
    "SummaryMap": "the answer of get-account-summary, which holds no access keys",
    "EvaluationResults": "an answer of AWS Config, whose results the verb report reads",
    "AggregateEvaluationResults": "an answer of AWS Config, whose results the verb report reads",
    "users": "what evaluate itself writes with --format json",
    "findings": "what report writes with --format json",
}


@dataclass(frozen=True)
class ReportPart:
    """One report: its CSV, and when IAM made it where the form says so."""

    text: str
    generated: datetime | None


class Other(ReportUnreadable):
    """The file is no credential report; the text says what it looks like and what to run."""

    def __init__(self, looks: str, advice: str = ADVICE) -> None:
        super().__init__(f"this is no credential report: it looks like {looks}. {advice}")


def read_forms(content: bytes) -> tuple[ReportPart, ...]:
    """Return the reports in a file. Raises ReportUnreadable."""
    text = read_report_text(content)
    start = text.lstrip()
    if not start:
        raise ReportUnreadable(
            f"this is empty: the command that should have written it has failed. {ADVICE}"
        )
    if start[0] in "{[" or re.match(r'"[A-Za-z0-9+/=\\]*"\s*$', start):
        return tuple(read_answers(read_json(text)))
    if re.match(r"(-|---|[A-Za-z]\w*:)\s", start):
        return tuple(read_answers(read_yaml(text)))
    if parts := read_base64(start):
        return parts
    refuse_others(start)
    return (ReportPart(HEADER.sub("\n", text), None),)


def read_report_text(content: bytes) -> str:
    """Return the text of a file: unpacked, in whatever UTF. Raises ReportUnreadable."""
    if content.startswith(b"\x1f\x8b"):
        content = unpack(content)
    if content.startswith(b"PK\x03\x04"):
        raise Other(
            "a zip file or a spreadsheet's workbook",
            "Unpack it, or save it as CSV with every date as it was: " + ADVICE,
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif content[1:2] == b"\0":
        encoding = "utf-16-le"
    elif content[:1] == b"\0":
        encoding = "utf-16-be"
    else:
        return decode_report(content).replace("\ufeff", "")
    try:
        return content.decode(encoding).replace("\ufeff", "")
    except UnicodeDecodeError as error:
        raise ReportUnreadable(
            f"byte {error.start + 1}: this begins like UTF-16 text and is none. Save it as UTF-8."
        ) from error


def unpack(content: bytes) -> bytes:
    """Return what gzip has packed. Raises ReportUnreadable."""
    try:
        with gzip.open(io.BytesIO(content)) as file:
            unpacked = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ReportUnreadable(f"this is a damaged gzip file ({error}).") from error
    if len(unpacked) > MAX_BYTES:
        raise ReportUnreadable("this unpacks to more than 1 GB: no credential report is so large.")
    return unpacked


def read_json(text: str) -> list[Any]:
    """Return the values in a text, which may have several one after the other."""
    decoder, values, at = json.JSONDecoder(), [], 0
    try:
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            value, at = decoder.raw_decode(text, at)
            values += value if isinstance(value, list) else [value]
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise ReportUnreadable(
            f"line {line}: this begins like json and is none, or is cut off."
        ) from error
    return values


def read_yaml(text: str) -> list[Any]:
    """Return the documents of a yaml text, safely."""
    try:
        values = list(yaml.safe_load_all(text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise ReportUnreadable(
            f"line {mark.line + 1 if mark else 1}: this begins like yaml and is none."
        ) from error
    return [each for value in values for each in (value if isinstance(value, list) else [value])]


def read_answers(values: list[Any]) -> Iterator[ReportPart]:
    """Yield the reports in answers of GetCredentialReport, or in their bare Content."""
    if not values:
        raise Other("an empty list")
    for value in values:
        if isinstance(value, str):
            yield from read_report_content(value, None)
        elif isinstance(value, dict) and isinstance(value.get("Content"), (str, bytes)):
            yield from read_report_content(
                value["Content"], read_generated(value.get("GeneratedTime"))
            )
        elif isinstance(value, dict) and "State" in value:
            raise Other(
                f'the answer of generate-credential-report ("{show_value(value["State"])}")'
            )
        elif isinstance(value, dict):
            looks = next((OTHERS[name] for name in OTHERS if name in value), "something else")
            raise Other(f"json or yaml, and {looks}")
        else:
            raise Other("json or yaml without a Content")


def read_generated(value: object) -> datetime | None:
    """Return GeneratedTime: ISO 8601 or, as older releases of the command write it, a number."""
    if value is None:
        return None
    with suppress(ValueError, OverflowError, OSError, TypeError):
        if isinstance(value, (int, float)):
            return datetime.fromtimestamp(value, UTC).replace(microsecond=0)
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        moment = moment.replace(microsecond=0)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    raise ReportUnreadable(f'GeneratedTime is "{show_value(value)}", which is no time.')


def read_report_content(content: str | bytes, generated: datetime | None) -> tuple[ReportPart, ...]:
    """Return the report that base64 holds, or that stands there as it is."""
    if isinstance(content, bytes):
        return (ReportPart(decode_report(content), generated),)
    if content.lstrip().startswith("user,"):
        return (ReportPart(content, generated),)
    text = decode_base64(content)
    if text is None:
        raise ReportUnreadable("Content is no base64, or is cut off. " + ADVICE)
    return (ReportPart(text, generated),)


def read_base64(text: str) -> tuple[ReportPart, ...]:
    """Return the reports in what the command prints as text: base64, a time and the form."""
    parts = list[ReportPart]()
    for line in re.split(r"(?<=text/csv)\s+", text.strip()):
        found = re.fullmatch(
            r"([A-Za-z0-9+/=\s]+?)(?:\s+(\d{4}-\d\d-\d\dT[\d:.+Z-]+)\s+text/csv)?", line
        )
        if found is None or (content := decode_base64(found[1])) is None:
            return ()
        parts.append(ReportPart(content, read_generated(found[2])))
    return tuple(parts)


def decode_base64(text: str) -> str | None:
    """Return what the base64 of a text says, however it is wrapped; None where it is none."""
    try:
        return decode_report(base64.b64decode("".join(text.split()), validate=True))
    except (binascii.Error, ReportUnreadable, ValueError):
        return None


def refuse_others(start: str) -> None:
    """Raise Other for what begins as no CSV of IAM does, where that can be told."""
    first = start.partition("\n")[0]
    if start.startswith("<"):
        raise Other("a page of HTML or XML, perhaps a login page")
    if start.startswith(("+--", "|", "---")):
        raise Other("the command's --output table")
    if re.match(r"(An error occurred|usage:|aws: error)", start):
        raise Other(f'an error of the command ("{show_value(first)}")')
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if f"user{separator}arn{separator}" in first.replace('"', ""):
            raise Other(
                f"a report that a spreadsheet saved with {name}",
                "Spreadsheets change its dates, too. " + ADVICE,
            )


def show_value(value: object) -> str:
    """Return a value for a message: printable characters alone, and not too many."""
    return re.sub(r"[^ -~]", "?", str(value))[:60]
