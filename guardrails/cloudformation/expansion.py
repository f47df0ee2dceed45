"""Counts what Fn::ForEach would make of a template, before anything is made of it."""

import re
from collections.abc import Iterator
from typing import Any

from guardrails.judgement import Unreadable

MAX_RESOURCES = 500
"""CloudFormation's own limit for a template, after its loops."""
_MAX_NODES = 100_000
_LOOP = "Fn::ForEach"


def bound_expansion(template: dict[str, Any]) -> None:
    """Raise Unreadable for a template that CloudFormation would refuse for what it grows to."""
    longest = _find_longest(template)
    resources = template.get("Resources")
    if isinstance(resources, dict) and _count_resources(resources, longest) > MAX_RESOURCES:
        raise Unreadable(f"it has more than {MAX_RESOURCES} resources, its loops carried out")
    if _count_nodes(template, longest, {}) > _MAX_NODES:
        raise Unreadable(f"it has more than {_MAX_NODES:,} values, its loops carried out")


def _find_longest(template: dict[str, Any]) -> int:
    """Return the most items that a collection has of which a loop only has the name."""
    lengths = [2]
    parameters = template.get("Parameters")
    for parameter in parameters.values() if isinstance(parameters, dict) else ():
        if isinstance(parameter, dict):
            values = parameter.get("AllowedValues")
            texts = [parameter.get("Default"), *(values if isinstance(values, list) else [])]
            lengths += [str(text).count(",") + 1 for text in texts]
    mappings = template.get("Mappings")
    for mapping in mappings.values() if isinstance(mappings, dict) else ():
        for row in mapping.values() if isinstance(mapping, dict) else ():
            for value in row.values() if isinstance(row, dict) else ():
                lengths.append(len(value) if isinstance(value, list) else 1)
    return max(lengths)


def _count_resources(resources: dict[str, Any], longest: int) -> int:
    count = 0
    for name, resource in resources.items():
        if str(name).startswith(_LOOP) and _is_loop(resource):
            body = resource[2]
            inside = _count_resources(body, longest) if isinstance(body, dict) else 1
            count += _count_rounds(resource, longest) * inside
        else:
            count += 1
    return count


def _count_nodes(value: Any, longest: int, known: dict[int, int]) -> int:
    # An alias of YAML is one object in many places: it counts in each, and is counted once.
    if id(value) in known:
        return known[id(value)]
    count = 1
    if isinstance(value, dict):
        for name, item in value.items():
            inside = _count_nodes(item, longest, known)
            is_loop = str(name).startswith(_LOOP) and _is_loop(item)
            count += inside * _count_rounds(item, longest) if is_loop else inside
    elif isinstance(value, list):
        count += sum(_count_nodes(item, longest, known) for item in value)
    else:
        return 1
    known[id(value)] = count
    return count


def name_as_written(template: dict[str, Any], logical_id: str) -> str:
    """Return how a resource's id stands in the file, where a loop made it of a parameter.

    cfn-lint invents items for a list that only the deployment knows.
    """
    resources = template["Resources"]
    if logical_id not in resources:
        for written in _find_patterns(resources, []):
            # Every placeholder takes something; what stands around it has to be there.
            parts = re.split(r"[$&]\{[^}]*\}", written)
            if re.fullmatch(".+".join(map(re.escape, parts)), logical_id):
                return written
    return logical_id


def _find_patterns(body: dict[str, Any], unknown: list[str]) -> Iterator[str]:
    """Yield the ids in a loop's body that hold the item of a list known to the deployment alone."""
    for name, value in body.items():
        if str(name).startswith(_LOOP) and _is_loop(value):
            item, items, inside = value
            is_known = isinstance(items, list) or "Fn::FindInMap" in items
            if isinstance(inside, dict):
                yield from _find_patterns(inside, unknown if is_known else [*unknown, str(item)])
        elif any(f"{{{item}}}" in str(name) for item in unknown):
            yield str(name)


def _is_loop(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 3


def _count_rounds(loop: list[Any], longest: int) -> int:
    return len(loop[1]) if isinstance(loop[1], list) else longest
