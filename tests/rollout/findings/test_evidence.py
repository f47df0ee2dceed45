"""A folder of evidence: whole or not there, never written over, and checked later."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rollout.__main__ import main
from rollout.errors import Refused
from rollout.findings.evidence import FILES, MANIFEST, verify_evidence, write_evidence
from rollout.findings.html import CIS
from rollout.output.report import describe_survey
from tests.support.surveys import make_hostile, make_survey

CODE = "c" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "2026" / "november"
    write_evidence(folder, make_survey(), "0.1.0 (commit unknown)", CODE)
    return folder


def test_the_manifest_says_who_asked_what_was_read_and_what_was_not(folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    files = manifest.pop("files")
    assert manifest == {
        "form": "evidence",
        "version": "0.1.0 (commit unknown)",
        "code_sha256": CODE,
        "cis_aws_foundations": CIS,
        "time": "2026-11-27T12:00:00Z",
        "source": "the aggregator all in 222200000000 security, us-east-1",
        "organization": "o-exampleorg",
        "region": "us-east-1",
        "caller": "arn:aws:sts::222200000000:assumed-role/Auditor/ann",
        "parameters": {"Criterion": "SETUP_UNUSED", "SetupWindowSeconds": "300", "GraceHours": "4"},
        "findings": 4,
        "accounts_read": [
            {"account": "333300000001", "account_name": "shop", "last_success": None},
            {"account": "333300000002", "account_name": "bank", "last_success": None},
            {"account": "444455556666", "account_name": "sandbox", "last_success": None},
        ],
        "accounts_not_read": [
            {
                "account": "555500000000",
                "account_name": "late",
                "why": "the aggregator has no result of our rule",
            }
        ],
        "accounts_stale": [
            {
                "account": "333300000002",
                "account_name": "bank",
                "why": "last judged 2026-11-20 06:00 UTC",
            }
        ],
        "exceptions": [
            {
                "account": "333300000002",
                "user": "eve.lapsed",
                "key": "AKIATILP3MGRU6SJLTNC",
                "owner": None,
                "expires": "2026-10-31",
                "expired": True,
            },
            {
                "account": "333300000001",
                "user": "dan.waiver",
                "key": "AKIASWLZF53C2QKZLW6L",
                "owner": "team-payments",
                "expires": "2026-12-31",
                "expired": False,
            },
        ],
        "notes": [],
        "made": "2026-11-27T12:00:00Z",
    }
    assert files == {
        name: {
            "sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest(),
            "bytes": (folder / name).stat().st_size,
        }
        for name in FILES
    }
    assert json.loads((folder / "report.json").read_text()) == describe_survey(make_survey())


def test_what_was_written_is_verified(folder: Path) -> None:
    checked = verify_evidence(folder)
    assert checked.faults == ()
    assert checked.sha256 == hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def change_a_byte(folder: Path) -> None:
    file = folder / "report.csv"
    file.write_bytes(file.read_bytes().replace(b"ben.idle", b"bun.idle"))


def lose_the_page(folder: Path) -> None:
    (folder / "report.html").unlink()


def add_a_file(folder: Path) -> None:
    (folder / "notes.txt").write_text("x")


def link_a_file(folder: Path) -> None:
    (folder / "report.html").rename(folder.parent / "kept.html")
    (folder / "report.html").symlink_to(folder.parent / "kept.html")


def count_less(folder: Path) -> None:
    file = folder / MANIFEST
    file.write_text(file.read_text().replace('"findings": 4', '"findings": 3'))


def forget_a_file(folder: Path) -> None:
    file = folder / MANIFEST
    told = json.loads(file.read_text())
    del told["files"]["report.csv"]
    file.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (change_a_byte, "report.csv has changed: its sha256 is "),
        (lose_the_page, "report.html is missing"),
        (add_a_file, "notes.txt is not in the manifest"),
        (link_a_file, "report.html has changed: its sha256 is not to be had, as it is no file"),
        (count_less, "the manifest counts other findings than report.json holds"),
        (forget_a_file, "report.csv is not in the manifest"),
    ],
)
def test_what_has_changed_since_is_named(
    folder: Path, harm: Callable[[Path], None], fault: str
) -> None:
    harm(folder)
    assert verify_evidence(folder).faults[0].startswith(fault)


DEEP = '{"form": "evidence", "files": ' + "[" * 100_000
ENDLESS = '{"form": "evidence", "files": {}, "findings": Infinity}'


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"form": "evidence"}', '{"form": 1}', DEEP, ENDLESS]
)
def test_what_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text)
    with pytest.raises(Refused, match=r"manifest\.json is no manifest of evidence\."):
        verify_evidence(folder)


def test_a_manifest_that_is_a_link_or_without_end_is_refused(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).symlink_to("/dev/zero")
    with pytest.raises(Refused, match=r"it is no file; evidence holds no links\."):
        verify_evidence(folder)
    (folder / MANIFEST).unlink()
    with (folder / MANIFEST).open("wb") as file:
        file.truncate(100_000_001)
    with pytest.raises(Refused, match="larger than 100,000,000 bytes"):
        verify_evidence(folder)


def test_a_report_nested_too_deep_counts_no_findings(folder: Path) -> None:
    report = ("[" * 100_000).encode()
    (folder / "report.json").write_bytes(report)
    told = json.loads((folder / MANIFEST).read_text())
    told["files"]["report.json"]["sha256"] = hashlib.sha256(report).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(told))
    assert verify_evidence(folder).faults == (
        "the manifest counts other findings than report.json holds",
    )


def test_the_name_of_an_additional_file_does_nothing_to_the_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a\x1b[2Jb").write_text("x")
    assert main(["evidence", str(folder), "--verify"]) == 1
    assert "\x1b" not in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="No such file or directory"):
        verify_evidence(tmp_path / "nothing")


def test_evidence_is_never_written_over(folder: Path) -> None:
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    with pytest.raises(Refused, match="evidence is never written over"):
        write_evidence(folder, make_hostile(), "x", CODE)
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


def test_a_folder_that_is_empty_is_taken(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    write_evidence(tmp_path / "new", make_hostile(), "x", CODE)
    assert verify_evidence(tmp_path / "new").faults == ()
    assert [each.name for each in tmp_path.iterdir()] == ["new"]


def test_a_place_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Refused, match=r"Not a directory|File exists"):
        write_evidence(tmp_path / "file" / "new", make_survey(), "x", CODE)
