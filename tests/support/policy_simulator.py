"""A small evaluator of IAM policy documents: identity policies and SCPs, offline.

It knows what this project's policies use, and raises on everything else: a simulator that skips
what it does not know would prove nothing. No well-kept library evaluates conditions offline. The
rules are those of the IAM User Guide, "Policy evaluation logic" and "Condition operators".
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

DENY = "explicit deny"
ALLOW = "allow"
IMPLICIT = "implicit deny"

Values = str | list[str]


class AuthorizationRequest(NamedTuple):
    """One call: its action, the ARN it is about, and what is known of it by condition key.

    A condition key that is missing from the context is absent from the request. A key with several
    values (aws:TagKeys) has a list, even of one or no value.
    """

    action: str
    resource: str
    context: Mapping[str, Values] = {}


def decide(policies: Iterable[Mapping[str, Any]], request: AuthorizationRequest) -> str:
    """Return DENY, ALLOW or IMPLICIT for the statements of all policies together."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in read_statements(policy)
        if _matches(statement, request)
    }
    if "Deny" in effects:
        return DENY
    return ALLOW if "Allow" in effects else IMPLICIT


def read_statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the statements of a policy; raise ValueError for an element unknown here."""
    if policy["Version"] != "2012-10-17" or policy.keys() - {"Version", "Id", "Statement"}:
        raise ValueError(f"not a policy of version 2012-10-17: {sorted(policy)}")
    statements: list[Mapping[str, Any]] = _listed(policy["Statement"])
    for statement in statements:
        known = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}
        if statement.keys() - known or statement["Effect"] not in ("Allow", "Deny"):
            raise ValueError(f"unknown element or effect in {statement}")
        for name in ("Action", "Resource"):
            if (name in statement) == (f"Not{name}" in statement):
                raise ValueError(f"{name} and Not{name}: exactly one is needed in {statement}")
    return statements


def _matches(statement: Mapping[str, Any], request: AuthorizationRequest) -> bool:
    context = {key.lower(): value for key, value in request.context.items()}
    return (
        _is_listed(statement, "Action", lambda p: _like(p.lower(), request.action.lower()))
        and _is_listed(
            statement, "Resource", lambda p: _is_arn(_fill(p, context), request.resource)
        )
        and all(
            _holds(operator, _listed(expected), context.get(key.lower()), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, expected in keys.items()
        )
    )


def _is_listed(statement: Mapping[str, Any], name: str, is_match: Callable[[str], bool]) -> bool:
    if name in statement:
        return any(map(is_match, _listed(statement[name])))
    return not any(map(is_match, _listed(statement[f"Not{name}"])))


def _holds(
    operator: str, expected: list[str], actual: Values | None, context: Mapping[str, Values]
) -> bool:
    """Tell whether one condition key meets one operator."""
    quantifier, _, rest = operator.rpartition(":")
    name = rest.removesuffix("IfExists")
    if name == "Null":
        return (actual is None) == (str(expected[0]).lower() == "true")
    if name not in _OPERATORS or quantifier not in ("", "ForAnyValue", "ForAllValues"):
        raise ValueError(f"condition operator {operator} is not known here")
    is_negated, compare = _OPERATORS[name]
    wanted = [_fill(value, context) for value in expected]

    def meets(value: str) -> bool:
        return any(compare(pattern, value) for pattern in wanted) != is_negated

    if actual is None and rest.endswith("IfExists"):
        return True
    if quantifier:
        values = [] if actual is None else _listed(actual)
        return any(map(meets, values)) if quantifier == "ForAnyValue" else all(map(meets, values))
    if actual is None:
        return is_negated
    if isinstance(actual, list):
        raise ValueError(f"{operator} meets several values: it needs ForAnyValue or ForAllValues")
    return meets(actual)


def _like(pattern: str, value: str) -> bool:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def _is_arn(pattern: str, value: str) -> bool:
    """Compare part by part: a wildcard never reaches over a colon of the first five."""
    if pattern == "*":
        return True
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) == 6 and all(map(_like, patterns, values))


def _fill(text: str, context: Mapping[str, Values]) -> str:
    """Put the values of policy variables in; a variable without a value matches nothing."""

    def find(match: re.Match[str]) -> str:
        value = context.get(match[1].lower())
        return value if isinstance(value, str) else "\0"

    return re.sub(r"\$\{([^}]+)\}", find, text)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _equals_ignoring_case(pattern: str, value: str) -> bool:
    return pattern.lower() == value.lower()


_OPERATORS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (False, str.__eq__),
    "StringNotEquals": (True, str.__eq__),
    "StringEqualsIgnoreCase": (False, _equals_ignoring_case),
    "StringNotEqualsIgnoreCase": (True, _equals_ignoring_case),
    "StringLike": (False, _like),
    "StringNotLike": (True, _like),
    "ArnEquals": (False, _is_arn),
    "ArnLike": (False, _is_arn),
    "ArnNotEquals": (True, _is_arn),
    "ArnNotLike": (True, _is_arn),
    "Bool": (False, _equals_ignoring_case),
}
