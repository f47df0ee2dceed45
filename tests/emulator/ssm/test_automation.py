"""SSM documents and their executions in the emulated account, with documents made for the tests."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from emulator import Account, open_account
from emulator.ssm.automation import NO_OUTPUT
from emulator.ssm.outputs import OutputMissing, as_strings, select
from emulator.ssm.variables import find_references, substitute
from tests.conftest import NOW
from tests.support.runbook import read_template

ROLE = "arn:aws:iam::111122223333:role/automation"
OUTPUTS = [
    {"Name": "Greeting", "Selector": "$.Payload.greeting", "Type": "String"},
    {"Name": "People", "Selector": "$.Payload.people", "Type": "MapList"},
]
GREET = """
def greet(events, context):
    return {"greeting": "Hello " + events["Name"], "people": [{"name": events["Name"]}]}
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Account]:
    """One account for this file, with a role that Automation may assume and one that it may not."""
    with open_account(NOW) as opened:
        iam = boto3.client("iam")
        for name, service in (("automation", "ssm"), ("function", "lambda")):
            statement = {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
            document = {"Version": "2012-10-17", "Statement": [statement]}
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        yield opened


@pytest.fixture
def account(shared: Account) -> Account:
    """The account without documents."""
    shared.automation._documents.clear()
    shared.calls.clear()
    return shared


def step(name: str = "Greet", script: str = GREET, **more: Any) -> dict[str, Any]:
    """Return a step that runs a script."""
    inputs = {
        "Runtime": "python3.11",
        "Handler": "greet",
        "InputPayload": {"Name": "{{ Name }}"},
        "Script": script,
    }
    return {"name": name, "action": "aws:executeScript", "inputs": inputs, **more}


def document(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a document that greets, or does these steps."""
    return {
        "schemaVersion": "0.3",
        "assumeRole": "{{ AutomationAssumeRole }}",
        "parameters": {
            "AutomationAssumeRole": {"type": "String", "default": ROLE},
            "Name": {"type": "String", "default": "Ann", "allowedPattern": "^[A-Z][a-z]+$"},
        },
        "mainSteps": list(steps) or [step(outputs=OUTPUTS)],
        **more,
    }


def put(content: dict[str, Any], document_format: str = "YAML") -> None:
    """Create the document Greeting."""
    write = yaml.safe_dump if document_format == "YAML" else json.dumps
    boto3.client("ssm").create_document(
        Name="Greeting",
        Content=write(content),
        DocumentType="Automation",
        DocumentFormat=document_format,
    )


def start(**parameters: str) -> str:
    """Start the document Greeting and return the id of its execution."""
    given = {name: [value] for name, value in parameters.items()}
    started = boto3.client("ssm").start_automation_execution(
        DocumentName="Greeting", **({"Parameters": given} if given else {})
    )
    return started["AutomationExecutionId"]


def look(execution_id: str) -> dict[str, Any]:
    """Return the execution, ended."""
    ssm = boto3.client("ssm")
    under_way = ssm.get_automation_execution(AutomationExecutionId=execution_id)
    assert under_way["AutomationExecution"]["AutomationExecutionStatus"] == "InProgress"
    ended = ssm.get_automation_execution(AutomationExecutionId=execution_id)
    return dict(ended["AutomationExecution"])


def refusal(call: Any) -> tuple[str, str]:
    """Return the error that a call raises: its code and its text."""
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# Documents.


@pytest.mark.parametrize("document_format", ["YAML", "JSON"])
def test_a_document_given_as_a_mapping_comes_back_as_text_with_its_script_intact(
    account: Account, document_format: str
) -> None:
    runbook = read_template()["Resources"]["Runbook"]
    del runbook["DependsOn"]
    runbook["Properties"]["Content"]["description"] = "What it is."
    template = {"Resources": {"Runbook": runbook}}
    boto3.client("cloudformation").create_stack(
        StackName=f"runbook-{document_format}", TemplateBody=json.dumps(template)
    )
    stored = boto3.client("ssm").get_document(
        Name=runbook["Properties"]["Name"], DocumentFormat=document_format
    )
    read = yaml.safe_load if document_format == "YAML" else json.loads
    assert read(stored["Content"]) == runbook["Properties"]["Content"]
    assert (stored["DocumentType"], stored["Status"]) == ("Automation", "Active")
    described = boto3.client("ssm").describe_document(Name=runbook["Properties"]["Name"])
    names = [each["Name"] for each in described["Document"]["Parameters"]]
    assert names == list(runbook["Properties"]["Content"]["parameters"])


@pytest.mark.parametrize("keeps_default", [False, True])
def test_an_update_of_the_stack_puts_a_new_version(account: Account, keeps_default: bool) -> None:
    account.automation.keeps_default = keeps_default
    name = f"Versioned{keeps_default}"
    cloudformation = boto3.client("cloudformation")
    for text, put_stack in (
        ("one", cloudformation.create_stack),
        ("two", cloudformation.update_stack),
    ):
        properties = {
            "Name": name,
            "DocumentType": "Automation",
            "DocumentFormat": "YAML",
            "UpdateMethod": "NewVersion",
            "Content": document(description=text),
        }
        resource = {"Type": "AWS::SSM::Document", "Properties": properties}
        put_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"It": resource}}))
    account.automation.keeps_default = False
    described = boto3.client("ssm").describe_document(Name=name)["Document"]
    assert (described["LatestVersion"], described["DefaultVersion"]) == (
        "2",
        "1" if keeps_default else "2",
    )


@pytest.mark.parametrize(
    ("content", "document_format", "code"),
    [
        pytest.param(
            document(schemaVersion="2.2"), "YAML", "InvalidDocumentContent", id="another schema"
        ),
        pytest.param(document(), "JSON", "InvalidDocumentContent", id="a script in JSON"),
        pytest.param(
            document(step(timeoutSeconds=601)), "YAML", "InvalidDocumentContent", id="601 seconds"
        ),
        pytest.param(
            document(step(), step()), "YAML", "InvalidDocumentContent", id="two steps of one name"
        ),
        pytest.param(
            document(step(script="# {{ Nobody }}")),
            "YAML",
            "InvalidDocumentContent",
            id="an unknown variable in a script",
        ),
        pytest.param(
            document(outputs=["Greet.Nothing"]),
            "YAML",
            "InvalidDocumentContent",
            id="an output that no step has",
        ),
        pytest.param(
            document(step(script="#" * 64 * 1024)),
            "YAML",
            "MaxDocumentSizeExceeded",
            id="more than 64 KB",
        ),
    ],
)
def test_a_document_that_ssm_would_refuse_is_refused(
    account: Account, content: dict[str, Any], document_format: str, code: str
) -> None:
    assert refusal(lambda: put(content, document_format))[0] == code


def test_names_that_aws_keeps_for_itself_are_refused(account: Account) -> None:
    ssm = boto3.client("ssm")
    text = yaml.safe_dump(document())
    code, _ = refusal(
        lambda: ssm.create_document(
            Name="AWSSupport-Mine", Content=text, DocumentType="Automation", DocumentFormat="YAML"
        )
    )
    assert code == "ValidationException"


# What starts, and what does not.


def test_an_execution_tells_what_it_did_in_the_form_of_aws(account: Account) -> None:
    put(document(outputs=["Greet.Greeting", "Greet.People"]))
    told = look(start(Name="Bob"))
    (step_told,) = told["StepExecutions"]
    assert told["Outputs"] == {"Greet.Greeting": ["Hello Bob"], "Greet.People": ['{"name": "Bob"}']}
    assert told["Parameters"] == {"AutomationAssumeRole": [ROLE], "Name": ["Bob"]}
    assert (told["AutomationExecutionStatus"], told["DocumentVersion"]) == ("Success", "1")
    assert told["ExecutedBy"] == "arn:aws:sts::111122223333:assumed-role/Operator/emulator"
    assert (step_told["StepName"], step_told["StepStatus"]) == ("Greet", "Success")
    assert step_told["Outputs"]["Greeting"] == ["Hello Bob"]
    assert "FailureMessage" not in told


def test_executions_are_listed_newest_first(account: Account) -> None:
    put(document())
    first, second = start(), start()
    ssm = boto3.client("ssm")
    listed = ssm.describe_automation_executions(
        Filters=[{"Key": "DocumentNamePrefix", "Values": ["Greet"]}], MaxResults=2
    )
    ids = [each["AutomationExecutionId"] for each in listed["AutomationExecutionMetadataList"]]
    assert ids == [second, first]
    code, _ = refusal(lambda: ssm.get_automation_execution(AutomationExecutionId="x" * 36))
    assert code == "AutomationExecutionNotFoundException"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"Nobody": ["x"]}, "InvalidAutomationExecutionParametersException"),
        ({"Name": ["ann"]}, "InvalidAutomationExecutionParametersException"),
        ({"Name": ["Ann", "Bob"]}, "InvalidAutomationExecutionParametersException"),
        ({"Choice": ["c"]}, "InvalidAutomationExecutionParametersException"),
        ({"Needed": []}, "InvalidAutomationExecutionParametersException"),
        ({"Name": ["A" + "n" * 512]}, "ValidationException"),
        (
            {"AutomationAssumeRole": ["arn:aws:iam::111122223333:role/function"]},
            "InvalidAutomationExecutionParametersException",
        ),
        (
            {"AutomationAssumeRole": ["arn:aws:iam::444455556666:role/automation"]},
            "InvalidAutomationExecutionParametersException",
        ),
    ],
    ids=[
        "an unknown parameter",
        "a value that does not match the pattern",
        "two values for a String",
        "a value that is not allowed",
        "no value for a parameter that needs one",
        "513 characters",
        "a role that does not trust SSM",
        "a role that is not here",
    ],
)
def test_nothing_starts_with_parameters_that_the_document_does_not_allow(
    account: Account, parameters: dict[str, list[str]], code: str
) -> None:
    content = document()
    content["parameters"]["Needed"] = {"type": "String"}
    content["parameters"]["Choice"] = {"type": "String", "default": "a", "allowedValues": ["a"]}
    put(content)
    ssm = boto3.client("ssm")
    before = len(account.automation.executions)
    given = {"Needed": ["x"], **parameters}
    found = refusal(
        lambda: ssm.start_automation_execution(DocumentName="Greeting", Parameters=given)
    )
    assert found[0] == code
    assert len(account.automation.executions) == before


def test_nothing_starts_without_the_document_or_its_version(account: Account) -> None:
    ssm = boto3.client("ssm")
    code, _ = refusal(lambda: ssm.start_automation_execution(DocumentName="Nothing"))
    assert code == "AutomationDefinitionNotFoundException"
    put(document())
    code, _ = refusal(
        lambda: ssm.start_automation_execution(DocumentName="Greeting", DocumentVersion="7")
    )
    assert code == "AutomationDefinitionVersionNotFoundException"


# The script.


def run_script(script: str, **more: Any) -> dict[str, Any]:
    """Run a script that has a function greet, and return the execution."""
    put(document(step(script=script, **more)))
    return look(start())


def read_payload(told: dict[str, Any]) -> Any:
    """Return what the handler of the only step returned."""
    (step_told,) = told["StepExecutions"]
    assert step_told["StepStatus"] == "Success", told.get("FailureMessage")
    return json.loads(step_told["Outputs"]["OutputPayload"][0])["Payload"]


def test_a_script_calls_aws_as_the_role_at_the_emulated_time(account: Account) -> None:
    script = """
import boto3, datetime
def greet(events, context):
    boto3.client("iam").list_users()
    return datetime.datetime.now(datetime.UTC).isoformat()
"""
    told = read_payload(run_script(script))
    assert told[:10] == "2026-09-01"
    assert [call.caller for call in account.calls.made("iam:ListUsers")] == [ROLE]


def test_a_script_sees_boto3_and_nothing_else_of_this_environment(account: Account) -> None:
    script = """
import importlib.util, sys
def greet(events, context):
    names = ["boto3", "botocore", "moto", "pytest", "emulator", "rule", "yaml"]
    return [name for name in names if importlib.util.find_spec(name)]
"""
    assert read_payload(run_script(script)) == ["boto3", "botocore"]


def test_a_script_cannot_leave_loopback(account: Account) -> None:
    script = """
import socket
def greet(events, context):
    socket.create_connection(("192.0.2.1", 443), timeout=1)
"""
    assert "OffLoopback" in run_script(script)["FailureMessage"]


def test_each_execution_has_fresh_globals_in_the_same_process(account: Account) -> None:
    script = """
import os
seen = []
def greet(events, context):
    seen.append(1)
    return [len(seen), os.getpid()]
"""
    put(document(step(script=script)))
    first, second = (read_payload(look(start())) for _ in range(2))
    assert first == second == [1, first[1]]


def test_variables_are_replaced_inside_a_script(account: Account) -> None:
    script = 'def greet(events, context):\n    return "{{ Name }} {{global:REGION}}"\n'
    assert read_payload(run_script(script)) == "Ann us-east-1"


def test_an_error_fails_the_step_with_its_traceback_and_loses_all_outputs(account: Account) -> None:
    script = 'def greet(events, context):\n    return events["Nobody"]\n'
    put(document(step(script=script, outputs=OUTPUTS), outputs=["Greet.Greeting"]))
    told = look(start())
    folder = told["FailureMessage"].split('File "')[1].split("customer_script")[0]
    assert told["FailureMessage"] == (
        "Step fails when it is Poll action status for completion. Traceback (most recent call"
        f' last):\n  File "{folder}customer_script.py", line 2, in greet\n'
        '    return events["Nobody"]\n           ~~~~~~^^^^^^^^^^\n\n'
        "KeyError - 'Nobody'. Please refer to Automation Service Troubleshooting Guide for more"
        " diagnosis details."
    )
    assert told["AutomationExecutionStatus"] == "Failed"
    assert told["Outputs"] == {"Greet.Greeting": NO_OUTPUT}
    assert "Outputs" not in told["StepExecutions"][0]


def test_a_script_that_takes_too_long_is_stopped(account: Account) -> None:
    script = "import threading\ndef greet(events, context):\n    threading.Event().wait(9)\n"
    told = run_script(script, timeoutSeconds=1)
    assert told["AutomationExecutionStatus"] == "TimedOut"
    assert "Task timed out after 1.00 seconds" in told["FailureMessage"]
    put_again = document(step(), description="the next execution has a new interpreter")
    boto3.client("ssm").delete_document(Name="Greeting")
    put(put_again)
    assert look(start())["AutomationExecutionStatus"] == "Success"


def test_an_answer_of_more_than_100_kb_fails_the_step(account: Account) -> None:
    told = run_script('def greet(events, context):\n    return "x" * 102400\n')
    assert "larger than 100 KB" in told["FailureMessage"]


def test_a_step_that_fails_is_not_tried_again(account: Account) -> None:
    script = """
import boto3
def greet(events, context):
    boto3.client("iam").list_users()
    raise ValueError("no")
"""
    run_script(script)
    assert account.calls.count("iam:ListUsers") == 1


# Steps.


def test_a_failed_step_ends_the_execution(account: Account) -> None:
    put(document(step("First", script="x"), step("Last")))
    told = look(start())
    assert told["AutomationExecutionStatus"] == "Failed"
    assert [each["StepStatus"] for each in told["StepExecutions"]] == ["Failed", "Pending"]


def test_a_step_hands_its_outputs_to_the_next(account: Account) -> None:
    second = step("Second")
    second["inputs"]["InputPayload"] = {"Name": "{{ Greet.Greeting }}"}
    put(document(step(outputs=OUTPUTS), second))
    told = look(start())
    payload = json.loads(told["StepExecutions"][1]["Outputs"]["OutputPayload"][0])["Payload"]
    assert payload["greeting"] == "Hello Hello Ann"


# Parts of it, without an account.


def test_variables_are_found_and_replaced_at_any_depth() -> None:
    content = {"a": ["{{ x }}", "{{y}} and {{ x }}"], "b": {"c": 1, "d": "{{ unknown }}"}}
    assert list(find_references(content)) == ["x", "y", "x", "unknown"]
    assert substitute(content, {"x": [1], "y": "why"}) == {
        "a": [[1], "why and [1]"],
        "b": {"c": 1, "d": "{{ unknown }}"},
    }


@pytest.mark.parametrize(
    ("kind", "value", "texts"),
    [
        ("String", "x", ["x"]),
        ("StringList", ["x", "y"], ["x", "y"]),
        ("MapList", [{"a": 1}], ['{"a": 1}']),
        ("MapList", [], []),
        ("StringMap", {"a": 1}, ['{"a": 1}']),
        ("Boolean", True, ["true"]),
        ("Integer", 3, ["3"]),
    ],
)
def test_outputs_are_lists_of_strings(kind: str, value: Any, texts: list[str]) -> None:
    assert as_strings("It", kind, value) == texts


@pytest.mark.parametrize(
    ("kind", "value"),
    [("String", 1), ("MapList", ["x"]), ("MapList", [{}] * 101), ("StringList", "x")],
    ids=str,
)
def test_outputs_of_another_type_fail_the_step(kind: str, value: Any) -> None:
    with pytest.raises(OutputMissing):
        as_strings("It", kind, value)


def test_a_selector_that_finds_nothing_fails_the_step() -> None:
    assert select({"Payload": {"a": {"b": 1}}}, "$.Payload.a.b") == 1
    for selector in ("$.Payload.b", "$.Payload.a.b.c", "$.Nothing"):
        with pytest.raises(OutputMissing, match="finds nothing"):
            select({"Payload": {"a": {"b": None}}}, selector)
