"""One execution of an Automation document: its steps in order, and what a console shows of it.

The forms are those of captured answers: outputs are lists of strings, a map among them is JSON
text, and of a step that failed the document's outputs say only that there are none.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulator.ssm.outputs import OutputMissing, as_strings, as_text, select
from emulator.ssm.scripts import ScriptFailed
from emulator.ssm.variables import substitute

NO_OUTPUT = ["No output available yet because the step is not successfully executed"]
FAILURE = (
    "Step fails when it is {0.stage}. {0}. Please refer to Automation Service Troubleshooting Guide"
    " for more diagnosis details."
)

RunScript = Callable[[str, dict[str, Any], float], Any]
"""Runs a step's script: its name, its inputs and how many seconds it may take."""


@dataclass
class StepRun:
    """What became of one step."""

    step: dict[str, Any]
    status: str = "Pending"
    inputs: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    failure: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def answer(self) -> dict[str, Any]:
        """Return the step as GetAutomationExecution shows it."""
        told = {
            "StepName": self.step["name"],
            "Action": self.step["action"],
            "TimeoutSeconds": int(self.step.get("timeoutSeconds", 600)),
            "OnFailure": self.step.get("onFailure", "Abort"),
            "MaxAttempts": int(self.step.get("maxAttempts", 1)),
            "StepExecutionId": self.id,
            "StepStatus": self.status,
            "Inputs": self.inputs,
            "IsEnd": is_true(self.step.get("isEnd", False)),
            "ExecutionStartTime": self.started,
            "ExecutionEndTime": self.ended,
            "NextStep": self.step.get("nextStep"),
            "Outputs": self.outputs or None,
            "FailureMessage": self.failure or None,
        }
        return {name: value for name, value in told.items() if value is not None}


@dataclass
class Execution:
    """An execution, run by `run` from its first step to its last."""

    document_name: str
    document_version: str
    content: dict[str, Any]
    parameters: dict[str, list[str]]
    values: dict[str, Any]
    executed_by: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "Pending"
    failure: str = ""
    steps: list[StepRun] = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    looks: int = 0

    def __post_init__(self) -> None:
        self.steps = [StepRun(step) for step in self.content["mainSteps"]]

    @property
    def outputs(self) -> dict[str, list[str]]:
        """The outputs that the document names."""
        produced = {
            f"{run.step['name']}.{name}": value
            for run in self.steps
            for name, value in run.outputs.items()
        }
        return {name: produced.get(name, NO_OUTPUT) for name in self.content.get("outputs", ())}

    def run(self, run_script: RunScript) -> None:
        """Run the steps until one ends the execution or fails it."""
        self.status = "InProgress"
        following: str | None = self.steps[0].step["name"]
        while following is not None:
            place, run = next(
                (place, run)
                for place, run in enumerate(self.steps)
                if run.step["name"] == following
            )
            later = self.steps[place + 1 :]
            usual = later[0].step["name"] if later else None
            following = self._run_step(run, usual, run_script)
        if self.status == "InProgress":
            self.status = "Success"
        self.ended = datetime.now(UTC)

    def _run_step(self, run: StepRun, usual: str | None, run_script: RunScript) -> str | None:
        """Run one step as often as it may be tried; return the name of the next one."""
        run.status, run.started = "InProgress", datetime.now(UTC)
        step = run.step
        following = None if is_true(step.get("isEnd", False)) else step.get("nextStep", usual)
        for _ in range(int(step.get("maxAttempts", 1))):
            try:
                if step["action"] != "aws:executeScript":
                    raise NotImplementedError(f"The emulator cannot run {step['action']}.")
                self._run_script(run, run_script)
            except (ScriptFailed, OutputMissing) as error:
                run.status, run.failure = error.status, FAILURE.format(error)
            else:
                run.status, run.failure = "Success", ""
                break
        run.ended = datetime.now(UTC)
        if run.status != "Success":
            on_failure = step.get("onFailure", "Abort")
            if on_failure.startswith("step:"):
                return str(on_failure.removeprefix("step:"))
            if on_failure != "Continue":
                self.status, self.failure = run.status, run.failure
                return None
        return following

    def _run_script(self, run: StepRun, run_script: RunScript) -> None:
        inputs = substitute(run.step["inputs"], self.values)
        run.inputs = {name: as_text(value) for name, value in inputs.items()}
        seconds = float(run.step.get("timeoutSeconds", 600))
        answer = {"Payload": run_script(run.step["name"], inputs, seconds)}
        selected = {
            output["Name"]: (output["Type"], select(answer, output["Selector"]))
            for output in run.step.get("outputs", ())
        }
        outputs = {name: as_strings(name, *each) for name, each in selected.items()}
        run.outputs = {**outputs, "OutputPayload": [json.dumps(answer)]}
        self.values |= {f"{run.step['name']}.{name}": each[1] for name, each in selected.items()}


def is_true(value: Any) -> bool:
    """Say whether a flag is set; CloudFormation may have made text of it."""
    return str(value).lower() == "true"
