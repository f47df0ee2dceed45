"""Writes the generated parts of docs/: what the verbs say, and which actions they need.

`make docs` runs it; tests/docs/test_documents.py fails while a page differs from its output.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from rollout.deployment.checks import CHECKS
from rollout.names import TEMPLATE_FILE
from rollout.packs.template import load_template
from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    REGION,
    ROLE,
    SANDBOX,
    SHOP,
    WORK_OFF,
    Estate,
    open_estate,
    run,
    split_calls,
)
from tests.support.planted import plant

DOCS = Path(__file__).parent.parent / "docs"
HASH = re.compile(r"\b[0-9a-f]{16}\b")
SAME_HASH = "0123456789abcdef"
"""Hashes of code and templates change with every commit; the pages show this one."""
BLOCK = re.compile(
    r"(?:<!-- scene: (?P<scene>[^>]+) -->\n)?```console\n\$ python -m rollout (?P<line>[^\n]+)\n"
    r"(?P<output>.*?)```\n",
    re.DOTALL,
)


def stop_recorder(estate: Estate) -> None:
    estate.members.add_recorder(SANDBOX, REGION, running=False)


def start_recorder(estate: Estate) -> None:
    estate.members.add_recorder(SANDBOX, REGION)


def fail_a_run(estate: Estate) -> None:
    estate.sleep(86_400)
    now = estate.cloud.clock.now().timestamp()
    for account in estate.organization.members:
        config = estate.members.config(account, REGION)
        for rule in config.config_rules:
            config.runs[rule] = {"LastSuccessfulEvaluationTime": now - 7200}
            if account == BANK:
                config.runs[rule] |= {
                    "LastFailedEvaluationTime": now - 60,
                    "LastErrorMessage": "The function timed out.",
                }


def quarantine_a_key(estate: Estate) -> None:
    iam = estate.members.config(SHOP, REGION).iam
    iam.add_user("bob", tags={"no-setup-access-key:quarantined:AKIAIOSFODNN7EXAMPLE": "x"})


SCENES: dict[str, Callable[[Estate], None]] = {
    "the recorder of sandbox is stopped": stop_recorder,
    "the recorder of sandbox runs": start_recorder,
    "a day later, the function of bank has failed": fail_a_run,
    "a key of bob in shop is in quarantine": quarantine_a_key,
}


def write_roll_out(page: str) -> str:
    """Return docs/operate/roll-out.md with the output of its commands, run in order."""
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        estate.organization.page_limit = 100

        def replay(block: re.Match[str]) -> str:
            scene = block["scene"]
            if scene:
                SCENES[scene](estate)
            outcome = run(block["line"], documented=False)
            output = re.sub(r" +\n", "\n", HASH.sub(SAME_HASH, outcome.out + outcome.err))
            begin = f"<!-- scene: {scene} -->\n" if scene else ""
            return f"{begin}```console\n$ python -m rollout {block['line']}\n{output}```\n"

        return BLOCK.sub(replay, page)


def break_stack(estate: Estate) -> None:
    """Let a role of our name be in the way of the ordinary stack, and a member's stack fail."""
    boto3.client("iam").create_role(RoleName=EVALUATOR, AssumeRolePolicyDocument="{}")
    estate.sets.failing[SANDBOX] = "It fails."


def mend_stack(estate: Estate) -> None:
    boto3.client("iam").delete_role(RoleName=EVALUATOR)
    estate.sets.failing.clear()


def add_aggregator(estate: Estate) -> None:
    boto3.client("config").put_configuration_aggregator(
        ConfigurationAggregatorName="all",
        OrganizationAggregationSource={
            "RoleArn": f"arn:aws:iam::{MANAGEMENT}:role/aggregator",
            "AllAwsRegions": True,
        },
    )


def do_nothing(estate: Estate) -> None:
    pass


def add_idle_user(estate: Estate) -> None:
    """Give the account shop a user with a key that was made at setup and never used."""
    iam = estate.members.config(SHOP, REGION).iam
    created = estate.cloud.clock.now() - timedelta(days=60)
    iam.add_key(iam.add_user("ben.idle", created=created, password=created), created=created)


def blur_an_answer(estate: Estate) -> None:
    """Let IAM say once of a password what only GetUser settles."""
    estate.cloud.faults.fail("iam", "GetLoginProfile", "NoSuchEntity", "Not there.")


