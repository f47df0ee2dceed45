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
UNKNOWN = {"nextStep", "onFailure", "maxAttempts"}
"""Of a step: it is run once, and the next one after it."""

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
            "OnFailure": "Abort",
            "MaxAttempts": 1,
            "StepExecutionId": self.id,
            "StepStatus": self.status,
            "Inputs": self.inputs,
            "IsEnd": is_true(self.step.get("isEnd", False)),
            "ExecutionStartTime": self.started,
            "ExecutionEndTime": self.ended,
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
        """Run the steps in their order, until one fails."""
        self.status = "InProgress"
        for run in self.steps:
            self._run_step(run, run_script)
            if run.status != "Success":
                self.status, self.failure = run.status, run.failure
                break
        else:
            self.status = "Success"
        self.ended = datetime.now(UTC)

    def _run_step(self, run: StepRun, run_script: RunScript) -> None:
        run.status, run.started = "InProgress", datetime.now(UTC)
        if run.step["action"] != "aws:executeScript" or run.step.keys() & UNKNOWN:
            raise NotImplementedError(f"The emulator cannot run the step {run.step['name']}.")
        try:
            self._run_script(run, run_script)
        except (ScriptFailed, OutputMissing) as error:
            run.status, run.failure = error.status, FAILURE.format(error)
        else:
            run.status = "Success"
        run.ended = datetime.now(UTC)

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
