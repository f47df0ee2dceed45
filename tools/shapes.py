"""Checks values against the input shapes of AWS's APIs, as botocore's service models have them.

botocore itself checks types and minima before it sends a call; enums, maxima and patterns it leaves
to AWS. cfn-lint knows them for some types and not for those of AWS Config.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape

from tools.intrinsics import UNKNOWN

SHOWN = 60
"""Characters of a value that a fault shows."""


class Violation(NamedTuple):
    """A value that AWS would refuse: where it stands, and what is wrong in words."""

    place: tuple[str | int, ...]
    fault: str


@cache
def load_shape(service: str, operation: str) -> StructureShape:
    """Return the input of an operation."""
    model = botocore.session.Session().get_service_model(service)
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    return shape


def find_violations(
    shape: Shape, value: Any, place: tuple[str | int, ...] = ()
) -> Iterator[Violation]:
    """Yield what is wrong with a value of this shape; UNKNOWN is right."""
    if value is UNKNOWN:
        return
    if isinstance(shape, StructureShape):
        yield from _check_structure(shape, value, place)
    elif isinstance(shape, ListShape):
        if not isinstance(value, list):
            yield Violation(place, f"is {show(value)}; give a list.")
            return
        yield from _check_size(shape, len(value), "items", place)
        for number, item in enumerate(value):
            yield from find_violations(shape.member, item, (*place, number))
    elif isinstance(shape, MapShape):
        if not isinstance(value, dict):
            yield Violation(place, f"is {show(value)}; give a mapping.")
            return
        yield from _check_size(shape, len(value), "items", place)
        for name, item in value.items():
            yield from find_violations(shape.key, name, (*place, name))
            yield from find_violations(shape.value, item, (*place, name))
    elif shape.type_name == "string":
        yield from _check_text(shape, value, place)
    elif shape.type_name == "boolean":
        if str(value).lower() not in ("true", "false"):
            yield Violation(place, f"is {show(value)}; give true or false.")
    elif shape.type_name in ("integer", "long", "double", "float"):
        yield from _check_number(shape, value, place)


def show(value: Any) -> str:
    """Return a value as a fault shows it, cut where it is long."""
    text = json.dumps(value, default=str)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def _check_structure(
    shape: StructureShape, value: Any, place: tuple[str | int, ...]
) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield Violation(place, f"is {show(value)}; give a mapping.")
        return
    for name in shape.required_members:
        if name not in value:
            yield Violation(place, f"has no {name}; it is required.")
    for name, item in value.items():
        if name in shape.members:
            yield from find_violations(shape.members[name], item, (*place, name))
        else:
            known = ", ".join(shape.members)
            yield Violation((*place, name), f"is not known to AWS; known are {known}.")


def _check_text(shape: Shape, value: Any, place: tuple[str | int, ...]) -> Iterator[Violation]:
    # CloudFormation sends a document as text, and writes numbers and booleans as text.
    if isinstance(value, list):
        yield Violation(place, f"is {show(value)}; give a text.")
        return
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    allowed = shape.metadata.get("enum")
    pattern = shape.metadata.get("pattern")
    if allowed and text not in allowed:
        yield Violation(place, f"is {show(value)}; give {' or '.join(allowed)}.")
    elif pattern and not re.fullmatch(pattern, text):
        yield Violation(place, f"is {show(value)}; give a text that matches {pattern}.")
    yield from _check_size(shape, len(text), "characters", place)


def _check_number(shape: Shape, value: Any, place: tuple[str | int, ...]) -> Iterator[Violation]:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        yield Violation(place, f"is {show(value)}; give a number.")
        return
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and float(value) < least) or (most is not None and float(value) > most):
        yield Violation(place, f"is {show(value)}; give {describe_range(least, most)}.")


def _check_size(
    shape: Shape, size: int, unit: str, place: tuple[str | int, ...]
) -> Iterator[Violation]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if (least is not None and size < least) or (most is not None and size > most):
        yield Violation(place, f"has {size:,} {unit}; give {describe_range(least, most)}.")


def describe_range(least: int | None, most: int | None) -> str:
    """Return a range in words that complete "give ..."."""
    if most is None:
        return f"at least {least:,}"
    return f"at most {most:,}" if least is None else f"{least:,} to {most:,}"
