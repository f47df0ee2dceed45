"""Findings as lines: one each, and a last one that says what was looked at."""

from guardrails.formats.printable import make_printable
from guardrails.scan import Scan


def write_text(result: Scan) -> str:
    """Return the lines, each of which shows what is not printable by its number."""
    lines = [
        make_printable(f"{finding.file}:{finding.line}: {finding.message}")
        for finding in result.findings
    ]
    return "\n".join([*lines, result.tell_counts()])
