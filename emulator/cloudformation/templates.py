"""Templates, read once: hundreds of accounts make the same stack."""

from functools import lru_cache
from typing import Any

from moto.cloudformation.models import Stack


@lru_cache(maxsize=16)
def read_template(text: str) -> dict[str, Any]:
    """Return a template, parsed; nobody may change it."""
    parsed: dict[str, Any] = Stack.parse_template(text)
    return parsed
