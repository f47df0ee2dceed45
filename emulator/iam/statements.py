"""Statements of policies: whether one covers a request, and whether its conditions hold."""

from fnmatch import fnmatchcase
from typing import Any

_PATTERNS = ("ArnLike", "ArnEquals", "StringLike")
_EQUALS = ("StringEquals", "Bool")


def covers(patterns: str | list[str], text: str) -> bool:
    """Say whether one of these patterns, or the only one, covers an action or an ARN."""
    listed = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatchcase(text, pattern) for pattern in listed)


def meets_conditions(conditions: dict[str, dict[str, Any]], context: dict[str, str]) -> bool:
    """Say whether every condition of a statement holds; one on an unknown key does not."""
    known = {key.lower(): value for key, value in context.items()}
    for operator, wanted in conditions.items():
        for key, values in wanted.items():
            given = known.get(key.lower(), "")
            if operator in _PATTERNS:
                met = covers(values, given)
            else:
                met = operator in _EQUALS and given in (
                    [values] if isinstance(values, str) else values
                )
            if not met:
                return False
    return True
