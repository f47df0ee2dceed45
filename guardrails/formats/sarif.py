"""Findings in SARIF 2.1.0, as code scanning services take them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from guardrails.finding import HELP_LINK, RULE_ID, Finding
from rule import __version__


def make_sarif(findings: Sequence[Finding], unreadable: dict[str, str]) -> dict[str, Any]:
    """Return a SARIF log; a file that could not be judged makes the run unsuccessful."""
    title = "No access key for a console user at setup"
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
        "sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "iam-user-no-setup-access-key",
                        "version": __version__,
                        "rules": [
                            {
                                "id": RULE_ID,
                                "shortDescription": {"text": title},
                                "fullDescription": {
                                    "text": "An access key made together with a console user is"
                                    " often never needed. Keys come later and on purpose."
                                },
                                "helpUri": HELP_LINK,
                                "defaultConfiguration": {"level": "error"},
                            }
                        ],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": not unreadable,
                        "toolExecutionNotifications": [
                            {
                                "level": "error",
                                "message": {"text": reason},
                                "locations": [{"physicalLocation": _locate(file)}],
                            }
                            for file, reason in unreadable.items()
                        ],
                    }
                ],
                "results": [
                    {
                        "ruleId": RULE_ID,
                        "ruleIndex": 0,
                        "level": "error",
                        "message": {"text": finding.message},
                        "locations": [
                            {
                                "physicalLocation": {
                                    **_locate(finding.file),
                                    "region": {"startLine": finding.line},
                                },
                                "logicalLocations": [
                                    {"fullyQualifiedName": finding.key, "kind": "resource"}
                                ],
                            }
                        ],
                    }
                    for finding in findings
                ],
            }
        ],
    }


def _locate(file: str) -> dict[str, Any]:
    path = Path(file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    return {"artifactLocation": {"uri": uri}}
