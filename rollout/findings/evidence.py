"""What an auditor keeps: a report in three forms, and a manifest that proves that they are whole.

The manifest has the sha256 of each file. Whoever keeps the manifest's own hash elsewhere can prove
the whole folder by it; without that, it proves that nothing was damaged, not that nobody forged it.
"""

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rollout.errors import Refused
from rollout.findings.finding import State, tell_until
from rollout.findings.html import CIS, is_expired
from rollout.findings.survey import Survey
from rollout.output.report import describe_missing, describe_survey, write_report
from rule.facts import utc

MANIFEST = "manifest.json"
FORM = "evidence"
FILES = {"report.json": "json", "report.csv": "csv", "report.html": "html"}
"""The files of a folder of evidence, and the format of the report in each."""

MOST_BYTES = 100_000_000
"""Of a manifest; one of 10,000 accounts has 2 MB."""
UNLIKE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError)
"""What JSON of another form makes whoever reads it stumble over."""


@dataclass(frozen=True)
class Checked:
    """What a folder of evidence came to: faults in words, and the hash of its manifest."""

    manifest: Mapping[str, Any]
    sha256: str
    faults: tuple[str, ...]


def write_evidence(folder: Path, survey: Survey, version: str, code: str) -> str:
    """Write a folder of evidence and return its manifest's hash. Raises Refused.

    The folder appears whole or not at all, and nothing that is there is ever written over.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(f"{folder} is there already: evidence is never written over. Name a new one.")
    contents = {name: render_report(survey, form) for name, form in FILES.items()}
    manifest = json.dumps(make_manifest(survey, version, code, contents), indent=2).encode() + b"\n"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".evidence-", dir=folder.parent) as beside:
            made = Path(beside, "new")
            made.mkdir()
            for name, content in {**contents, MANIFEST: manifest}.items():
                (made / name).write_bytes(content)
            # An empty folder may be in the way, and nothing else.
            made.replace(folder)
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}.") from error
    return hash_of(manifest)


def render_report(survey: Survey, form: str) -> bytes:
    """Return the report in a format, as `report` itself writes it."""
    out = io.StringIO(newline="")
    write_report(survey, form, True, out)
    return out.getvalue().encode()


def make_manifest(
    survey: Survey, version: str, code: str, contents: Mapping[str, bytes]
) -> dict[str, Any]:
    """Return the manifest: what was asked by whom, what was read, and what the files hash to."""
    told = describe_survey(survey)
    return {
        "form": FORM,
        "version": version,
        "code_sha256": code,
        "cis_aws_foundations": CIS,
        **{
            name: told[name]
            for name in ("time", "source", "organization", "region", "caller", "parameters")
        },
        "findings": len(survey.in_state(State.FINDING)),
        "accounts_read": [
            {"account": each["account"], "account_name": each["account_name"]}
            | {"last_success": each["last_judged"]}
            for each in told["accounts"]
        ],
        "accounts_not_read": [describe_missing(each) for each in survey.not_read],
        "accounts_stale": [describe_missing(each) for each in survey.stale],
        "exceptions": [
            {
                "account": each.account,
                "user": each.user or each.user_id,
                "key": each.key,
                "owner": each.owner or None,
                "expires": tell_until(each.until),
                "expired": is_expired(each, survey),
            }
            for each in survey.findings
            if each.state is State.EXCEPTION or is_expired(each, survey)
        ],
        "notes": list(survey.notes),
        "files": {
            name: {"sha256": hash_of(content), "bytes": len(content)}
            for name, content in contents.items()
        },
        "made": utc(survey.time),
    }


def verify_evidence(folder: Path) -> Checked:
    """Return what is wrong with a folder of evidence. Raises Refused where there is none."""
    try:
        content = read_manifest(folder / MANIFEST)
        names = sorted(each.name for each in folder.iterdir())
    except OSError as error:
        raise Refused(f"{folder / MANIFEST}: {error.strerror}.") from error
    try:
        manifest = json.loads(content)
        if manifest["form"] != FORM:
            raise ValueError(manifest["form"])
        files = {str(name): str(each["sha256"]) for name, each in manifest["files"].items()}
        findings = int(manifest["findings"])
    except UNLIKE as error:
        raise Refused(f"{folder / MANIFEST} is no manifest of evidence.") from error
    faults = [f"{name} is not in the manifest" for name in names if name not in {*files, MANIFEST}]
    faults += [f"the manifest does not name {name}" for name in FILES if name not in files]
    for name, wanted in files.items():
        if name not in names:
            faults.append(f"{name} is missing")
        elif (found := read_hash(folder / name)) != wanted:
            faults.append(f"{name} has changed: its sha256 is {found}, was {wanted}")
    if not faults and count_findings(folder / "report.json") != findings:
        faults.append("the manifest counts other findings than report.json holds")
    return Checked(manifest, hash_of(content), tuple(faults))


def read_manifest(file: Path) -> bytes:
    """Return what the manifest holds. Raises OSError, and Refused for what is none."""
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise Refused(f"{file}: it is no file; evidence holds no links.")
    with file.open("rb") as content:
        manifest = content.read(MOST_BYTES + 1)
    if len(manifest) > MOST_BYTES:
        raise Refused(f"{file}: it is larger than {MOST_BYTES:,} bytes; no manifest is.")
    return manifest


def read_hash(file: Path) -> str:
    """Return a file's sha256, and why there is none where it cannot be read."""
    if file.is_symlink() or not file.is_file():
        return "not to be had, as it is no file"
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        return f"not to be had ({error.strerror})"


def count_findings(file: Path) -> int:
    """Return how many findings a report in JSON holds; -1 where it is none."""
    try:
        found = json.loads(file.read_bytes())["findings"]
        return sum(each["state"] == State.FINDING.value for each in found)
    except (OSError, *UNLIKE):
        return -1


def hash_of(content: bytes) -> str:
    """Return the sha256 of some bytes."""
    return hashlib.sha256(content).hexdigest()
