"""Days as people write them: 2026-12-31, and none of ISO 8601's other forms.

Python's own reader also takes 20261231 and 2026-W53-4, which nobody would read as a date.
"""

import re
from datetime import date


def parse_day(text: str) -> date | None:
    """Return the day, None for what is none."""
    try:
        return date.fromisoformat(text if re.fullmatch("[0-9-]{10}", text) else "")
    except ValueError:
        return None