FOLDER = "FOLDER"
"""Stands for a folder that goes when the calls are recorded."""


def plant_findings(estate: Estate) -> None:
    """Let AWS Config hold results in every account."""
    plant(estate, deployed=True)


EXCEPTION = "--owner team --expires 2026-10-01 --reason x"
EVALUATOR = "iam-user-no-setup-access-key-evaluator"
IN_MEMBERS = f"--member-role {ROLE}"
STEPS: tuple[tuple[Callable[[Estate], None], str], ...] = (
    (do_nothing, f"check {IN_MEMBERS}"),
    (add_aggregator, "check"),
    (do_nothing, f"plan {IN_MEMBERS}"),
    (break_stack, f"deploy {IN_MEMBERS} --canary {SHOP}"),
    (mend_stack, f"deploy {IN_MEMBERS} --yes"),
    (do_nothing, f"deploy {IN_MEMBERS} --stack-parameter LogRetentionDays=30 --yes"),
    (do_nothing, "check --ou OU"),
    (do_nothing, "plan --ou OU"),
    (do_nothing, "deploy --ou OU --yes"),
    (do_nothing, f"check {IN_MEMBERS}"),
    (do_nothing, f"plan {IN_MEMBERS}"),
    (do_nothing, f"status {IN_MEMBERS}"),
    (add_idle_user, f"exceptions add {SHOP}/ben.idle {EXCEPTION} {IN_MEMBERS}"),
    (blur_an_answer, f"evaluate --organization {IN_MEMBERS}"),
    (plant_findings, f"report {IN_MEMBERS} --production Environment=prod*"),
    (do_nothing, f"report {IN_MEMBERS} --source members"),
    (do_nothing, f"evidence {FOLDER}/one {IN_MEMBERS} --production Environment=prod*"),
    (do_nothing, f"evidence {FOLDER}/two {IN_MEMBERS} --source members"),
    (do_nothing, f"exceptions list {IN_MEMBERS}"),
    (do_nothing, f"exceptions list --unit OU {IN_MEMBERS}"),
    (do_nothing, "exceptions list --account-only"),
    (do_nothing, f"exceptions remove {SHOP}/ben.idle {IN_MEMBERS}"),
    (do_nothing, f"remove --yes --with-code {IN_MEMBERS}"),
)
"""What is run to record the calls of each verb, in order, each after what happens before it."""
VERBS = ("evaluate", "report", "evidence", "check", "plan", "deploy", "status", "remove", *WORK_OFF)
MORE_THAN_CHECK = ("plan", "deploy")
STACK_ACTIONS = {
    "AWS::CloudWatch::Alarm": ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"],
    "AWS::IAM::Policy": ["iam:DeleteRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy"],
    "AWS::IAM::Role": [
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:PassRole",
        "iam:PutRolePermissionsBoundary",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
    ],
    "AWS::Lambda::EventInvokeConfig": [
        "lambda:DeleteFunctionEventInvokeConfig",
        "lambda:PutFunctionEventInvokeConfig",
    ],
    "AWS::Lambda::Function": [
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:GetFunction",
        "lambda:PutFunctionConcurrency",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
        "s3:GetObject",
    ],
    "AWS::Lambda::Permission": ["lambda:AddPermission", "lambda:RemovePermission"],
    "AWS::Logs::LogGroup": [
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DescribeLogGroups",
        "logs:PutRetentionPolicy",
    ],
    "AWS::SSM::Document": [
        "ssm:CreateDocument",
        "ssm:DeleteDocument",
        "ssm:GetDocument",
        "ssm:UpdateDocument",
        "ssm:UpdateDocumentDefaultVersion",
    ],
}
"""What CloudFormation calls for each type, from each type's page in its reference (M)."""
FRAME = """\
# The permissions an operator needs

Written by `make docs` from the calls that the verbs made in the emulated organization; every test
that runs a verb fails when it calls something that is not here. AWS itself needs more in three
places, which are listed last.

`--member-role` names a role in every account. What is called through it is listed apart, under
"in the accounts"; the operator needs `sts:AssumeRole` for it.
"""
ALONE = """\
## One account alone

With `--account-only` the verbs that work findings off need what they need in the accounts. For
`check`, `plan`, `deploy`, `status` and `remove`:
"""
BEYOND = """\
## What AWS needs beyond that

For the ordinary stack (in the management account, or with `--account-only`) CloudFormation acts
with the operator's own permissions. From the reference page of each resource type in
`template.yaml` (not proved here: the emulator does not make these calls one by one):

{stack}

In the member accounts StackSets act with a role of their own; the operator needs nothing there.

`config:PutOrganizationConformancePack` switches on trusted access and makes a service-linked role
when they are missing, and asks who is delegated administrator (API reference):

{pack}

`config:PutConformancePack` makes a service-linked role for packs when it is missing:
`iam:CreateServiceLinkedRole` for `config-conforms.amazonaws.com`.
"""


