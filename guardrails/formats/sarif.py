"""Findings in SARIF 2.1.0, as code scanning services take them.

GitHub shows at most what its page "SARIF support for code scanning" lists: a fingerprint keeps one
alert one alert when lines move, and a uri counts from the base, the working folder.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from guardrails.formats.fingerprint import make_fingerprints, make_relative
from guardrails.formats.json import dump
from guardrails.judgement import HELP_LINK, RULE_ID, FileFinding
from guardrails.scan import Scan
from rule import __version__

_BASE = "SRCROOT"
_TITLE = "No access key for a console user at setup"
_WHY = (
    "An access key made together with a console user is often never needed: one more long-lived"
    " secret to guard, rotate and audit. Keys come later and on purpose (CIS AWS Foundations 1.11)."
)
_MEND = "Leave the key out and create it later, when it is asked for."
_HELP = {
    "text": f"{_WHY} {_MEND} See {HELP_LINK}",
    "markdown": f"{_WHY}\n\n**What to do:** {_MEND}\n\n"
    f"[Managing access keys for IAM users]({HELP_LINK})",
}


def write_sarif(result: Scan) -> str:
    """Return a SARIF log; a file that could not be judged makes the run unsuccessful."""
    marks = make_fingerprints(result.findings)
    run = {
        "tool": {"driver": _describe_tool()},
        "originalUriBaseIds": {_BASE: {"uri": f"{Path.cwd().as_uri().rstrip('/')}/"}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not result.unreadable,
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "message": {"text": reason},
                        "locations": [{"physicalLocation": _locate(file)}],
                    }
                    for file, reason in result.unreadable.items()
                ],
            }
        ],
        "results": [
            _make_result(finding, mark)
            for finding, mark in zip(result.findings, marks, strict=True)
        ],
    }
    return dump(
        {
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
            "sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [run],
        }
    )


def _describe_tool() -> dict[str, Any]:
    return {
        "name": "iam-user-no-setup-access-key",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [
            {
                "id": RULE_ID,
                "name": "NoSetupAccessKey",
                "shortDescription": {"text": _TITLE},
                "fullDescription": {"text": _WHY},
                "help": _HELP,
                "helpUri": HELP_LINK,
                "defaultConfiguration": {"level": "error"},
                "properties": {
                    "tags": ["security", "aws", "iam", "external/cwe/cwe-1188"],
                    "precision": "high",
                    "problem.severity": "error",
                    "security-severity": "3.5",
                },
            }
        ],
    }


def _make_result(finding: FileFinding, mark: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": RULE_ID,
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": finding.message},
        "partialFingerprints": {"primaryLocationLineHash": f"{mark}:1"},
        "locations": [
            {
                "physicalLocation": _locate(finding.file, finding.line),
                "logicalLocations": [{"fullyQualifiedName": finding.key, "kind": "resource"}],
            }
        ],
    }
    if finding.user_file:
        result["relatedLocations"] = [
            {
                "id": 1,
                "physicalLocation": _locate(finding.user_file, finding.user_line),
                "message": {"text": "The console password of the same user."},
            }
        ]
    return result


def _locate(file: str, line: int = 0) -> dict[str, Any]:
    relative = make_relative(file)
    if Path(relative).is_absolute():
        place: dict[str, Any] = {"artifactLocation": {"uri": Path(relative).as_uri()}}
    else:
        uri = quote(os.fsencode(relative))
        place = {"artifactLocation": {"uri": uri, "uriBaseId": _BASE}}
    return {**place, "region": {"startLine": line}} if line else place
