"""Findings as GitHub's workflow commands, which show as annotations on the changed lines.

The escapes are those of GitHub's own toolkit (actions/toolkit, packages/core/src/command.ts).
"""

from guardrails.formats.printable import make_printable
from guardrails.judgement import FileFinding
from guardrails.scan import Scan

TITLE = "No access key for a console user at setup"


def write_github(result: Scan) -> str:
    """Return one command for each finding and each file not judged, and the closing line."""
    commands = [_tell(f) for f in result.findings]
    commands += [
        f"::error file={_escape_property(file)},title=Not judged::{_escape(reason)}."
        for file, reason in result.unreadable.items()
    ]
    return "\n".join([*commands, result.tell_counts()])


def _tell(finding: FileFinding) -> str:
    place = f"file={_escape_property(finding.file)},line={finding.line}"
    return f"::error {place},title={TITLE}::{_escape(finding.message)}"


def _escape(text: str) -> str:
    return make_printable(text.replace("%", "%25"))


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
