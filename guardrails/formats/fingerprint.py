"""What tells one finding from another, wherever it moves to in its file."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from guardrails.judgement import FileFinding


def make_relative(file: str) -> str:
    """Return a path as seen from the working folder, where it is below that."""
    path = Path(os.path.abspath(file))
    return path.relative_to(Path.cwd()).as_posix() if path.is_relative_to(Path.cwd()) else file


def make_fingerprint(*parts: str) -> str:
    """Return a short name for what these parts say together."""
    content = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(content).hexdigest()[:32]


def make_fingerprints(findings: Sequence[FileFinding]) -> list[str]:
    """Return one for each finding: of its file, key and user, not of its line.

    A second finding of the same three (a key of one name in two templates inside one) has a number.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    marks = []
    for finding in findings:
        what = (make_relative(finding.file), finding.key, finding.user)
        seen[what] += 1
        marks.append(make_fingerprint(*what, *([str(seen[what])] if seen[what] > 1 else [])))
    return marks
