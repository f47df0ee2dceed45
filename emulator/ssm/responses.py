"""SSM's Automation operations, which moto lacks."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.ssm import responses
from moto.ssm.exceptions import SSMException

from emulator.environment import client_variables
from emulator.gateway.pages import cut_page
from emulator.iam.callers import find_caller
from emulator.ssm.automation import Execution, StepRun
from emulator.ssm.models import Ssm

MAX_PAGE = 50


class SsmResponse(responses.SimpleSystemManagerResponse):
    """Moto's Systems Manager operations, and those below."""

    @property
    def ssm_backend(self) -> Ssm:
        return Ssm.of(self.current_account, self.region)

    def start_automation_execution(self) -> ActionResult:
        """Run a document; the answer comes when it is over."""
        for name in ("Targets", "TargetMaps", "TargetLocations", "AlarmConfiguration"):
            if self._get_param(name):
                raise NotImplementedError(f"The emulator starts no Automation with {name}.")
        key = self.get_access_key()
        execution = self.ssm_backend.start_automation(
            self._get_param("DocumentName"),
            self._get_param("Parameters") or {},
            version=self._get_param("DocumentVersion") or "$DEFAULT",
            executed_by=(find_caller(key) or ("", ""))[1],
            variables=client_variables(self.ssm_backend.cloud_url, self.region, key),
        )
        return ActionResult({"AutomationExecutionId": execution.id})

    def get_automation_execution(self) -> ActionResult:
        """An execution with its steps; the first look finds it under way."""
        execution = self._find_execution()
        ended = self.ssm_backend.looks_ended(execution)
        steps = [describe_step_run(run, ended) for run in execution.steps]
        told = describe_execution(execution, ended) | {
            "StepExecutions": steps,
            "StepExecutionsTruncated": False,
            "Parameters": execution.parameters,
        }
        return ActionResult({"AutomationExecution": told})

    def describe_automation_executions(self) -> ActionResult:
        """The executions, newest first, filtered by name, status or id."""
        found = list(reversed(self.ssm_backend.executions.values()))
        for each in self._get_param("Filters") or ():
            if each["Key"] not in FILTERS:
                raise SSMException("InvalidFilterKey", f"{each['Key']} is not known here.")
            found = [one for one in found if FILTERS[each["Key"]](one, each["Values"])]
        page, paging = self._page(found)
        listed = [{**describe_execution(one, True), "AutomationType": "Local"} for one in page]
        return ActionResult({"AutomationExecutionMetadataList": listed, **paging})

    def _find_execution(self) -> Execution:
        return self.ssm_backend.find_execution(self._get_param("AutomationExecutionId"))

    def _page(self, items: Sequence[Any]) -> tuple[Sequence[Any], dict[str, str]]:
        size = int(self._get_param("MaxResults") or MAX_PAGE)
        refusal = SSMException("InvalidNextToken", "The specified token isn't valid.")
        return cut_page(items, self._get_param("NextToken"), size, refusal)


FILTERS: dict[str, Callable[[Execution, list[str]], bool]] = {
    "DocumentNamePrefix": lambda one, texts: one.document_name.startswith(tuple(texts)),
    "ExecutionStatus": lambda one, texts: one.status in texts,
    "StartTimeAfter": lambda one, texts: one.started >= datetime.fromisoformat(texts[0]),
    "ExecutionId": lambda one, texts: one.id in texts,
}


def describe_execution(execution: Execution, ended: bool) -> dict[str, Any]:
    """Return what every answer says of an execution, as it is or as it was under way."""
    told: dict[str, Any] = {
        "AutomationExecutionId": execution.id,
        "DocumentName": execution.document_name,
        "DocumentVersion": execution.document_version,
        "ExecutionStartTime": execution.started,
        "AutomationExecutionStatus": execution.status if ended else "InProgress",
        "ExecutedBy": execution.executed_by,
        "Mode": "Auto",
        "Targets": [],
        "ResolvedTargets": {"ParameterValues": [], "Truncated": False},
    }
    if not ended:
        return told | {"CurrentStepName": execution.steps[0].step["name"]}
    told |= {"ExecutionEndTime": execution.ended, "Outputs": execution.outputs}
    return told | ({"FailureMessage": execution.failure} if execution.failure else {})


def describe_step_run(run: StepRun, ended: bool) -> dict[str, Any]:
    """Return what an answer says of a step; under way none has come to its end."""
    if ended:
        return run.answer()
    shown = ("StepName", "Action", "TimeoutSeconds", "OnFailure", "MaxAttempts", "StepExecutionId")
    told = {name: value for name, value in run.answer().items() if name in shown}
    return told | {"StepStatus": "Pending"}