def write_permissions() -> str:
    """Return docs/operate/permissions.md."""
    own = {verb: set[str]() for verb in VERBS}
    far = {verb: set[str]() for verb in VERBS}
    with (
        tempfile.TemporaryDirectory() as folder,
        open_estate() as estate,
        pytest.MonkeyPatch.context() as patches,
    ):
        patches.setattr("time.sleep", estate.sleep)
        for happen, command in STEPS:
            happen(estate)
            asked = command.replace("OU", estate.testing.id).replace(FOLDER, folder)
            with estate.cloud.calls.since_now() as calls:
                run(asked, documented=False)
            verb = command.split()[0]
            here, there = split_calls(calls.made())
            own[verb] |= here
            far[verb] |= there
    parts = [FRAME]
    for verb in VERBS:
        more = verb in MORE_THAN_CHECK
        new = own[verb] - own["check"] if more else own[verb]
        parts.append(f"## {verb}\n")
        parts += ["What `check` needs, and:\n"] if more and new else []
        parts.append(write_policy(new) if new else "What `check` needs.\n")
        if far[verb]:
            parts.append(f"In the accounts, through `--member-role`:\n\n{write_policy(far[verb])}")
    parts.append(ALONE)
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        for command in (
            "check",
            "plan",
            "deploy",
            "deploy --stack-parameter LogRetentionDays=30 --yes",
            "status",
            "remove --yes --with-code",
        ):
            run(f"{command} --account-only", documented=False)
        parts.append(write_policy(split_calls(estate.cloud.calls.made())[0]))
    types = {each["Type"] for each in load_stack()["Resources"].values()}
    stack = sorted({action for each in types for action in STACK_ACTIONS[each]})
    pack = [
        "iam:CreateServiceLinkedRole",
        "organizations:EnableAWSServiceAccess",
        "organizations:ListDelegatedAdministrators",
    ]
    parts.append(BEYOND.format(stack=write_policy(stack), pack=write_policy(pack)))
    return "\n".join(parts)


CHECKS_FRAME = """\
# What is checked before a roll-out

Written by `make docs` from the table that the verbs run. `check` runs all of these, and so do
`plan` and `deploy`; where a fault *blocks*, `deploy` changes nothing. What nobody could look at is
*not seen*, never *ok*. In the document of `--format json` a fault is
`{{"account", "check", "text", "mend"}}`, with the check's name as here.

| check | what is looked at | blocks |
|---|---|---|
{rows}
"""


def write_checks() -> str:
    """Return docs/operate/checks.md."""
    rows = [
        f"| `{each.name}` | {each.meaning} | {'yes' if each.blocks else 'no'} |" for each in CHECKS
    ]
    return CHECKS_FRAME.format(rows="\n".join(rows))


def load_stack() -> dict[str, dict[str, dict[str, str]]]:
    """Return template.yaml."""
    return load_template(TEMPLATE_FILE.read_text(encoding="utf-8"))


def write_policy(actions: Iterable[str]) -> str:
    """Return a policy statement as a block of JSON."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    return f"```json\n{json.dumps(statement, indent=2)}\n```\n"


def main() -> None:
    """Write the pages."""
    page = DOCS / "operate" / "roll-out.md"
    page.write_text(write_roll_out(page.read_text(encoding="utf-8")), encoding="utf-8")
    (DOCS / "operate" / "permissions.md").write_text(write_permissions(), encoding="utf-8")
    (DOCS / "operate" / "checks.md").write_text(write_checks(), encoding="utf-8")


if __name__ == "__main__":
    main()
