"""Templates, read once, as hundreds of accounts make the same stack; and their parameters."""

import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from moto.cloudformation.models import Stack

_parse: Any = Stack.parse_template


@contextmanager
def own_parsing() -> Iterator[None]:
    """Let moto parse each text once until the block ends; template.yaml takes it 20 ms of CPU."""
    patched: Any = Stack
    patched.parse_template = staticmethod(lambda text: pickle.loads(_keep(text)))  # noqa: S301
    try:
        yield
    finally:
        patched.parse_template = staticmethod(_parse)


@lru_cache(maxsize=16)
def _keep(text: str) -> bytes:
    """Return a template so that everybody can have one of his own, as moto changes what it has."""
    return pickle.dumps(_parse(text))


@lru_cache(maxsize=16)
def parse_template(text: str) -> dict[str, Any]:
    """Return a template, parsed; nobody may change it."""
    parsed: dict[str, Any] = _parse(text)
    return parsed


def find_parameter_fault(template: dict[str, Any], given: dict[str, Any]) -> str | None:
    """Return CloudFormation's complaint about the parameters of a stack, or None."""
    slots = template.get("Parameters", {})
    if surplus := sorted(set(given) - set(slots)):
        return f"Parameters: [{', '.join(surplus)}] do not exist in the template"
    for name, slot in slots.items():
        if name not in given and "Default" not in slot:
            return f"Parameters: [{name}] must have values"
        value = str(given.get(name, slot.get("Default")))
        said = slot.get("ConstraintDescription")
        if "AllowedValues" in slot and value not in map(str, slot["AllowedValues"]):
            allowed = ", ".join(map(str, slot["AllowedValues"]))
            return f"Parameter '{name}' must be one of AllowedValues: [{allowed}]"
        if "AllowedPattern" in slot and not re.search(slot["AllowedPattern"], value):
            return f"Parameter '{name}' {said or 'must match pattern ' + slot['AllowedPattern']}"
        if len(value) < int(slot.get("MinLength", 0)):
            return f"Parameter '{name}' must contain at least {slot['MinLength']} characters"
        if slot["Type"] == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", value):
            return f"Parameter '{name}' must be a number"
        if slot["Type"] == "Number":
            least, most = float(slot.get("MinValue", value)), float(slot.get("MaxValue", value))
            if not least <= float(value) <= most:
                return f"Parameter '{name}' must be a number not outside of its range"
    return None
