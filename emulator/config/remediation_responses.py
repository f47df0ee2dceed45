"""AWS Config's remediation operations, which moto lacks."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from moto.config.exceptions import InsufficientPermissionsException

from emulator.config.answers import ConfigAnswer
from emulator.config.remediation import Exemption, Remediation, Remediations

STEP_STATES = {
    "Success": "SUCCEEDED",
    "Failed": "FAILED",
    "TimedOut": "FAILED",
    "Pending": "PENDING",
}


class RemediationResponse(ConfigAnswer):
    """The operations on remediations."""

    @property
    def remediations(self) -> Remediations:
        """The remediations of the account and Region that is asked."""
        return self.config_backend.remediations

    def put_remediation_configurations(self) -> str:
        """Add or change remediations; the first bad one refuses the call."""
        for configuration in self._get_param("RemediationConfigurations"):
            self.remediations.put(configuration)
            self.config_backend.note_violations(configuration["ConfigRuleName"])
        return json.dumps({"FailedBatches": []})

    def describe_remediation_configurations(self) -> str:
        """The remediations of these rules; a rule without one is left out."""
        names = self._get_param("ConfigRuleNames")
        known = self.remediations.configurations
        return json.dumps(
            {"RemediationConfigurations": [known[name] for name in names if name in known]}
        )

    def delete_remediation_configuration(self) -> str:
        """Remove a rule's remediation."""
        name = self._get_param("ConfigRuleName")
        if "CreatedByService" in self.remediations.find(name):
            raise InsufficientPermissionsException(
                f"The remediation of {name} is service-linked: it cannot be deleted."
            )
        self.remediations.remove(name)
        return "{}"

    def start_remediation_execution(self) -> str:
        """Run a rule's remediation on resources, now."""
        rule = self._get_param("ConfigRuleName")
        self.remediations.find(rule)
        for key in self._get_param("ResourceKeys"):
            self.remediations.start(rule, (key["resourceType"], key["resourceId"]))
        return "{}"

    def describe_remediation_execution_status(self) -> str:
        """The latest remediation of each resource; the first look finds it queued."""
        remediations, name = self.remediations, self._get_param("ConfigRuleName")
        remediations.find(name)
        keys = self._get_param("ResourceKeys")
        wanted = keys and {(key["resourceType"], key["resourceId"]) for key in keys}
        found = [
            each
            for (rule, resource), each in remediations.latest.items()
            if rule == name and (not wanted or resource in wanted)
        ]
        return self._pages(
            "RemediationExecutionStatuses",
            found,
            describe=lambda each: describe_status(each, remediations.rounds),
        )

    def put_remediation_exceptions(self) -> str:
        """Keep resources from automatic remediation; only those that do not comply."""
        rule, until = self._get_param("ConfigRuleName"), self._get_param("ExpirationTime")
        if "CreatedByService" in self.remediations.find(rule):
            raise InsufficientPermissionsException(
                "Exceptions cannot be placed on service-linked remediation actions."
            )
        violating = {
            (result.resource_type, result.resource_id)
            for result in self.config_backend.results(rule).stored(["NON_COMPLIANT"])
        }
        exemption = Exemption(
            self._get_param("Message", ""), until and datetime.fromtimestamp(float(until), UTC)
        )
        for resource in violating & {*_resources(self._get_param("ResourceKeys"))}:
            self.remediations.exemptions[rule, resource] = exemption
        return json.dumps({"FailedBatches": []})

    def describe_remediation_exceptions(self) -> str:
        """The exceptions of a rule, Config's own among them."""
        wanted = {*_resources(self._get_param("ResourceKeys") or ())}
        found = [
            {
                "ConfigRuleName": rule,
                "ResourceType": resource[0],
                "ResourceId": resource[1],
                "Message": exemption.message,
                **({"ExpirationTime": exemption.until.timestamp()} if exemption.until else {}),
            }
            for (rule, resource), exemption in self.remediations.exemptions.items()
            if rule == self._get_param("ConfigRuleName") and (not wanted or resource in wanted)
        ]
        return self._pages("RemediationExceptions", found)


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
