"""GitLab's code quality report, against the form that GitLab documents.

docs.gitlab.com/ci/testing/code_quality, "Code Quality report format": one array; of each entry
description, check_name, fingerprint (unique), severity and location.path (relative, without "./")
with location.lines.begin are needed. Nothing else is read.
"""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from rollout.__main__ import main
from tests.rollout.commands.test_prevent import TEMPLATE

FORM = {
    "type": "array",
    "items": {
        "type": "object",
        "additionalProperties": False,
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"const": "no-setup-access-key"},
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\.?/)"},
                    "lines": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("named", ["", "./", "absolute"], ids=["plain", "with ./", "absolute"])
def test_the_report_has_the_form_that_gitlab_reads_whatever_way_files_are_named(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("deep").mkdir()
    for name in ("stack.yaml", "deep/stack.yaml"):
        Path(name).write_text(TEMPLATE)
    Path("broken.yaml").write_text(TEMPLATE + "  : [\n")
    before = f"{tmp_path}/" if named == "absolute" else named
    files = [f"{before}{name}" for name in ("stack.yaml", "deep/stack.yaml", "broken.yaml")]
    assert main(["prevent", "--format", "gitlab", *files]) == 2
    report = json.loads(capsys.readouterr().out)
    Draft202012Validator(FORM).validate(report)
    assert [(each["location"]["path"], each["severity"]) for each in report] == [
        ("stack.yaml", "major"),
        ("deep/stack.yaml", "major"),
        ("broken.yaml", "critical"),
    ]
    assert len({each["fingerprint"] for each in report}) == 3
