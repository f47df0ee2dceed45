"""Findings as GitLab's code quality report: a subset of Code Climate's form, one array."""

from guardrails.formats.fingerprint import make_fingerprint, make_fingerprints, make_relative
from guardrails.formats.json import dump
from guardrails.judgement import RULE_ID
from guardrails.scan import Scan


def write_gitlab(result: Scan) -> str:
    """Return an entry for each finding, and one for each file that was not judged."""
    entries = [
        (finding.file, finding.line, finding.message, "major", mark)
        for finding, mark in zip(result.findings, make_fingerprints(result.findings), strict=True)
    ]
    entries += [
        (file, 1, f"Not judged: {reason}.", "critical", make_fingerprint("unreadable", file))
        for file, reason in result.unreadable.items()
    ]
    return dump(
        [
            {
                "description": text,
                "check_name": RULE_ID,
                "fingerprint": mark,
                "severity": severity,
                "location": {"path": make_relative(file), "lines": {"begin": line}},
            }
            for file, line, text, severity, mark in entries
        ]
    )
