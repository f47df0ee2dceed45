"""What botocore's model of a service says an input may be, checked as the service checks it.

botocore itself checks types and required members only; enums, lengths, ranges and patterns are left
to the service, and moto leaves them out.
"""

import re
from collections.abc import Iterator
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from emulator.gateway.calls import Call, find_model


def find_input_fault(call: Call) -> tuple[str, str] | None:
    """Return the code and the text with which a service refuses a call's input, or None."""
    model = find_model(call.service)
    shape = model.operation_model(call.operation).input_shape
    fault = next(find_invalid(shape, call.parameters, ""), None) if shape else None
    code = "ValidationError" if model.protocol == "query" else "ValidationException"
    return (code, f"1 validation error detected: {fault}") if fault else None


def find_invalid(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """Give every way in which a value is not what its shape allows, in AWS's words."""
    if isinstance(shape, StructureShape):
        for name in shape.required_members:
            if value.get(name) is None:
                yield f"Value at '{_join(path, name)}' failed to satisfy constraint: not null"
        for name, member in shape.members.items():
            if value.get(name) is not None:
                yield from find_invalid(member, value[name], _join(path, name))
        return
    failed = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must"
    if isinstance(shape, ListShape | MapShape) or isinstance(value, str):
        if len(value) < shape.metadata.get("min", 0):
            yield f"{failed} have length greater than or equal to {shape.metadata['min']}"
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{failed} have length less than or equal to {shape.metadata['max']}"
    elif isinstance(value, int):
        if value < shape.metadata.get("min", value):
            yield f"{failed} have value greater than or equal to {shape.metadata['min']}"
        if value > shape.metadata.get("max", value):
            yield f"{failed} have value less than or equal to {shape.metadata['max']}"
    if isinstance(shape, ListShape):
        for place, each in enumerate(value, 1):
            yield from find_invalid(shape.member, each, f"{path}.{place}.member")
    elif isinstance(shape, MapShape):
        for key, each in value.items():
            yield from find_invalid(shape.key, key, f"{path}.{key}.key")
            yield from find_invalid(shape.value, each, f"{path}.{key}.value")
    elif isinstance(value, str):
        enum = shape.metadata.get("enum")
        if enum and value not in enum:
            yield f"{failed} satisfy enum value set: [{', '.join(enum)}]"
        pattern = shape.metadata.get("pattern")
        # Java's classes such as \p{L} are none that Python knows; those patterns are left out.
        if pattern and "\\p" not in pattern and not re.search(pattern, value):
            yield f"{failed} satisfy regular expression pattern: {pattern}"


def read_template_value(shape: Shape, value: Any) -> Any:
    """Return what a template says for this shape, where numbers and flags may be texts.

    Raises ValueError for a text that is no such number, and for names that the shape does not have.
    """
    if isinstance(shape, StructureShape):
        if unknown := sorted(set(value) - set(shape.members)):
            raise ValueError(f"extraneous key [{', '.join(unknown)}] is not permitted")
        return {
            name: read_template_value(shape.members[name], each) for name, each in value.items()
        }
    if isinstance(shape, MapShape):
        return {name: read_template_value(shape.value, each) for name, each in value.items()}
    if isinstance(shape, ListShape):
        return [read_template_value(shape.member, each) for each in value]
    if shape.type_name == "boolean":
        return {"true": True, "false": False}[str(value).lower()]
    return int(value) if shape.type_name in ("integer", "long") else str(value)


def _join(path: str, name: str) -> str:
    lowered = name[0].lower() + name[1:]
    return f"{path}.{lowered}" if path else lowered
