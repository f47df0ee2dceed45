"""The parameters of an Automation document, checked as SSM checks them before anything starts.

They travel as lists of strings, whatever their type. The code of every refusal is SSM's; the
sentences are ours, as AWS publishes none.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from moto.ssm.exceptions import SSMException


class ParametersRefused(SSMException):
    """The execution does not start: a parameter is unknown, missing or not allowed."""

    code = "InvalidAutomationExecutionParametersException"


def check_parameters(
    slots: Mapping[str, Mapping[str, Any]], given: Mapping[str, list[str]]
) -> dict[str, Any]:
    """Return the value of each parameter in its own type; raise ParametersRefused."""
    if unknown := sorted(set(given) - set(slots)):
        raise ParametersRefused(f"The document has no parameter {', '.join(unknown)}.")
    values = dict[str, Any]()
    for name, slot in slots.items():
        if name in given:
            values[name] = read_value(name, slot["type"], given[name])
        elif "default" in slot:
            values[name] = slot["default"]
        else:
            raise ParametersRefused(f"The parameter {name} has no default and was not given.")
        check_value(name, slot, values[name])
    return values


def read_value(name: str, kind: str, texts: list[str]) -> Any:
    """Return what a list of strings says as a parameter of this type."""
    if kind == "StringList":
        return list(texts)
    try:
        if kind == "MapList":
            return [json.loads(text) for text in texts]
        (text,) = texts
        if kind == "Boolean":
            return {"true": True, "false": False}[text.lower()]
        if kind == "Integer":
            return int(text)
        return json.loads(text) if kind == "StringMap" else text
    except (ValueError, KeyError):
        raise ParametersRefused(f"The value of parameter {name} is no {kind}.") from None


def check_value(name: str, slot: Mapping[str, Any], value: Any) -> None:
    """Raise ParametersRefused for a value that the document does not allow."""
    for each in value if isinstance(value, list) else [value]:
        if "allowedValues" in slot and each not in slot["allowedValues"]:
            raise ParametersRefused(
                f"The value of parameter {name} is none of {slot['allowedValues']}."
            )
        if "allowedPattern" in slot and not re.search(slot["allowedPattern"], str(each)):
            raise ParametersRefused(
                f"The value of parameter {name} does not match {slot['allowedPattern']}."
            )
