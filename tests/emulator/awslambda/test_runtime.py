"""Config's events run the deployed zip: in a bare interpreter, under the deployed role."""

import io
import json
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator import Account, open_account
from emulator.awslambda.functions import Function, Invocation, invoke
from emulator.awslambda.runtime import FunctionError
from emulator.config.rules import ConsoleLine, Rule
from rollout.names import RULE
from tests.conftest import NOW
from tests.support.deployment import deploy
from tests.support.paths import ROOT

ROLE = f"arn:aws:iam::111122223333:role/{RULE}-evaluator"
PROBE_ARN = "arn:aws:lambda:us-east-1:111122223333:function:probe"
LONG_AGO = NOW - timedelta(days=60)


def zip_of(source: str) -> bytes:
    """Return a function's code that is one module, `rule/evaluator.py`."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("rule/__init__.py", "")
        package.writestr("rule/evaluator.py", source)
    return content.getvalue()


def create(account: Account, source: str, timeout: int = 900, retries: int = 2) -> Function:
    """Create a function of a test's own, without a stack, and return what invokes it."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    role = boto3.client("iam").create_role(
        RoleName="probe",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    functions = boto3.client("lambda")
    functions.create_function(
        FunctionName="probe",
        Role=role["Role"]["Arn"],
        Runtime="python3.13",
        Handler="rule.evaluator.lambda_handler",
        Code={"ZipFile": zip_of(source)},
        Timeout=timeout,
        MemorySize=512,
    )
    functions.put_function_event_invoke_config(FunctionName="probe", MaximumRetryAttempts=retries)
    return account.functions.find_function(PROBE_ARN)


def test_every_kind_of_event_reaches_the_deployed_code_under_its_role(
    account: Account, package: Path
) -> None:
    rule = deploy(account, package)
    ann = account.iam.add_user("ann", created=LONG_AGO, password=LONG_AGO)
    key = account.iam.add_key(ann, created=LONG_AGO).access_key_id
    with account.calls.since_now() as calls:
        runs = [rule.send_change(ann), rule.send_oversized(ann), rule.send_schedule()]
    assert [(run.message["messageType"], run.errors) for run in runs] == [
        ("ConfigurationItemChangeNotification", []),
        ("OversizedConfigurationItemChangeNotification", []),
        ("ScheduledNotification", []),
    ]
    assert {call.caller for call in calls.made()} == {ROLE}
    created = "2026-07-03T12:00:00Z"
    assert rule.list_lines() == [
        ConsoleLine(
            "ann",
            "NON_COMPLIANT",
            f"Access key {key} of ann was created at {created}, the user at {created}: AWS has no"
            " use of it on record. Make it inactive, then delete it.",
        )
    ]


def test_what_the_code_prints_is_in_the_log_group(deployed: Rule) -> None:
    run = deployed.send_schedule()
    logs = boto3.client("logs")
    group = f"/aws/lambda/{RULE}"
    messages = [
        json.loads(event["message"])
        for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])[
            "events"
        ]
    ]
    assert run.answer.items() <= next(each for each in messages if "message" in each).items()


PROBE = """
import importlib.util, os, sys
def lambda_handler(event, context):
    from datetime import datetime, timezone
    names = ("boto3", "botocore", "urllib3", "moto", "pytest", "rich", "cfnlint", "emulator",
             "rollout", "time_machine_cli", "yaml", "_pytest")
    return {
        "visible": [name for name in names if importlib.util.find_spec(name)],
        "path": sys.path, "flags": [sys.flags.isolated, sys.flags.no_site],
        "names": sorted(os.environ), "function": os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        "now": datetime.now(timezone.utc).isoformat(),
        "context": [context.function_name, context.memory_limit_in_mb,
                    context.invoked_function_arn, context.log_group_name],
        "milliseconds": context.get_remaining_time_in_millis(),
        "rule": sys.modules["rule"].__file__, "process": os.getpid(),
    }
"""


def test_the_code_sees_boto3_and_itself_and_nothing_else_of_this_environment(
    account: Account,
) -> None:
    seen = invoke(create(account, PROBE), {}).answer
    assert seen["visible"] == ["boto3", "botocore", "urllib3"]
    assert seen["flags"] == [1, 1]
    assert not [path for path in seen["path"] if path.startswith(sys.prefix + "/lib/python3")]
    assert str(ROOT) not in seen["path"]
    assert not seen["rule"].startswith(str(ROOT))
    assert seen["function"] == "probe"
    # Python itself sets LC_CTYPE where no locale is.
    others = {name for name in seen["names"] if not name.startswith(("AWS_", "LAMBDA_"))}
    assert others - {"LC_CTYPE"} == {"NO_PROXY", "TZ", "_HANDLER", "no_proxy"}
    assert seen["context"] == ["probe", 512, PROBE_ARN, "/aws/lambda/probe"]
    assert 899_000 < seen["milliseconds"] <= 900_000


