"""What stands in one account, read there: the rule AWS made of the pack, its runs, the function.

The rule's name ends in what AWS made up, so the pack in the account is asked for it first.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from rollout.aws.session import Session
from rollout.names import DOCUMENT, FUNCTION, RULE
from rollout.packs.template import Pack

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


@dataclass(frozen=True)
class Health:
    """How the rule has run: times are None where Config has none on record."""

    last_success: datetime | None
    last_failure: datetime | None
    failure: str
    errors: int
    """Of the function in the last day."""
    runbook: str
    """The default version of the runbook, with the latest one where they differ; "" for none."""


def read_rule(session: Session, pack_name: str) -> DeployedRule:
    """Return the rule that a pack made in this account; three calls.

    Raises ClientError where the pack or the rule is not there.
    """
    config = session.config
    name = read_rule_name(session, pack_name)
    (rule,) = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
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
    (name,) = [
        each["ConfigRuleName"]
        for page in pages
        for each in page["ConformancePackRuleComplianceList"]
        if each["ConfigRuleName"].startswith(RULE)
    ]
    return name


def compare_rule(rule: DeployedRule, pack: Pack, meant: DeployedRule) -> list[tuple[str, str, str]]:
    """Return point by point what AWS made: the point, what was meant, what was found."""
    points = [
        ("rule name", f"{RULE}-..., at most {MAX_RULE_NAME} characters", rule.name),
        ("rule source", meant.source, rule.source),
        ("frequency", meant.frequency, rule.frequency),
    ]
    points += [
        (f"parameter {name}", value, rule.parameters.get(name, "(missing)"))
        for name, value in meant.parameters.items()
    ]
    if meant.remediation:
        points += [
            (f"remediation {name}", describe(value), describe(dig(rule.remediation, name)))
            for name, value in flatten(meant.remediation)
        ]
    return points


def is_as_meant(point: tuple[str, str, str]) -> bool:
    """Is what was found what was meant?"""
    name, meant, found = point
    if name == "rule name":
        return found.startswith(f"{RULE}-") and len(found) <= MAX_RULE_NAME
    return meant == found


def describe(value: Any) -> str:
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


def read_health(session: Session, pack_name: str) -> Health:
    """Return how the rule and the function have run in this account; four calls."""
    config = session.config
    name = read_rule_name(session, pack_name)
    (status,) = config.describe_config_rule_evaluation_status(ConfigRuleNames=[name])[
        "ConfigRulesEvaluationStatus"
    ]
    failures = (status.get("LastFailedInvocationTime"), status.get("LastFailedEvaluationTime"))
    message = status.get("LastErrorMessage") or status.get("LastErrorCode") or ""
    return Health(
        last_success=status.get("LastSuccessfulEvaluationTime"),
        last_failure=max(filter(None, failures), default=None),
        failure=message,
        errors=read_errors(session),
        runbook=read_runbook(session),
    )


def read_errors(session: Session) -> int:
    """Return the function's errors of the last day."""
    now = datetime.now(UTC)
    points = session.cloudwatch.get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Errors",
        Dimensions=[{"Name": "FunctionName", "Value": FUNCTION}],
        StartTime=now - timedelta(days=1),
        EndTime=now,
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return int(sum(point["Sum"] for point in points))


def read_runbook(session: Session) -> str:
    """Return the default version; an update of the stack may leave it behind (FACTS 5)."""
    ssm = session.ssm
    try:
        document = ssm.describe_document(Name=DOCUMENT)["Document"]
    except ssm.exceptions.InvalidDocument:
        return ""
    default, latest = document.get("DefaultVersion", ""), document.get("LatestVersion", "")
    return default if default == latest else f"{default} (latest is {latest})"
