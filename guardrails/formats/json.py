"""Findings as one JSON array."""

import json
from typing import Any

from guardrails.formats.printable import make_harmless
from guardrails.scan import Scan


def write_json(result: Scan) -> str:
    """Return every finding with its file, line, user, key, message and the password's place."""
    return dump([finding._asdict() for finding in result.findings])


def dump(value: Any) -> str:
    """Return JSON that a log takes for nothing else."""
    return make_harmless(json.dumps(value, indent=2))