def test_the_code_is_on_the_emulated_clock_and_stays_warm(account: Account) -> None:
    function = create(account, PROBE)
    first = invoke(function, {}).answer
    account.clock.advance(days=8)
    second = invoke(function, {}).answer
    assert (first["now"][:10], second["now"][:10]) == ("2026-09-01", "2026-09-09")
    assert first["process"] == second["process"]


def test_where_the_clock_stands_the_code_has_that_time_however_late_it_starts() -> None:
    for moment in (NOW, NOW + timedelta(days=8, microseconds=250_000)):
        with open_account(moment, ticking=False) as account:
            told = invoke(create(account, PROBE), {}).answer
            assert (told["now"], account.clock.now()) == (moment.isoformat(), moment)


def test_new_code_replaces_the_old_at_once(account: Account) -> None:
    function = create(account, "def lambda_handler(e, c): return 'old'")
    assert invoke(function, {}).answer == "old"
    new = zip_of("def lambda_handler(e, c): return 'new'")
    boto3.client("lambda").update_function_code(FunctionName="probe", ZipFile=new)
    assert invoke(function, {}).answer == "new"


def errors(run: Invocation) -> list[str]:
    """Return the errors of a run's attempts, each as type and text."""
    assert all(isinstance(error, FunctionError) for error in run.errors)
    return [str(error) for error in run.errors]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        pytest.param(
            "def lambda_handler(e, c): raise KeyError('x')", "KeyError: 'x'", id="an error"
        ),
        pytest.param(
            "import moto",
            "ModuleNotFoundError: No module named 'moto'",
            id="a module that is not in the zip",
        ),
        pytest.param(
            "import datetime\ndef lambda_handler(e, c): return datetime.datetime(2026, 1, 1)",
            "TypeError: Object of type datetime is not JSON serializable",
            id="an answer that is no JSON",
        ),
        pytest.param(
            "import os\ndef lambda_handler(e, c): os._exit(3)",
            "Runtime.ExitError: Runtime exited without providing a reason",
            id="the end of the process",
        ),
    ],
)
def test_a_run_that_fails_is_tried_three_times(account: Account, source: str, error: str) -> None:
    run = invoke(create(account, source), {})
    assert (run.succeeded, errors(run)) == (False, [error] * 3)


def test_the_code_cannot_leave_loopback(account: Account) -> None:
    source = "import socket\ndef lambda_handler(e, c): socket.create_connection(('192.0.2.1', 80))"
    (error,) = errors(invoke(create(account, source, retries=0), {}))
    assert error.startswith("OffLoopback: socket.getaddrinfo '192.0.2.1' was refused")


def test_a_run_beyond_its_timeout_is_killed_and_the_next_one_starts_anew(account: Account) -> None:
    source = "import threading\ndef lambda_handler(e, c): return e or threading.Event().wait(60)"
    function = create(account, source, timeout=1, retries=0)
    run = invoke(function, {})
    assert (run.succeeded, errors(run)) == (
        False,
        ["Sandbox.Timedout: Task timed out after 1.00 seconds"],
    )
    assert invoke(function, {"at": "once"}).answer == {"at": "once"}


def test_invoke_answers_over_the_api(account: Account) -> None:
    create(account, "def lambda_handler(e, c): return 10 / e['by']")
    functions = boto3.client("lambda")

    def answer(by: int) -> tuple[str | None, Any]:
        told = functions.invoke(FunctionName="probe", Payload=json.dumps({"by": by}))
        return told.get("FunctionError"), json.loads(told["Payload"].read())

    assert answer(4) == (None, 2.5)
    assert answer(0) == (
        "Unhandled",
        {"errorType": "ZeroDivisionError", "errorMessage": "division by zero"},
    )
    event = functions.invoke(FunctionName="probe", Payload=b'{"by": 4}', InvocationType="Event")
    assert event["StatusCode"] == 202


def test_no_interpreter_outlives_its_cloud() -> None:
    with open_account(NOW) as account:
        process = invoke(create(account, PROBE), {}).answer["process"]
        assert Path(f"/proc/{process}").exists()
    assert not Path(f"/proc/{process}").exists()
