"""Credential reports in the forms that people have at hand; whatever is none is named."""

import base64
import gzip
import json
from datetime import UTC, datetime

import pytest

from rollout.findings.report_forms import ReportPart, read_forms
from rule.report_row import ReportUnreadable
from tests.rule.test_credential_report import report
from tests.support.paths import CASES

CSV = report({}).decode()
BASE64 = base64.b64encode(report({})).decode()
MADE = datetime(2026, 9, 1, 8, tzinfo=UTC)
WRAPPED = "\r\n".join(BASE64[at : at + 76] for at in range(0, len(BASE64), 76))


def answer(made: object = "2026-09-01T08:00:00+00:00") -> str:
    return json.dumps({"Content": BASE64, "GeneratedTime": made, "ReportFormat": "text/csv"})


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        pytest.param(CSV.encode(), [ReportPart(CSV, None)], id="the CSV"),
        pytest.param(
            b"\xef\xbb\xbf" + CSV.encode(), [ReportPart(CSV, None)], id="with a byte order mark"
        ),
        pytest.param(answer().encode(), [ReportPart(CSV, MADE)], id="json"),
        pytest.param(
            answer(1788249600.123).encode(), [ReportPart(CSV, MADE)], id="json, time a number"
        ),
        pytest.param(
            f"[{answer()}, {answer()}]".encode(), [ReportPart(CSV, MADE)] * 2, id="a list of json"
        ),
        pytest.param(
            f"{answer()}\n{answer()}\n".encode(),
            [ReportPart(CSV, MADE)] * 2,
            id="one json after another",
        ),
        pytest.param(json.dumps(BASE64).encode(), [ReportPart(CSV, None)], id="--query Content"),
        pytest.param(
            f"Content: {BASE64}\nGeneratedTime: 2026-09-01T08:00:00Z\n".encode(),
            [ReportPart(CSV, MADE)],
            id="yaml",
        ),
        pytest.param(
            f"{BASE64}\t2026-09-01T08:00:00+00:00\ttext/csv\n".encode(),
            [ReportPart(CSV, MADE)],
            id="--output text",
        ),
        pytest.param(
            f"{BASE64}\t2026-09-01T08:00:00+00:00\ttext/csv\n".encode() * 2,
            [ReportPart(CSV, MADE)] * 2,
            id="several --output text",
        ),
        pytest.param(WRAPPED.encode(), [ReportPart(CSV, None)], id="base64, wrapped"),
        pytest.param(CSV.encode("utf-16"), [ReportPart(CSV, None)], id="UTF-16"),
        pytest.param(CSV.encode("utf-16-be"), [ReportPart(CSV, None)], id="UTF-16 without a mark"),
        pytest.param(answer().encode("utf-16"), [ReportPart(CSV, MADE)], id="json in UTF-16"),
        pytest.param(gzip.compress(answer().encode()), [ReportPart(CSV, MADE)], id="json in gzip"),
        pytest.param(
            b"user,arn,user_creation_time,x\na,b,cuser,arn,user_creation_time,x\na,b,d",
            [
                ReportPart(
                    "user,arn,user_creation_time,x\na,b,c\nuser,arn,user_creation_time,x\na,b,d",
                    None,
                )
            ],
            id="files joined whose last lines have no end",
        ),
    ],
)
def test_a_report_is_read_in(content: bytes, parts: list[ReportPart]) -> None:
    assert list(read_forms(content)) == parts


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "this is empty: the command that should have written it has failed. Write one with:"),
        (b" \r\n", "this is empty"),
        (b'{"UserDetailList": []}', "the answer of get-account-authorization-details, which says"),
        (b"UserDetailList: []\n", "the answer of get-account-authorization-details, which says"),
        (b'{"State": "STARTED"}', 'the answer of generate-credential-report ("STARTED")'),
        (b'{"Content": "dXNl', "this begins like json and is none, or is cut off."),
        (b'{"Content": "%%%"}', "Content is no base64, or is cut off."),
        (b'{"Content": "", "GeneratedTime": "soon"}', 'GeneratedTime is "soon", which is no time.'),
        (b"[]", "it looks like an empty list."),
        (b'{"a": 1}', "it looks like json or yaml, and something else."),
        (b"<html>", "a page of HTML or XML, perhaps a login page."),
        (b"PK\x03\x04", "a zip file or a spreadsheet's workbook."),
        (b"\x1f\x8b\x08broken", "this is a damaged gzip file"),
        (b"\xff\xfeu", "this begins like UTF-16 text and is none. Save it as UTF-8."),
        (b"user;arn;user_creation_time\n", "a report that a spreadsheet saved with semicolons."),
        (b"+---\n|  Get", "the command's --output table."),
        (
            b"\nAn error occurred (ReportNotPresent) \x1b[31m",
            'an error of the command ("An error occurred (ReportNotPresent) ?[31m")',
        ),
    ],
)
def test_what_is_no_report_is_named_in_one_sentence(content: bytes, says: str) -> None:
    with pytest.raises(ReportUnreadable) as refused:
        read_forms(content)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).isascii()


def test_the_commands_own_output_is_read() -> None:
    (part,) = read_forms((CASES / "reports" / "01-cli-output.json").read_bytes())
    assert part.generated == MADE
    assert part.text.startswith("user,arn,user_creation_time,")
