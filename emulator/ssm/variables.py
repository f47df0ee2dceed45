"""Variables of an Automation document: which it names, and the document with their values.

AWS says of no place that it is left out, so `{{ name }}` is replaced everywhere, inside a script as
well (M). A text that is one variable and nothing else becomes the variable's value, of any type.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from emulator.ssm.outputs import as_text

_REFERENCE = re.compile(r"\{\{\s*([\w.:-]+)\s*\}\}")


def find_references(value: Any) -> Iterator[str]:
    """Give the name of every variable in a document or a part of it."""
    if isinstance(value, Mapping):
        for each in value.values():
            yield from find_references(each)
    elif isinstance(value, list):
        for each in value:
            yield from find_references(each)
    elif isinstance(value, str):
        yield from _REFERENCE.findall(value)


def substitute(value: Any, values: Mapping[str, Any]) -> Any:
    """Return a part of a document with the variables replaced; those without a value stay."""
    if isinstance(value, Mapping):
        return {key: substitute(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [substitute(each, values) for each in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value.strip())
    if whole and whole[1] in values:
        return values[whole[1]]
    return _REFERENCE.sub(lambda found: as_text(values.get(found[1], found[0])), value)
