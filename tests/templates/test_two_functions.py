"""The shape of template.yaml: one package, two functions, and a runbook that is only a shim."""

import re
from typing import Any

from tests.support.runbook import DOCUMENT, NAME, STEP, read_template

RESOURCES: dict[str, Any] = read_template()["Resources"]
EVALUATOR, REMEDIATION = (RESOURCES[each]["Properties"] for each in ("Evaluator", "Remediation"))
CONTENT = RESOURCES["Runbook"]["Properties"]["Content"]


def test_both_functions_are_one_package_with_a_handler_and_a_role_each() -> None:
    assert [each["FunctionName"] for each in (EVALUATOR, REMEDIATION)] == [NAME, DOCUMENT]
    for name in ("Code", "Runtime", "Architectures"):
        assert EVALUATOR[name] == REMEDIATION[name], name
    assert REMEDIATION["Runtime"] == "python3.13"
    assert [each["Handler"] for each in (EVALUATOR, REMEDIATION)] == [
        "rule.evaluator.lambda_handler",
        "rule.remediation.lambda_handler",
    ]
    assert EVALUATOR["Role"] != REMEDIATION["Role"]
    assert "ReservedConcurrentExecutions" not in REMEDIATION


def test_the_function_ends_before_the_runbooks_client_and_that_before_the_runbook() -> None:
    (step,) = CONTENT["mainSteps"]
    (reads,) = re.findall(r"read_timeout=(\d+)", step["inputs"]["Script"])
    assert REMEDIATION["Timeout"] < int(reads) < step.get("timeoutSeconds", 600)
    assert '"total_max_attempts": 1' in step["inputs"]["Script"]
    assert step.get("maxAttempts", 1) == 1


def test_the_runbook_is_a_shim_that_brings_no_parameters_of_the_rule() -> None:
    (step,) = CONTENT["mainSteps"]
    assert list(CONTENT["parameters"]) == ["AutomationAssumeRole", "UserId", "DryRun"]
    assert step["inputs"]["InputPayload"] == {"UserId": "{{ UserId }}", "DryRun": "{{ DryRun }}"}
    assert len([line for line in step["inputs"]["Script"].splitlines() if line]) <= 14
    assert CONTENT["outputs"] == [f"{STEP}.{name}" for name in ("User", "Verdict", "Keys")]
    types = {each["Name"]: each["Type"] for each in step["outputs"]}
    assert types == {"User": "String", "Verdict": "String", "Keys": "MapList"}
