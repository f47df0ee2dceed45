"""AWS Config's remediation operations, which moto lacks."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from moto.config import responses
from moto.config.exceptions import (
    InsufficientPermissionsException,
    InvalidNextTokenException,
    ValidationException,
)
from moto.config.models import config_backends

from emulator.config.models import Config
from emulator.config.remediation import Remediation, RemediationException, Remediations
from emulator.gateway.pages import InvalidToken, cut_page
from emulator.gateway.validation import find_input_fault

MAX_PAGE = 100
STEP_STATES = {
    "Success": "SUCCEEDED",
    "Failed": "FAILED",
    "TimedOut": "FAILED",
    "Pending": "PENDING",
}


class RemediationResponse(responses.ConfigResponse):
    """Moto's Config operations, and those below."""

    @property
    def config_backend(self) -> Config:
        backend = config_backends[self.current_account][self.region]
        assert isinstance(backend, Config)
        return backend

    @property
    def remediations(self) -> Remediations:
        """The remediations of the account and Region that is asked."""
        return self.config_backend.remediations

    def put_remediation_configurations(self) -> str:
        """Add or change remediations; the first bad one refuses the call."""
        given = self._checked("PutRemediationConfigurations")
        for configuration in given["RemediationConfigurations"]:
            self.remediations.put(configuration)
            self.config_backend.note_violations(configuration["ConfigRuleName"])
        return json.dumps({"FailedBatches": []})

    def describe_remediation_configurations(self) -> str:
        """The remediations of these rules; a rule without one is left out."""
        names = self._checked("DescribeRemediationConfigurations")["ConfigRuleNames"]
        known = self.remediations.configurations
        return json.dumps(
            {"RemediationConfigurations": [known[name] for name in names if name in known]}
        )

    def delete_remediation_configuration(self) -> str:
        """Remove a rule's remediation."""
        name = self._checked("DeleteRemediationConfiguration")["ConfigRuleName"]
        if "CreatedByService" in self.remediations.find(name):
            raise InsufficientPermissionsException(
                f"The remediation of {name} is service-linked: it cannot be deleted."
            )
        self.remediations.remove(name)
        return "{}"

    def start_remediation_execution(self) -> str:
        """Run a rule's remediation on resources, now."""
        given = self._checked("StartRemediationExecution")
        self.remediations.find(given["ConfigRuleName"])
        for key in given["ResourceKeys"]:
            resource = (key["resourceType"], key["resourceId"])
            self.remediations.start(given["ConfigRuleName"], resource)
        return "{}"

    def describe_remediation_execution_status(self) -> str:
        """The latest remediation of each resource; the first look finds it queued."""
        given = self._checked("DescribeRemediationExecutionStatus")
        remediations = self.remediations
        remediations.find(given["ConfigRuleName"])
        keys = given.get("ResourceKeys")
        wanted = keys and {(key["resourceType"], key["resourceId"]) for key in keys}
        found = [
            each
            for (rule, resource), each in remediations.latest.items()
            if rule == given["ConfigRuleName"] and (not wanted or resource in wanted)
        ]
        page, token = self._cut(found, given)
        told = [describe_status(each, remediations.rounds) for each in page]
        return json.dumps({"RemediationExecutionStatuses": told, **token})

    def put_remediation_exceptions(self) -> str:
        """Keep resources from automatic remediation; only those that do not comply."""
        given = self._checked("PutRemediationExceptions")
        rule, until = given["ConfigRuleName"], given.get("ExpirationTime")
        if "CreatedByService" in self.remediations.find(rule):
            raise InsufficientPermissionsException(
                "Exceptions cannot be placed on service-linked remediation actions."
            )
        violating = {
            (result.resource_type, result.resource_id)
            for result in self.config_backend.results(rule).stored(["NON_COMPLIANT"])
        }
        exemption = RemediationException(
            given.get("Message", ""), until and datetime.fromtimestamp(float(until), UTC)
        )
        for resource in violating & {*_resources(given["ResourceKeys"])}:
            self.remediations.exemptions[rule, resource] = exemption
        return json.dumps({"FailedBatches": []})

    def describe_remediation_exceptions(self) -> str:
        """The exceptions of a rule, Config's own among them."""
        given = self._checked("DescribeRemediationExceptions")
        wanted = {*_resources(given.get("ResourceKeys", ()))}
        found = [
            {
                "ConfigRuleName": rule,
                "ResourceType": resource[0],
                "ResourceId": resource[1],
                "Message": exemption.message,
                **({"ExpirationTime": exemption.until.timestamp()} if exemption.until else {}),
            }
            for (rule, resource), exemption in self.remediations.exemptions.items()
            if rule == given["ConfigRuleName"] and (not wanted or resource in wanted)
        ]
        page, token = self._cut(found, given)
        return json.dumps({"RemediationExceptions": list(page), **token})

    def _checked(self, operation: str) -> dict[str, Any]:
        given: dict[str, Any] = json.loads(self.body)
        if fault := find_input_fault("config", operation, given):
            raise ValidationException(fault)
        return given

    def _cut(
        self, items: Sequence[Any], given: dict[str, Any]
    ) -> tuple[Sequence[Any], dict[str, str]]:
        try:
            page, token = cut_page(items, given.get("NextToken"), given.get("Limit") or MAX_PAGE)
        except InvalidToken:
            raise InvalidNextTokenException from None
        return page, {"NextToken": token} if token else {}


def describe_status(remediation: Remediation, rounds: int) -> dict[str, Any]:
    """Return one remediation as Config shows it, and count the look.

    What Config shows of an execution that did not start is not documented: a step named after the
    document, with the error (L).
    """
    remediation.looks += 1
    told: dict[str, Any] = {
        "ResourceKey": dict(zip(("resourceType", "resourceId"), remediation.resource, strict=True)),
        "InvocationTime": remediation.started.timestamp(),
        "LastUpdatedTime": remediation.started.timestamp(),
    }
    if remediation.looks <= rounds:
        return {**told, "State": "QUEUED", "StepDetails": []}
    execution = remediation.execution
    if execution is None:
        step = {"Name": "StartAutomationExecution", "State": "FAILED"}
        return {
            **told,
            "State": "FAILED",
            "StepDetails": [{**step, "ErrorMessage": remediation.error}],
        }
    steps = [
        {
            "Name": run.step["name"],
            "State": STEP_STATES[run.status],
            **({"ErrorMessage": run.failure} if run.failure else {}),
            **({"StartTime": run.started.timestamp()} if run.started else {}),
            **({"StopTime": run.ended.timestamp()} if run.ended else {}),
        }
        for run in execution.steps
    ]
    assert execution.ended is not None
    ended = {"LastUpdatedTime": execution.ended.timestamp()}
    return {**told, **ended, "State": remediation.state, "StepDetails": steps}


def _resources(keys: Iterable[dict[str, str]]) -> list[tuple[str, str]]:
    return [(key.get("ResourceType", ""), key.get("ResourceId", "")) for key in keys]
