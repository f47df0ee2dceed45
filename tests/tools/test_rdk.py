"""What RDK finds: its parameters file, and the folder that `make rdk` fills."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import emulator
from rollout.code.package import read_rdklib
from rollout.names import RULE as NAME
from tests.support.paths import ROOT
from tools.rdk import fill_folder

RDK = shutil.which("rdk")

needs_rdk = pytest.mark.skipif(
    RDK is None,
    reason="rdk is not on the PATH: it needs Python 3.12 and a venv of its own (rdk==1.0.0)",
)


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder in which RDK finds the rule."""
    fill_folder(tmp_path)
    return tmp_path


def run_rdk(build: Path, *arguments: str) -> str:
    """Run rdk in the folder, behind the loopback guard and without credentials."""
    assert RDK is not None
    guard = Path(emulator.__file__).parent / "child"
    done = subprocess.run(
        [RDK, "-r", "us-east-1", *arguments],
        cwd=build,
        env={"PATH": os.environ["PATH"], "HOME": str(build), "PYTHONPATH": str(guard)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_folder_holds_the_rule_rdklib_the_parameters_and_a_test(build: Path) -> None:
    folder = build / NAME
    expected = {
        **{f"rule/{file.name}": file.read_bytes() for file in (ROOT / "rule").glob("*.py")},
        **read_rdklib(),
        "parameters.json": (ROOT / "parameters.json").read_bytes(),
        "rule_test.py": (ROOT / "tests" / "rule_test.py").read_bytes(),
    }
    found = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
    assert found == expected


def test_what_an_earlier_run_left_behind_is_gone(build: Path) -> None:
    stale = build / NAME / "rule" / "stale.py"
    stale.write_text("")
    fill_folder(build)
    assert not stale.exists()


def test_both_triggers_the_handler_and_the_function_are_named() -> None:
    parameters: dict[str, Any] = json.loads((ROOT / "parameters.json").read_text())["Parameters"]
    del parameters["InputParameters"], parameters["Description"]
    assert parameters == {
        "RuleName": NAME,
        "SourceRuntime": "python3.13",
        "SourceHandler": "rule.evaluator.lambda_handler",
        "CustomLambdaName": NAME,
        "CodeKey": f"{NAME}.zip",
        "OptionalParameters": '{"ProcessCheckRule": ""}',
        "SourceEvents": "AWS::IAM::User",
        "SourcePeriodic": "TwentyFour_Hours",
    }


@needs_rdk
def test_rdk_runs_the_tests_of_the_rule(build: Path) -> None:
    assert "run=5 errors=0 failures=0" in run_rdk(build, "test-local", NAME)


@needs_rdk
def test_rdk_makes_a_template_of_the_rule(build: Path) -> None:
    file = build / "template.json"
    run_rdk(build, "create-rule-template", "--rules-only", "--output-file", str(file), NAME)
    (rule,) = json.loads(file.read_text())["Resources"].values()
    properties = rule["Properties"]
    assert (properties["ConfigRuleName"], properties["Scope"], properties["Source"]) == (
        NAME,
        {"ComplianceResourceTypes": ["AWS::IAM::User"]},
        {
            "Owner": "CUSTOM_LAMBDA",
            "SourceIdentifier": {
                "Fn::Sub": "arn:${AWS::Partition}:lambda:${AWS::Region}:${LambdaAccountId}"
                f":function:{NAME}"
            },
            "SourceDetails": [
                {
                    "EventSource": "aws.config",
                    "MessageType": "ConfigurationItemChangeNotification",
                },
                {
                    "EventSource": "aws.config",
                    "MessageType": "ScheduledNotification",
                    "MaximumExecutionFrequency": "TwentyFour_Hours",
                },
            ],
        },
    )
