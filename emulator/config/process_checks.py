"""Process checks: rules of AWS whose results people put; moto's list of AWS's rules lacks them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.config import models

PROCESS_CHECK = "AWS_CONFIG_PROCESS_CHECK"


@contextmanager
def own_rules() -> Iterator[None]:
    """Let rules be process checks until the block ends."""
    known: dict[str, Any] = models.MANAGED_RULES_CONSTRAINTS
    known[PROCESS_CHECK] = {"Parameters": [], "Trigger type": "Periodic"}
    try:
        yield
    finally:
        del known[PROCESS_CHECK]
