"""The smoke test: the deployed function judges a user who does not exist, and nothing is stored."""

import json
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime

from rollout.aws.session import NotSeen, Session
from rollout.deployment.health import has_run_well
from rollout.names import FUNCTION, RULE
from rollout.organization.accounts import Account
from rollout.organization.members import Members, list_unseen
from rollout.output.fault import Fault, Result
from rollout.output.run import Run
from rule.counted import count
from rule.live import RESOURCE_TYPE
from rule.parameters import PARAMETERS

CHECK = "smoke-test"
MESSAGE = "ConfigurationItemChangeNotification"
SMOKE_USER = "AIDASMOKETESTNOSUCHUSER"
LONG_AGO = "2020-01-01T00:00:00.000Z"
"""A new user whom IAM does not know would be waited for; an old one is gone."""


def run_smoke_test(session: Session, parameters: Mapping[str, str]) -> str:
    """Invoke the function with a change of a user who does not exist; return "" or what is wrong.

    The result token is TESTMODE, so AWS Config stores nothing (PutEvaluations' API reference, and
    rdklib's handling of that word).
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    name = "rollout-smoke-test-no-such-user"
    item = {
        "configurationItemCaptureTime": now,
        "configurationItemStatus": "OK",
        "resourceType": RESOURCE_TYPE,
        "resourceId": SMOKE_USER,
        "resourceName": name,
        "resourceCreationTime": LONG_AGO,
        "awsAccountId": session.account,
        "ARN": f"arn:{session.partition}:iam::{session.account}:user/{name}",
        "tags": {},
    }
    invoking = {
        "messageType": MESSAGE,
        "configurationItem": item,
        "notificationCreationTime": now,
        "recordVersion": "1.3",
    }
    event = {
        "invokingEvent": json.dumps(invoking),
        "ruleParameters": json.dumps(dict(parameters)),
        "resultToken": "TESTMODE",
        "eventLeftScope": False,
        "executionRoleArn": "",
        "configRuleArn": "",
        "configRuleName": RULE,
        "configRuleId": "config-rule-smoke",
        "accountId": session.account,
        "version": "1.0",
    }
    client = session.awslambda
    try:
        answer = client.invoke(FunctionName=FUNCTION, Payload=json.dumps(event).encode())
    except client.exceptions.ResourceNotFoundException as error:
        # Any other refusal is the operator's affair, and not the function's fault.
        return str(error.response["Error"].get("Message", error))
    payload: bytes = answer["Payload"].read()
    if "FunctionError" not in answer:
        return judge_answer(payload)
    try:
        return str(json.loads(payload).get("errorMessage", payload))
    except ValueError:
        return payload.decode(errors="replace")


def judge_answer(payload: bytes) -> str:
    """Return "" for an answer such as the rule's own code gives, else what was answered."""
    try:
        told = json.loads(payload)
    except ValueError:
        told = None
    if isinstance(told, dict) and told.get("message_type") == MESSAGE:
        users = told.get("users_seen")
        if isinstance(users, int) and not isinstance(users, bool):
            return ""
    shown = payload[:200].decode(errors="replace")
    return f"it answers {shown!r}, which the rule's code does not: other code runs there"


def run_smoke_tests(
    run: Run,
    members: Members,
    accounts: Sequence[Account],
    parameters: Mapping[str, str],
    changed: Container[str],
) -> dict[str, str | NotSeen]:
    """Test the function in each of these accounts and tell it; return the answers by id.

    Where nothing was changed, a run of AWS Config's own that went well says as much.
    """
    names = {each.name for each in PARAMETERS}
    given = {name: value for name, value in parameters.items() if name in names}
    title = f"smoke test of {FUNCTION} in {count(len(accounts), 'account')}"

    def test(session: Session) -> str:
        if session.account not in changed and has_run_well(session):
            return ""
        return run_smoke_test(session, given)

    with run.line(CHECK, title) as line:
        answers = dict(members.look(accounts, test))
        faults = tuple(
            Fault(each.id, CHECK, f"{each}: the function fails: {answer}")
            for each in accounts
            if (answer := answers[each.id]) and isinstance(answer, str)
        )
        line.end(list_unseen(Result(CHECK, title, faults=faults), accounts, answers))
    return answers
