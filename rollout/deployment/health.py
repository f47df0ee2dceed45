"""How the rule and its function have run in one account, read there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rollout.aws.session import Session
from rollout.deployment.remediations import BadRemediation, read_bad_remediations
from rollout.deployment.running_code import read_running_code
from rollout.names import DOCUMENT, FUNCTION, is_our_rule
from rollout.organization.recorder import Recorder, read_recorder
from rollout.packs.readback import DeployedRule, read_pack_rule

if TYPE_CHECKING:
    from types_boto3_config.type_defs import ConfigRuleEvaluationStatusTypeDef

HOURS = {
    "One_Hour": 1,
    "Three_Hours": 3,
    "Six_Hours": 6,
    "Twelve_Hours": 12,
    "TwentyFour_Hours": 24,
}
SLACK = timedelta(hours=1)


@dataclass(frozen=True)
class Runbook:
    """The runbook's versions; an update of the stack may leave the default behind (FACTS 5)."""

    default: str
    latest: str


@dataclass(frozen=True)
class RuleRuns:
    """The rule's runs: times are None where Config has none on record."""

    success: datetime | None = None
    failure: datetime | None = None
    activated: datetime | None = None
    message: str = ""

    @property
    def failed(self) -> bool:
        """Did the last run fail?"""
        return self.failure is not None and (self.success is None or self.failure > self.success)


@dataclass(frozen=True)
class Health:
    """What was seen in one account; `runs` is None where AWS reports none."""

    rule: DeployedRule
    runs: RuleRuns | None
    errors: int
    """Of the function in the last day."""
    runbook: Runbook | None
    recorder: Recorder
    remediations: tuple[BadRemediation, ...]
    """Those that failed, or that Config has given up."""
    now: datetime
    """When it was read."""
    code: Mapping[str, str] = field(default_factory=dict)
    """The SHA-256 of each function's code in hexadecimal, "" where there is no such function."""

    @property
    def overdue(self) -> timedelta | None:
        """How long there has been no successful run, where that is too long.

        Too long is twice the frequency and an hour, from the last success or else the activation.
        """
        if self.runs is None:
            return None
        since = self.runs.success or self.runs.activated
        if since is None:
            return None
        allowed = 2 * timedelta(hours=HOURS.get(self.rule.frequency, 24)) + SLACK
        return self.now - since if self.now - since > allowed else None


def read_health(session: Session, pack_name: str) -> Health:
    """Return how the rule and the function have run in this account; a dozen calls."""
    rule = read_pack_rule(session, pack_name)
    return Health(
        rule=rule,
        runs=read_rule_runs(session, rule.name),
        errors=read_errors(session),
        runbook=read_runbook(session),
        recorder=read_recorder(session),
        remediations=read_bad_remediations(session, rule.name),
        now=datetime.now(UTC),
        code=read_running_code(session),
    )


def read_rule_runs(session: Session, rule: str) -> RuleRuns | None:
    """Return the rule's runs, None where AWS reports none, as it may for custom rules (FACTS 4)."""
    found = session.config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])[
        "ConfigRulesEvaluationStatus"
    ]
    return parse_runs(found[0]) if found else None


def has_run_well(session: Session) -> bool:
    """Has AWS Config a run of our rule on record, and did the last one go well? One call a page."""
    pages = session.config.get_paginator("describe_config_rule_evaluation_status").paginate()
    return any(
        (runs := parse_runs(status)).success is not None and not runs.failed
        for page in pages
        for status in page["ConfigRulesEvaluationStatus"]
        if is_our_rule(status["ConfigRuleName"])
    )


def parse_runs(status: "ConfigRuleEvaluationStatusTypeDef") -> RuleRuns:
    """Return the runs that a rule's status tells of."""
    failures = (status.get("LastFailedInvocationTime"), status.get("LastFailedEvaluationTime"))
    return RuleRuns(
        success=status.get("LastSuccessfulEvaluationTime"),
        failure=max(filter(None, failures), default=None),
        activated=status.get("FirstActivatedTime"),
        message=status.get("LastErrorMessage") or status.get("LastErrorCode") or "",
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
    return int(sum(point.get("Sum", 0) for point in points))


def read_runbook(session: Session) -> Runbook | None:
    """Return the runbook's versions, None where it is not there."""
    try:
        document = session.ssm.describe_document(Name=DOCUMENT)["Document"]
    except session.ssm.exceptions.InvalidDocument:
        return None
    return Runbook(document.get("DefaultVersion", ""), document.get("LatestVersion", ""))
