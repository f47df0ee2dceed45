"""Remediation of one emulated account and Region: AWS Config starts Automation for what it finds.

Automatic remediation happens on request, so that a test knows what has happened: each NON_COMPLIANT
result that is put starts it once, at the next delivery, whatever the resource is by then. That it
does so for resources which comply by now is AWS's own warning (PutRemediationConfigurations).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.config.exceptions import (
    InsufficientPermissionsException,
    InvalidParameterValueException,
    ValidationException,
)
from moto.core.exceptions import ServiceException

from emulator.config.remediation_target import fill_parameters, find_configuration_fault
from emulator.gateway.calls import find_model
from emulator.gateway.errors import Refusal
from emulator.gateway.validation import find_invalid, read_template_value
from emulator.ssm.automation import Execution
from emulator.ssm.models import Ssm

EXECUTED_BY = "AWSServiceRoleForConfigRemediation/Remediation"
SHAPE = "RemediationConfiguration"
PACK_SERVICE = "config-conforms.amazonaws.com"
ResourceKey = tuple[str, str]
"""Type and id."""


@dataclass
class Remediation:
    """One remediation of one resource, as DescribeRemediationExecutionStatus shows it."""

    rule_name: str
    resource: ResourceKey
    started: datetime
    execution: Execution | None
    error: str = ""
    looks: int = 0

    @property
    def state(self) -> str:
        """SUCCEEDED or FAILED: it is over when it is known."""
        done = self.execution is not None and self.execution.status == "Success"
        return "SUCCEEDED" if done else "FAILED"


@dataclass
class RemediationException:
    """A remediation exception, as Config makes it: no automatic remediation of one resource."""

    message: str


class Remediations:
    """The remediations of one account and Region."""

    def __init__(self, find_ssm: Callable[[], Ssm], rules: dict[str, Any]) -> None:
        self.configurations: dict[str, dict[str, Any]] = {}
        """By rule name, in the form of DescribeRemediationConfigurations."""
        self.exemptions: dict[tuple[str, ResourceKey], RemediationException] = {}
        self.latest: dict[tuple[str, ResourceKey], Remediation] = {}
        self.rounds = 1
        """How many looks at a remediation find it QUEUED before the rest find it over."""
        self._pending: dict[tuple[str, ResourceKey], None] = {}
        self._failures: dict[tuple[str, ResourceKey], list[datetime]] = {}
        self._find_ssm = find_ssm
        self._rules = rules

    def find(self, rule: str) -> dict[str, Any]:
        """Return a rule's remediation; raises NoSuchRemediationConfigurationException."""
        if rule not in self.configurations:
            raise Refusal(
                "NoSuchRemediationConfigurationException",
                f"No RemediationConfiguration for rule {rule} exists.",
            )
        return self.configurations[rule]

    def put(self, configuration: dict[str, Any], *, from_pack: bool = False) -> None:
        """Add or change a rule's remediation, when Config would; raises Config's error."""
        name = configuration["ConfigRuleName"]
        if name not in self._rules:
            raise InvalidParameterValueException(f"The ConfigRule '{name}' does not exist.")
        linked = "aws-service-rule/" in self._rules[name].config_rule_arn
        if linked and not from_pack:
            raise InsufficientPermissionsException(
                f"The rule {name} is service-linked: its remediation cannot be changed."
            )
        fault = find_configuration_fault(configuration, self._find_ssm())
        if fault:
            raise InvalidParameterValueException(fault)
        arn = self._rules[name].config_rule_arn.replace(":config-rule/", ":remediation/", 1)
        created_by = {"CreatedByService": PACK_SERVICE} if from_pack else {}
        self.configurations[name] = {**configuration, "Arn": arn, **created_by}

    def put_from_template(self, properties: dict[str, Any]) -> None:
        """Add or change the remediation that a pack describes."""
        shape = find_model("config").shape_for(SHAPE)
        try:
            configuration = read_template_value(shape, properties)
        except (ValueError, KeyError) as error:
            raise ValidationException(f"#/RemediationConfiguration: {error}") from error
        for fault in find_invalid(shape, configuration, ""):
            raise ValidationException(f"1 validation error detected: {fault}")
        self.put(configuration, from_pack=True)

    def note_violation(self, rule: str, resource: ResourceKey) -> None:
        """Take note of a NON_COMPLIANT result, for the next delivery."""
        self._pending[rule, resource] = None

    def deliver(self) -> list[Remediation]:
        """Start automatic remediation for the violations noted, once each; return what came of it.

        One that fails is tried again at the next delivery, until it has failed as often as its
        configuration allows within that many seconds: then Config makes an exception of it.
        """
        pending, self._pending = self._pending, {}
        delivered = []
        for rule, resource in pending:
            configuration = self.configurations.get(rule, {})
            if not configuration.get("Automatic") or (rule, resource) in self.exemptions:
                continue
            remediation = self.start(rule, resource)
            delivered.append(remediation)
            if remediation.state == "FAILED":
                self._note_failure(configuration, resource)
        return delivered

    def start(self, rule: str, resource: ResourceKey) -> Remediation:
        """Run a rule's remediation on a resource; a refusal to start is a failure, too."""
        configuration, started = self.find(rule), datetime.now(UTC)
        try:
            execution = self._find_ssm().start_automation(
                configuration["TargetId"],
                fill_parameters(configuration, resource[1]),
                version=configuration.get("TargetVersion", "$DEFAULT"),
                executed_by=EXECUTED_BY,
            )
            remediation = Remediation(rule, resource, started, execution, execution.failure)
        except ServiceException as error:
            remediation = Remediation(
                rule, resource, started, None, f"{error.code}: {error.message}"
            )
        self.latest[rule, resource] = remediation
        return remediation

    def _note_failure(self, configuration: dict[str, Any], resource: ResourceKey) -> None:
        rule = configuration["ConfigRuleName"]
        window = timedelta(seconds=configuration["RetryAttemptSeconds"])
        now = datetime.now(UTC)
        earlier = self._failures.get((rule, resource), [])
        failures = [*(when for when in earlier if now - when < window), now]
        self._failures[rule, resource] = failures
        if len(failures) >= configuration["MaximumAutomaticAttempts"]:
            self.exemptions[rule, resource] = RemediationException(
                f"Remediation failed {len(failures)} times within {window.total_seconds():.0f} s."
            )
        else:
            self.note_violation(rule, resource)
