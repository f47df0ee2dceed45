"""The runbook of template.yaml in an emulated account: put there, run, and looked at."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from moto.cloudformation.models import Stack

from emulator import Account
from emulator.config.items import make_item
from emulator.iam.users import User
from emulator.ssm.automation import Execution
from tests.support.deployment import deploy
from tests.support.paths import ROOT
from tests.support.planted import put_result

NAME = "iam-user-no-setup-access-key"
DOCUMENT = f"{NAME}-remediation"
ROLE = f"arn:aws:iam::111122223333:role/{NAME}-remediation"
REMEDIATOR = f"arn:aws:iam::111122223333:role/{NAME}-remediator"
STEP = "QuarantineOrDeleteOffendingKeys"
PARAMETERS = {
    "Criterion": "SETUP_UNUSED",
    "SetupWindowSeconds": "300",
    "GraceHours": "4",
    "QuarantineDays": "7",
    "MaxExceptionDays": "90",
}
TAG = "no-setup-access-key:quarantined:"


@dataclass(frozen=True)
class ToldKey:
    """What one run told about one key."""

    id: str
    done: str
    why: str


def read_template() -> dict[str, Any]:
    """Return template.yaml, its short forms written out."""
    template: dict[str, Any] = Stack.parse_template((ROOT / "template.yaml").read_text())
    return template


def put_runbook(account: Account, package: Path) -> None:
    """Deploy everything: the runbook starts a function, which asks the deployed rule."""
    account.iam.report.rounds = 0
    deploy(account, package)


def forget_users(account: Account) -> None:
    """Take everybody away, with what AWS Config has of them and every fault."""
    iam = account.iam
    for user in iam.users.values():
        for key in user.access_keys:
            iam.access_keys.pop(key.access_key_id, None)
    iam.users.clear()
    iam.use_lag = timedelta(0)
    account.config.history.items.clear()
    account.faults.clear()


def set_parameters(account: Account, **changed: str) -> None:
    """Give the deployed rule its defaults, less what is changed."""
    rule = account.config.config_rules[account.find_rule(NAME).name]
    rule.input_parameters_dict = {**PARAMETERS, **changed}
    rule.input_parameters = json.dumps(rule.input_parameters_dict)


def hold(account: Account, user_id: str, compliance: str = "NON_COMPLIANT") -> None:
    """Let the deployed rule hold a result for a user, be it old by now."""
    put_result(account.find_rule(NAME).results, user_id, compliance, account.clock.now())


def witness(account: Account, user: User) -> None:
    """Let AWS Config have seen a user's tags since the start that the first of them names."""
    items = account.config.history.items.setdefault(user.id, [])
    if items and items[-1]["tags"] == user.tag_values:
        return
    starts = [value[:20] for name, value in user.tag_values.items() if name.startswith(TAG)]
    since = account.clock.now()
    with suppress(ValueError):
        since = datetime.fromisoformat(min(starts, default=""))
    items.append(make_item(account.iam, user, "OK", since))


def start(account: Account, user_id: str, dry_run: str = "false", **changed: str) -> Execution:
    """Run the document for a user whom the rule holds, under the rule's defaults unless changed."""
    set_parameters(account, **changed)
    hold(account, user_id)
    for user in account.iam.users.values():
        if user.id == user_id and user_id not in account.config.unrecorded:
            witness(account, user)
    given = {"AutomationAssumeRole": ROLE, "UserId": user_id, "DryRun": dry_run}
    return account.automation.start_automation(
        DOCUMENT, {name: [value] for name, value in given.items()}
    )


def run(account: Account, user: User, dry_run: str = "false", **changed: str) -> list[ToldKey]:
    """Run the document for a user, see it succeed, and return what it tells about each key."""
    execution = start(account, user.id, dry_run, **changed)
    assert (execution.status, execution.failure) == ("Success", "")
    return read_outcomes(execution)


def read_outcomes(execution: Execution) -> list[ToldKey]:
    """Return what an execution that succeeded tells about each key."""
    told = [json.loads(text) for text in execution.outputs[f"{STEP}.Keys"]]
    return [ToldKey(each["AccessKeyId"], each["Done"], each["Why"]) for each in told]


def read_failure(execution: Execution) -> str:
    """Return the last line of a failure message: the error, and not where it was raised."""
    assert execution.status == "Failed"
    return execution.failure.splitlines()[-1]


def read_state(user: User) -> tuple[dict[str, str], dict[str, str]]:
    """Return the status of each of a user's keys, by id, and the user's tags."""
    return {key.access_key_id: key.status for key in user.access_keys}, dict(user.tag_values)
