"""What the statements of service control policies deny, whatever their order or form; pure.

Deny statements alone are judged. A condition that this page does not know makes the answer
UNCLEAR, never DENIED. Rules: IAM User Guide, "Policy evaluation logic", "Condition operators" and
"Global condition context keys". No kept library evaluates conditions without AWS.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

from botocore.utils import ArnParser

from rollout.organization.control_policies import ControlPolicy

TAG_KEYS = "aws:tagkeys"


class Answer(IntEnum):
    """Whether a request is denied, the surest last."""

    OPEN = 0
    UNCLEAR = 1
    DENIED = 2


@dataclass(frozen=True)
class Attempt:
    """One request that is to be denied: by whom, what, on what, with which tag keys."""

    action: str
    resource: str
    principal: str
    tag_keys: tuple[str, ...] = ()

    @property
    def context(self) -> Mapping[str, tuple[str, ...]]:
        """What is known of it, by condition key in lower case; a key without values is absent."""
        account = ArnParser().parse_arn(self.principal)["account"]
        return {
            "aws:principalarn": (self.principal,),
            "aws:principalaccount": (account,),
            "aws:resourceaccount": (account,),
            "aws:principalisawsservice": ("false",),
            "aws:viaawsservice": ("false",),
            TAG_KEYS: self.tag_keys,
        }


def judge_attempt(policies: Iterable[ControlPolicy], attempt: Attempt) -> tuple[Answer, str]:
    """Return whether these policies deny it and, where that is unclear, what makes it so."""
    best, why = Answer.OPEN, ""
    for policy in policies:
        for statement in read_denials(policy.content):
            answer, about = _judge_statement(statement, attempt)
            if answer > best:
                best, why = answer, f"{policy}: {about} is not judged here" if about else ""
        if best is Answer.DENIED:
            break
    return best, why


@cache
def read_denials(content: str) -> tuple[Mapping[str, Any], ...]:
    """Return the Deny statements of a policy."""
    statements = json.loads(content).get("Statement", [])
    return tuple(each for each in listed(statements) if each.get("Effect") == "Deny")


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and anything else in one: policies may have either."""
    return value if isinstance(value, list) else [value]


def _judge_statement(statement: Mapping[str, Any], attempt: Attempt) -> tuple[Answer, str]:
    action = attempt.action.lower()
    if not _names(statement, "Action", lambda each: like(each.lower(), action)):
        return Answer.OPEN, ""
    texts = [*listed(statement.get("Resource", [])), *listed(statement.get("NotResource", []))]
    if not _names(statement, "Resource", lambda each: is_arn_like(each, attempt.resource)):
        return Answer.OPEN, ""
    unclear = "a policy variable" if any("${" in each for each in texts) else ""
    context = attempt.context
    for operator, keys in statement.get("Condition", {}).items():
        for key, expected in keys.items():
            held = _holds(operator, key.lower(), listed(expected), context)
            if held is None:
                unclear = unclear or f"{operator} {key}"
            elif not held:
                return Answer.OPEN, ""
    return (Answer.UNCLEAR, unclear) if unclear else (Answer.DENIED, "")


def _names(statement: Mapping[str, Any], element: str, matches: Callable[[str], bool]) -> bool:
    if f"Not{element}" in statement:
        return not any(map(matches, listed(statement[f"Not{element}"])))
    return any(map(matches, listed(statement.get(element, []))))


def _holds(
    operator: str, key: str, expected: list[Any], context: Mapping[str, tuple[str, ...]]
) -> bool | None:
    """Tell whether a request meets one condition; None for what is not known here."""
    quantifier, _, rest = operator.lower().rpartition(":")
    name = rest.removesuffix("ifexists")
    if key not in context or any("${" in str(each) for each in expected):
        return None
    actual, wanted = context[key], [str(each) for each in expected]
    if name == "null":
        return (wanted[0].lower() == "true") is not bool(actual)
    if name not in COMPARE or quantifier not in ("", "foranyvalue", "forallvalues"):
        return None
    negated, compare = COMPARE[name]

    def meets(value: str) -> bool:
        return any(compare(each, value) for each in wanted) is not negated

    if not actual and rest != name:
        return True
    if quantifier == "foranyvalue":
        return any(map(meets, actual))
    if quantifier == "forallvalues":
        return all(map(meets, actual))
    if key == TAG_KEYS:
        # Several values without a quantifier: AWS does not say what that means.
        return None
    return all(map(meets, actual)) if actual else negated


@cache
def _compile(pattern: str) -> re.Pattern[str]:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile("".join(parts), re.DOTALL)


def like(pattern: str, value: str) -> bool:
    """Does a value match a pattern of * and ?"""
    return _compile(pattern).fullmatch(value) is not None


def is_arn_like(pattern: str, value: str) -> bool:
    """Does an ARN match, part by part? A wildcard reaches over no colon of the first five."""
    if pattern == "*":
        return True
    patterns, values = pattern.split(":", 5), value.split(":", 5)
    return len(patterns) == len(values) == 6 and all(map(like, patterns, values))


def _equals(wanted: str, value: str) -> bool:
    return wanted == value


def _equals_in_any_case(wanted: str, value: str) -> bool:
    return wanted.lower() == value.lower()


COMPARE: Mapping[str, tuple[bool, Callable[[str, str], bool]]] = {
    "stringequals": (False, _equals),
    "stringnotequals": (True, _equals),
    "stringequalsignorecase": (False, _equals_in_any_case),
    "stringnotequalsignorecase": (True, _equals_in_any_case),
    "stringlike": (False, like),
    "stringnotlike": (True, like),
    "arnequals": (False, is_arn_like),
    "arnlike": (False, is_arn_like),
    "arnnotequals": (True, is_arn_like),
    "arnnotlike": (True, is_arn_like),
    "bool": (False, _equals_in_any_case),
}
"""By operator in lower case: whether it says "not", and how one value compares."""
