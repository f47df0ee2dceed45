"""Names what a template does not show: what is made elsewhere, or by code."""

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from guardrails.judgement import Note

KEY = "AWS::IAM::AccessKey"
# Macros of AWS's own whose work is known: cfn-lint carries out the first two.
_KNOWN_MACROS = frozenset(
    {
        "AWS::LanguageExtensions",
        "AWS::Serverless-2016-10-31",
        "AWS::CodeDeployBlueGreen",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
    }
)
_ELSEWHERE = {
    "AWS::CloudFormation::Stack": "is a nested stack: its template is checked on its own",
    "AWS::Serverless::Application": "is a nested application: its template is checked on its own",
    "AWS::CloudFormation::StackSet": "is a StackSet whose template is not in this file",
    "AWS::ServiceCatalog::CloudFormationProduct": "is a product whose template is not in this file",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct": "is a product whose template is not"
    " in this file",
    "AWS::CloudFormation::CustomResource": "is a custom resource: what its code makes is not seen",
}


def find_unseen_in_template(template: dict[str, Any], text: str, file: str) -> list[Note]:
    """Return a note for each thing in a template behind which a key could be made."""
    found = [*_find_macros(template), *_find_resources(template)]
    return [Note(file, find_line(text, name), what) for name, what in found]


def find_line(text: str, name: str) -> int:
    """Return the line on which a name stands as a key, 1 where there is none."""
    match = re.search(rf'^[ \t{{,"\']*{re.escape(name)}["\']?\s*:', text, flags=re.MULTILINE)
    match = match or re.search(rf'"{re.escape(name)}"\s*:', text)
    return text.count("\n", 0, match.end()) + 1 if match else 1


def _find_macros(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    declared = template.get("Transform")
    for macro in declared if isinstance(declared, list) else [declared]:
        name = macro.get("Name") if isinstance(macro, dict) else macro
        if name is not None and name not in _KNOWN_MACROS:
            yield "Transform", _tell_macro(macro)
    for used in _find_functions(template, "Fn::Transform"):
        for macro in used if isinstance(used, list) else [used]:
            yield "Fn::Transform", _tell_macro(macro)


def _tell_macro(macro: Any) -> str:
    name = macro.get("Name") if isinstance(macro, dict) else macro
    if name != "AWS::Include":
        return f"the macro {name} may change this template: what it makes is not seen"
    parameters = macro.get("Parameters") if isinstance(macro, dict) else None
    location = parameters.get("Location") if isinstance(parameters, dict) else None
    return f"an include of {location}: what it brings is not seen"


def _find_resources(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    resources = template.get("Resources")
    for name, resource in resources.items() if isinstance(resources, dict) else ():
        kind = str(resource.get("Type")) if isinstance(resource, dict) else ""
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        if kind.startswith("Custom::"):
            kind = "AWS::CloudFormation::CustomResource"
        if kind in _ELSEWHERE and not has_body(properties):
            yield str(name), f"{name} {_ELSEWHERE[kind]}"
        elif kind.endswith("::MODULE"):
            yield str(name), f"{name} is a module: what it makes is not seen"
        elif kind == KEY and isinstance(properties, dict):
            yield from _find_foreign_user(str(name), properties.get("UserName"))


def has_body(properties: Any) -> bool:
    """Tell whether a stack or StackSet carries its template itself."""
    return isinstance(properties, dict) and any(True for _ in read_bodies(properties))


def read_bodies(properties: dict[str, Any]) -> Iterator[Any]:
    """Yield each template that a StackSet can carry, as text or as a mapping."""
    left = [properties.get("TemplateBody")]
    while left:
        body = left.pop()
        name, argument = "", None
        if isinstance(body, dict) and _is_function(body):
            name, argument = next(iter(body.items()))
        if name == "Fn::If" and isinstance(argument, list):
            left += argument[:0:-1]
        elif name == "Fn::Join" and isinstance(argument, list) and _is_text(argument):
            yield argument[0].join(argument[1])
        elif name == "Fn::Sub":
            left.append(argument[0] if isinstance(argument, list) and argument else argument)
        elif name == "Fn::ToJsonString":
            left.append(argument)
        elif not name and isinstance(body, str | dict):
            yield body


def _is_function(value: dict[str, Any]) -> bool:
    return len(value) == 1 and str(next(iter(value))).startswith(("Fn::", "Ref"))


def _is_text(argument: list[Any]) -> bool:
    parts = argument[1] if len(argument) == 2 else None
    return isinstance(parts, list) and all(isinstance(p, str) for p in (argument[0], *parts))


def _find_foreign_user(name: str, user: Any) -> Iterator[tuple[str, str]]:
    if any(True for _ in _find_functions(user, "Fn::ImportValue")):
        yield name, f"the user of {name} is imported from another stack: it is not seen here"
    for attribute in _find_functions(user, "Fn::GetAtt"):
        path = ".".join(map(str, attribute)) if isinstance(attribute, list) else str(attribute)
        if ".Outputs." in path:
            yield name, f"the user of {name} is the output {path}: it is not seen here"


def _find_functions(value: Any, function: str) -> Iterator[Any]:
    """Yield the argument of each use of a function; an alias of YAML is looked into once."""
    left: deque[Any] = deque([value])
    seen: set[int] = set()
    while left:
        node = left.popleft()
        if not isinstance(node, dict | list) or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, dict):
            if function in node:
                yield node[function]
            left += node.values()
        else:
            left += node
