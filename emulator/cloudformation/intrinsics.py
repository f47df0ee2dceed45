"""CloudFormation's intrinsic functions, as far as a conformance pack uses them.

A pack becomes a stack in each account, so its template is read there: with the account's own
pseudo parameters and exports.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml
from moto.cloudformation.utils import yaml_tag_constructor


class Unresolved(Exception):
    """A reference that means nothing in this account; the text is CloudFormation's."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, `!Ref` and the like."""


_Loader.add_multi_constructor("!", lambda loader, tag, node: _construct(loader, f"!{tag}", node))


def _construct(loader: Any, tag: str, node: Any) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return {"Fn::" + tag[1:]: loader.construct_sequence(node, deep=True)}
    if isinstance(node, yaml.MappingNode):
        return {"Fn::" + tag[1:]: loader.construct_mapping(node, deep=True)}
    return yaml_tag_constructor(loader, tag, node)


@cache
def load_template(text: str) -> dict[str, Any]:
    """Return a template with every function in its long form; nobody may change it."""
    loaded = yaml.load(text, _Loader)
    return loaded if isinstance(loaded, dict) else {}


class Reader:
    """Resolves the values of one template in one account."""

    def __init__(
        self,
        template: Mapping[str, Any],
        parameters: Mapping[str, str],
        pseudo: Mapping[str, str],
        exports: Mapping[str, str],
    ) -> None:
        defaults = {
            name: str(declared["Default"])
            for name, declared in (template.get("Parameters") or {}).items()
            if "Default" in declared
        }
        self.names = {**defaults, **parameters, **pseudo}
        self.exports = exports
        self.conditions = template.get("Conditions") or {}

    def resolve(self, value: Any) -> Any:
        """Return `value` without functions; AWS::NoValue is None and leaves its property out."""
        if isinstance(value, list):
            return [self.resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((function, argument),) = value.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._call(function, argument)
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not None}

    def holds(self, condition: str) -> bool:
        """Does a condition of the template hold?"""
        return bool(self.resolve(self.conditions[condition]))

    def _call(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return None if argument == "AWS::NoValue" else self._name(argument)
            case "Fn::Sub":
                return re.sub(r"\$\{([^!}]+)}", lambda found: self._name(found[1]), argument)
            case "Fn::If":
                condition, yes, no = argument
                return self.resolve(yes if self.holds(condition) else no)
            case "Fn::Equals":
                left, right = self.resolve(argument)
                return str(left) == str(right)
            case "Fn::Not":
                return not self.resolve(argument)[0]
            case "Fn::ImportValue":
                name = self.resolve(argument)
                if name not in self.exports:
                    raise Unresolved(f"No export named {name} found.")
                return self.exports[name]
        raise Unresolved(f"Template error: {function} is not emulated.")

    def _name(self, name: str) -> str:
        try:
            return self.names[name]
        except KeyError:
            raise Unresolved(f"Unresolved resource dependencies [{name}] in the template") from None
