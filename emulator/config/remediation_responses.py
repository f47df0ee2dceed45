"""AWS Config's remediation operations, which moto lacks."""

import json
from collections.abc import Iterable
from typing import Any

from emulator.config.answers import ConfigAnswer
from emulator.config.remediation import Remediation, Remediations

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

    def describe_remediation_exceptions(self) -> str:
        """The exceptions of a rule, Config's own among them."""
        wanted = {*_resources(self._get_param("ResourceKeys") or ())}
        found = [
            {
                "ConfigRuleName": rule,
                "ResourceType": resource[0],
                "ResourceId": resource[1],
                "Message": exemption.message,
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
