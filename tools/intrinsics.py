"""Works out what CloudFormation's intrinsic functions in a template give, offline.

What only exists once a stack does (an ARN, an account's export) is UNKNOWN: it meets every bound.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Any

PSEUDO_PARAMETERS = {
    "AWS::AccountId": "111122223333",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackName": "stack",
}
NAMES = ("FunctionName", "LogGroupName", "RoleName", "AlarmName", "ConfigRuleName", "Name")
"""Properties that hold what a Ref to their resource gives."""


class Unknown(Enum):
    """The type of UNKNOWN, which is no value that a template could hold."""

    UNKNOWN = "known only to the stack"


UNKNOWN = Unknown.UNKNOWN


class NoValue(Enum):
    """The type of NO_VALUE: the property or the item is left out."""

    NO_VALUE = "AWS::NoValue"


NO_VALUE = NoValue.NO_VALUE


class NotResolvable(ValueError):
    """The template uses a function that is not known here, or refers to what it does not have."""


def choices(template: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield values for the parameters: the defaults, then each allowed value in its turn.

    A parameter without default and without allowed values is UNKNOWN.
    """
    slots = template.get("Parameters", {})
    usual = {name: slot.get("Default", UNKNOWN) for name, slot in slots.items()}
    yield usual
    for name, slot in slots.items():
        for value in slot.get("AllowedValues", ()):
            if value != usual[name]:
                yield usual | {name: value}


@dataclass(frozen=True)
class Resolver:
    """A template under certain values for its parameters."""

    template: Mapping[str, Any]
    parameters: Mapping[str, Any]

    def resolve(self, value: Any) -> Any:
        """Return a value of the template with its functions worked out. Raises NotResolvable."""
        if isinstance(value, list):
            items = [self.resolve(item) for item in value]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        pairs = [(name, self.resolve(part)) for name, part in value.items()]
        return {name: part for name, part in pairs if part is not NO_VALUE}

    def holds(self, condition: Any) -> bool:
        """Say whether a condition holds; what depends on UNKNOWN does not."""
        if isinstance(condition, str):
            condition = self.template.get("Conditions", {})[condition]
        ((name, argument),) = condition.items()
        if name == "Fn::Not":
            return not self.holds(argument[0])
        if name == "Fn::Equals":
            left, right = (self.resolve(side) for side in argument)
            return str(left) == str(right)
        raise NotResolvable(f"the condition function {name} is not known here")

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self._refer(argument)
        if name == "Fn::Sub" and isinstance(argument, str):
            return self._substitute(argument)
        if name == "Fn::If":
            condition, then, otherwise = argument
            return self.resolve(then if self.holds(condition) else otherwise)
        if name in ("Fn::GetAtt", "Fn::ImportValue"):
            return UNKNOWN
        raise NotResolvable(f"the function {name} is not known here")

    def _refer(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        for values in (PSEUDO_PARAMETERS, self.parameters):
            if name in values:
                return values[name]
        if name not in self.template["Resources"]:
            raise NotResolvable(f"{name} is no parameter and no resource of this template")
        properties = self.template["Resources"][name].get("Properties", {})
        named = [properties[key] for key in NAMES if key in properties]
        return self.resolve(named[0]) if named else UNKNOWN

    def _substitute(self, text: str) -> Any:
        names = re.findall(r"\$\{([^!}]+)\}", text)
        values = {name: UNKNOWN if "." in name else self._refer(name) for name in names}
        if UNKNOWN in values.values():
            return UNKNOWN
        return re.sub(r"\$\{([^!}]+)\}", lambda found: str(values[found[1]]), text)


def find_functions(value: Any) -> Iterator[str]:
    """Yield the names of all functions below a value, Ref among them."""
    if isinstance(value, list):
        yield from chain.from_iterable(map(find_functions, value))
    elif isinstance(value, dict):
        for name, part in value.items():
            if name == "Ref" or name.startswith("Fn::"):
                yield name
            yield from find_functions(part)
