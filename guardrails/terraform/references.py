"""Follows the references of a Terraform configuration to IAM users whose names are not known yet.

A list of references is not the expression: it tells which objects took part, not how. A local is a
dead end (the plan's JSON has none of them): where nothing beside it leads to a user, it stands for
itself and for every user within reach.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guardrails.terraform.holder import Holder, Holders
from guardrails.terraform.plan import Index, Module, ResourceInstance, TerraformPlan

USER = "aws_iam_user"
_INDEX = r'(?:\[(\d+|"(?:[^"\\]|\\.)*")\])?'
_MODULE = re.compile(rf"module\.([^.\[]+){_INDEX}(?:\.([^.\[]+))?")
_RESOURCE = re.compile(rf"((?:data\.)?[^.\[]+\.[^.\[]+){_INDEX}")
# Attributes by which other resources and data sources pass the name of their user on.
_PASSING = ("user", "user_name", "input")
_MAX_DEPTH = 64


@dataclass(frozen=True)
class ExpressionScope:
    """Where an expression stands: in which module, and under which each.key or count.index."""

    module: Module
    owner: dict[str, Any]
    index: Index


@dataclass
class References:
    """Follows references through one plan."""

    plan: TerraformPlan
    reach: dict[str, Holders] = field(default_factory=dict)

    @cached_property
    def users(self) -> dict[tuple[str, str], list[ResourceInstance]]:
        """The users that the code makes, by type and name and by module."""
        found = defaultdict[tuple[str, str], list[ResourceInstance]](list)
        for user in self.plan.list_type(USER):
            found[user.kind, user.module.address].append(user)
        return found

    def find_users(self, instance: ResourceInstance) -> Holders:
        """Return what the argument `user` of this instance may refer to."""
        place = ExpressionScope(instance.module, instance.config, instance.index)
        expression = instance.config.get("expressions", {}).get("user")
        found = self._follow(expression, place, _MAX_DEPTH)
        what = ",".join(_read_references(expression))
        if not what:
            # Without references it is a function's result, unlike any other; without its code
            # nothing tells it apart.
            what = instance.address if instance.config else "a user the plan does not show"
        return found or self._stop(what, place.module, instance.index)

    def _follow(self, expression: Any, place: ExpressionScope, depth: int) -> Holders:
        references = _read_references(expression)
        index = self._find_index(references, place)
        return self._settle(self._follow_one(ref, place, index, depth - 1) for ref in references)

    def _settle(self, found: Iterable[Holders]) -> Holders:
        """Return all that was found, without the dead ends if anything else leads to a user."""
        kept = list(found)
        sure = [targets for targets in kept if not any(each.is_dead_end for each in targets)]
        return frozenset().union(*sure) or frozenset().union(*kept)

    def _find_index(self, references: list[str], place: ExpressionScope) -> Index:
        """Return the index that an expression computes, as far as its references tell."""
        if any(reference in ("each.key", "count.index") for reference in references):
            return place.index
        for reference in references:
            if reference.startswith("each.value"):
                over = self._read_constant(place.owner.get("for_each_expression"), place.module)
                # Of a set the value is the key; of a map that is not known it may be.
                value = over.get(place.index) if isinstance(over, dict) else place.index
                value = _descend(value, reference.split(".")[2:])
                return value if isinstance(value, str | int) else place.index
        return None

    def _read_constant(self, expression: Any, module: Module) -> Any:
        """Return the value of an expression that is a constant or a variable, else None."""
        if not isinstance(expression, dict):
            return None
        if "constant_value" in expression:
            return expression["constant_value"]
        references = _read_references(expression)
        if len(references) != 1 or not references[0].startswith("var."):
            return None
        _, name, *path = references[0].split(".")
        if module.parent is None:
            return _descend(self.plan.variables.get(name, {}).get("value"), path)
        given = module.call.get("expressions", {}).get(name)
        return _descend(self._read_constant(given, module.parent), path)

    def _follow_one(
        self, reference: str, place: ExpressionScope, index: Index, depth: int
    ) -> Holders:
        """Return where one reference leads; `index` picks an instance where it names none."""
        head, _, rest = reference.partition(".")
        if depth < 0 or head == "local":
            return self._stop(reference, place.module, index)
        if head == "var":
            return self._follow_variable(re.split(r"[.\[]", rest)[0], place.module, depth)
        if head == "each" and rest.startswith("value"):
            over = _read_references(place.owner.get("for_each_expression"))
            return self._settle(self._follow_one(r, place, place.index, depth - 1) for r in over)
        if head == "module":
            return self._follow_output(reference, place, index, depth)
        if head in ("each", "count", "path", "terraform", "self"):
            return frozenset()
        return self._follow_resource(reference, place, index, depth)

    def _follow_variable(self, name: str, module: Module, depth: int) -> Holders:
        expression = module.call.get("expressions", {}).get(name)
        if module.parent is None or not _read_references(expression):
            return frozenset()
        return self._follow(
            expression, ExpressionScope(module.parent, module.call, module.index), depth
        )

    def _follow_output(
        self, reference: str, place: ExpressionScope, index: Index, depth: int
    ) -> Holders:
        match = _MODULE.match(reference)
        if match is None:
            return frozenset()
        name, static, output = match.groups()
        modules = [
            module
            for module in self.plan.modules.values()
            if module.parent is place.module and module.name == name
        ]
        found: Holders = frozenset()
        for module in _pick(modules, json.loads(static) if static else index):
            for key, value in module.config.get("outputs", {}).items():
                # Where the index moves, the reference ends before the output's name.
                expression = value.get("expression") if output in (None, key) else None
                if _read_references(expression):
                    found |= self._follow(expression, ExpressionScope(module, {}, None), depth)
        return found

    def _follow_resource(
        self, reference: str, place: ExpressionScope, index: Index, depth: int
    ) -> Holders:
        match = _RESOURCE.match(reference)
        if match is None:
            return frozenset()
        kind, static = match.groups()
        index = json.loads(static) if static else index
        if kind.startswith(f"{USER}."):
            users = self.users.get((kind, place.module.address), [])
            return frozenset(Holder(user.address) for user in _pick(users, index))
        config = place.module.resources.get(kind, {})
        found: Holders = frozenset()
        for attribute in _PASSING:
            expression = config.get("expressions", {}).get(attribute)
            if _read_references(expression):
                found |= self._follow(
                    expression, ExpressionScope(place.module, config, index), depth
                )
        return found

    def _stop(self, reference: str, module: Module, index: Index) -> Holders:
        """Return a name for what cannot be followed, and every user that it could still lead to."""
        place = f"{module.address} at {json.dumps(index)}"
        return frozenset({Holder(reference, place, is_dead_end=True)}) | self._read_reach(module)

    def _read_reach(self, module: Module) -> Holders:
        """Return the users that a local of this module could stand for."""
        if module.address not in self.reach:
            below = f"{module.address}." if module.address else ""
            # Of a user that exists everything is known: nothing unknown comes from it.
            users = [user for user in self.plan.list_type(USER) if "id" not in user.values]
            self.reach[module.address] = frozenset(
                Holder(user.address) for user in users if user.address.startswith(below)
            )
            for name in module.call.get("expressions", {}):
                self.reach[module.address] |= self._follow_variable(name, module, _MAX_DEPTH)
        return self.reach[module.address]


def _descend(value: Any, path: list[str]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _pick(candidates: list[Any], index: Index) -> list[Any]:
    """Return the candidate at this index, or all where the index does not single one out."""
    return [c for c in candidates if index is not None and c.index == index] or candidates


def _read_references(expression: Any) -> list[str]:
    """Return the references of an expression without those that only begin another one."""
    references = expression.get("references", []) if isinstance(expression, dict) else []
    return [
        reference
        for reference in references
        if not any(other.startswith((f"{reference}.", f"{reference}[")) for other in references)
    ]
