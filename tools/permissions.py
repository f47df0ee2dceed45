"""Writes docs/operate/permissions.md: the actions that each verb needs, from its recorded calls."""

import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from rollout.errors import FAULTS, NOT_SEEN
from rollout.names import DOCUMENT, TEMPLATE_FILE
from rollout.organization.member_actions import PASSES_ROLE
from rollout.packs.template import load_template
from tests.support.organizations import (
    ROLE,
    SHOP,
    WORK_OFF,
    World,
    open_estate,
    run,
    split_calls,
)
from tests.support.workshop import Workshop, act_in_process
from tools import work_off
from tools.happenings import (
    add_aggregator,
    attach_policies,
    blur_an_answer,
    break_stack,
    do_nothing,
    give_up_a_remediation,
    leave_runbooks_behind,
    mend_stack,
    plant_findings,
)
from tools.stack_actions import STACK_ACTIONS


class UnfinishedRun(Exception):
    """A recorded run did not come to its end."""


FOLDER = "FOLDER"
"""Stands for a folder that goes when the calls are recorded."""
SETTINGS = "rollout.toml"
BOUNDED = "[stack_parameters]\nReservedConcurrency = 5\n"
"""What the settings in that folder decide."""


IN_MEMBERS = f"--member-role {ROLE}"
STEPS: tuple[tuple[Callable[[World], None], str], ...] = (
    (do_nothing, f"check {IN_MEMBERS}"),
    (add_aggregator, "check"),
    (do_nothing, f"plan {IN_MEMBERS}"),
    (break_stack, f"deploy {IN_MEMBERS} --canary {SHOP}"),
    (mend_stack, f"deploy {IN_MEMBERS} --yes"),
    (give_up_a_remediation, f"status {IN_MEMBERS}"),
    (leave_runbooks_behind, f"deploy {IN_MEMBERS} --stack-parameter LogRetentionDays=30 --yes"),
    (do_nothing, f"check {IN_MEMBERS} --settings {FOLDER}/{SETTINGS}"),
    (do_nothing, f"plan {IN_MEMBERS} --settings {FOLDER}/{SETTINGS}"),
    (do_nothing, f"deploy {IN_MEMBERS} --settings {FOLDER}/{SETTINGS} --yes"),
    (do_nothing, f"deploy {IN_MEMBERS} --stack-parameter ReservedConcurrency=-1 --yes"),
    *work_off.STEPS,
    (do_nothing, "check --ou OU"),
    (do_nothing, "plan --ou OU"),
    (do_nothing, "deploy --ou OU --automatic-remediation --yes"),
    (attach_policies, f"check {IN_MEMBERS}"),
    (do_nothing, f"plan {IN_MEMBERS}"),
    (do_nothing, f"status {IN_MEMBERS}"),
    (blur_an_answer, f"evaluate --organization {IN_MEMBERS}"),
    (plant_findings, f"report {IN_MEMBERS} --production Environment=prod*"),
    (do_nothing, f"report {IN_MEMBERS} --source members"),
    (do_nothing, f"evidence {FOLDER}/one {IN_MEMBERS} --production Environment=prod*"),
    (do_nothing, f"evidence {FOLDER}/two {IN_MEMBERS} --source members"),
    (do_nothing, f"remove --yes --with-code {IN_MEMBERS}"),
)
"""What is run to record the calls of each verb, in order, each after what happens before it."""
VERBS = ("evaluate", "report", "evidence", "check", "plan", "deploy", "status", "remove", *WORK_OFF)
MORE_THAN_CHECK = ("plan", "deploy")
FRAME = """\
# The permissions an operator needs

Written by `make docs` from the calls that the verbs made in the emulated organization; every test
that runs a verb fails when it calls something that is not here. AWS itself needs more in three
places, which are listed last.

`--member-role` names a role in every account. What is called through it is listed apart, under
"in the accounts"; the operator needs `sts:AssumeRole` for it. A session there carries the
operator's name, and a session policy of what is listed for the verb: whatever the role may do, it
can do no more.
"""
PASSING = f"""\
It passes the runbook's role on as well, which is a permission and no call: `iam:PassRole` on
`role/{DOCUMENT}`.
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
        (Path(folder) / SETTINGS).write_text(BOUNDED, encoding="utf-8")
        act_in_process(Workshop(estate), patches)
        for happen, command in STEPS:
            happen(estate)
            line = command.replace("OU", estate.testing.id).replace(FOLDER, folder)
            with estate.cloud.calls.since_now() as calls:
                run_through(line.replace("PRODUCTION", estate.production.id))
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
        parts += [PASSING] if verb in PASSES_ROLE else []
    parts.append(ALONE)
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        for command in (
            "check",
            "plan",
            "deploy",
            "deploy --stack-parameter LogRetentionDays=30 --yes",
            "deploy --stack-parameter ReservedConcurrency=5 --yes",
            "deploy --stack-parameter ReservedConcurrency=-1 --yes",
            "deploy --automatic-remediation --yes",
            "status",
            "remove --yes --with-code",
        ):
            if "LogRetentionDays" in command:
                leave_runbooks_behind(estate)
            if command == "status":
                give_up_a_remediation(estate)
            run_through(f"{command} --account-only")
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


def run_through(line: str) -> None:
    """Run a verb to its end. Raises UnfinishedRun: of a run that was refused calls are missing."""
    outcome = run(line, documented=False)
    if outcome.code not in (0, FAULTS, NOT_SEEN):
        raise UnfinishedRun(
            f"{line} has exit code {outcome.code}, so not all its calls: {outcome.err}"
        )


def load_stack() -> dict[str, dict[str, dict[str, str]]]:
    """Return template.yaml."""
    return load_template(TEMPLATE_FILE.read_text(encoding="utf-8"))


def write_policy(actions: Iterable[str]) -> str:
    """Return a policy statement as a block of JSON."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    return f"```json\n{json.dumps(statement, indent=2)}\n```\n"
