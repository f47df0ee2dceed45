"""What a text is, seen without cfn-lint: parsed once and fast, its tags as CloudFormation's names.

cfn-lint takes seconds for a megabyte of YAML, and most YAML is no template at all.
"""

from typing import Any

import yaml

from guardrails.content import mentions_key
from guardrails.judgement import NEITHER, Foreign, Unreadable

_MAX_DEPTH = 500
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_LOADER):  # type: ignore[misc] # the base is chosen when the module is loaded
    """Takes every tag: !Ref is the key Ref, any other !Name the key Fn::Name."""


def _construct_tag(loader: Any, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _construct_tag)


def read_structure(text: str) -> Any:
    """Return a YAML document as plain values.

    What cannot be parsed is Unreadable where an access key stands in it, else Foreign.
    """
    try:
        _bound_depth(text)
        return yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise refuse(text, _tell(error)) from error
    # A date that is none, a key that is a list.
    except (ValueError, TypeError) as error:
        raise refuse(text, str(error)) from error


def _tell(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error)
    return f"line {mark.line + 1}: {problem}" if mark else " ".join(problem.split())


def _bound_depth(text: str) -> None:
    """Raise for YAML that is nested so deep that building it would exhaust the C stack."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise refuse(text, f"it is nested more than {_MAX_DEPTH} levels deep")


def refuse(text: str, reason: str) -> Unreadable:
    """Return Unreadable for a text in which an access key may be hidden, else Foreign."""
    if mentions_key(text):
        return Unreadable(reason)
    return Foreign(f"{NEITHER} ({reason})")


def may_be_template(text: str) -> bool:
    """Tell whether it is worth parsing a text."""
    return "Resources" in text and ("Type" in text or "Fn::Transform" in text)


def is_template(document: Any) -> bool:
    """Tell whether a document has a mapping of Resources with types of CloudFormation's form."""
    resources = document.get("Resources") if isinstance(document, dict) else None
    return isinstance(resources, dict) and any(
        str(name).startswith(("Fn::ForEach::", "Fn::Transform"))
        or (isinstance(resource, dict) and "::" in str(resource.get("Type")))
        for name, resource in resources.items()
    )
