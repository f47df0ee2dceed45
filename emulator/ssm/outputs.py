"""Outputs of an Automation step: found in its answer by a selector, carried as lists of strings."""

import json
from typing import Any

MAX_ITEMS = 100


class OutputMissing(Exception):
    """A step's answer lacks a declared output, or has it in another type."""

    status = "Failed"
    stage = "Verifying output"


def select(answer: Any, selector: str) -> Any:
    """Return what a selector such as $.Payload.Keys finds; raises OutputMissing."""
    for name in selector.removeprefix("$").strip(".").split("."):
        if not isinstance(answer, dict) or answer.get(name) is None:
            raise OutputMissing(f"The selector {selector} finds nothing in the step's answer")
        answer = answer[name]
    return answer


def as_strings(name: str, kind: str, value: Any) -> list[str]:
    """Return an output as a list of strings; raises OutputMissing for a value of another type."""
    items = {"StringList": str, "MapList": dict}.get(kind)
    if items is not None:
        fits = isinstance(value, list) and all(isinstance(each, items) for each in value)
    else:
        types = {"Boolean": bool, "Integer": int, "String": str, "StringMap": dict}
        fits = isinstance(value, types[kind])
    if not fits:
        raise OutputMissing(f"The output {name} is no {kind}")
    texts = as_texts(value)
    if len(texts) > MAX_ITEMS:
        raise OutputMissing(f"The output {name} has more than {MAX_ITEMS} items")
    return texts


def as_texts(value: Any) -> list[str]:
    """Return a value as parameters and outputs carry it: a list of strings."""
    return [as_text(each) for each in (value if isinstance(value, list) else [value])]


def as_text(value: Any) -> str:
    """Return a value as SSM writes it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
