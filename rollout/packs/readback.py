"""What stands in one account, read there: the rule AWS made of the pack, its runs, the function.

The rule's name ends in what AWS made up, so the pack in the account is asked for it first.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rollout.aws.session import Session
from rollout.errors import NotThere
from rollout.names import RULE

MAX_RULE_NAME = 64
"""Of the queries that the function makes by the rule's name (botocore's model)."""


@dataclass(frozen=True)
class DeployedRule:
    """The rule and the remediation of a pack in one account."""

    name: str
    source: str
    frequency: str
    parameters: Mapping[str, str]
    remediation: Mapping[str, Any] = field(default_factory=dict)


def read_pack_rule(session: Session, pack_name: str) -> DeployedRule:
    """Return the rule that a pack made in this account; three calls.

    Raises NotThere where the rule is not to be seen, and ClientError.
    """
    config = session.config
    name = read_rule_name(session, pack_name)
    rules = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
    if not rules:
        raise NotThere(f"AWS Config does not show the rule {name} yet.")
    rule = rules[0]
    remediations = config.describe_remediation_configurations(ConfigRuleNames=[name])[
        "RemediationConfigurations"
    ]
    details = rule["Source"].get("SourceDetails", [])
    frequency = next(
        (
            each["MaximumExecutionFrequency"]
            for each in details
            if "MaximumExecutionFrequency" in each
        ),
        "",
    )
    return DeployedRule(
        name=name,
        source=rule["Source"]["SourceIdentifier"],
        frequency=frequency or rule.get("MaximumExecutionFrequency", ""),
        parameters=json.loads(rule.get("InputParameters") or "{}"),
        remediation=remediations[0] if remediations else {},
    )


def read_rule_name(session: Session, pack_name: str) -> str:
    """Return the full name of our rule in a pack of this account."""
    pages = session.config.get_paginator("describe_conformance_pack_compliance").paginate(
        ConformancePackName=pack_name
    )
    names = [
        each["ConfigRuleName"]
        for page in pages
        for each in page["ConformancePackRuleComplianceList"]
        if each["ConfigRuleName"].startswith(RULE)
    ]
    if not names:
        raise NotThere(f"AWS Config shows no rule of the pack {pack_name} yet.")
    return names[0]


def compare_rule(rule: DeployedRule, meant: DeployedRule) -> list[tuple[str, str, str]]:
    """Return point by point what AWS made: the point, what was meant, what was found."""
    points = [
        ("rule name", f"{RULE}-..., at most {MAX_RULE_NAME} characters", rule.name),
        ("rule source", meant.source, rule.source),
        ("frequency", meant.frequency, rule.frequency),
    ]
    points += [
        (
            f"parameter {name}",
            meant.parameters.get(name, "(none)"),
            rule.parameters.get(name, "(missing)"),
        )
        for name in {**meant.parameters, **rule.parameters}
    ]
    if meant.remediation:
        points += [
            (
                f"remediation {name}",
                describe_value(value),
                describe_value(dig(rule.remediation, name)),
            )
            for name, value in flatten(meant.remediation)
        ]
    return points


def is_as_meant(point: tuple[str, str, str]) -> bool:
    """Is what was found what was meant?"""
    name, meant, found = point
    if name == "rule name":
        return found.startswith(f"{RULE}-") and len(found) <= MAX_RULE_NAME
    return meant == found


def describe_value(value: Any) -> str:
    """Return a value as one word."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return "(missing)" if value is None else str(value)


def flatten(remediation: Mapping[str, Any], path: str = "") -> list[tuple[str, Any]]:
    """Return the points of a remediation by dotted path: target, role, whether it is automatic."""
    points: list[tuple[str, Any]] = []
    for name, value in remediation.items():
        if isinstance(value, Mapping):
            points += flatten(value, f"{path}{name}.")
        elif name != "ConfigRuleName":
            points.append((path + name, value))
    return points


def dig(value: Any, path: str) -> Any:
    """Return what stands at a dotted path, None where nothing does."""
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
