"""An organization for the tests: management, a delegated administrator, two units, odd members."""

import contextlib
import io
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import takewhile
from typing import Any

from moto.cloudformation.models import cloudformation_backends
from moto.ssm.models import ssm_backends
from moto.utilities.utils import get_partition

from emulator import Account, Cloud
from emulator.cloud import use_account
from emulator.cloudformation.member_stacks import MemberStacks
from emulator.cloudformation.stack_sets import StackSets
from emulator.config.organization_packs import OrganizationPacks
from emulator.gateway.calls import Call, CallLog
from emulator.organizations.models import CONFIG, STACKSETS, Organization, Unit
from rollout.__main__ import main
from rollout.aws.iam_actions import find_action
from rollout.names import DOCUMENT, STACK
from tests.support.paths import ROOT
from tests.support.terminal import open_terminal

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
REGION = "us-east-1"
MANAGEMENT = "999900000000"
SECURITY = "222200000000"
"""The delegated administrator."""
SHOP, BANK, OLD, SANDBOX, LATE = (
    "333300000001",
    "333300000002",
    "333300000003",
    "444455556666",
    "555500000000",
)
ROLE = "OrganizationAccountAccessRole"


@dataclass
class World:
    """An emulated organization and the way into it."""

    cloud: Cloud
    account: Account
    organization: Organization
    members: MemberStacks
    sets: StackSets
    packs: OrganizationPacks
    production: Unit
    testing: Unit
    region: str = REGION

    def join(self, account_id: str, name: str, unit: Unit | None = None, **recorder: bool) -> None:
        """Let an account with a recorder join."""
        self.members.add_recorder(account_id, self.region, **recorder)
        self.organization.add_account(account_id, name, unit)

    def sleep(self, seconds: float) -> None:
        """Pass emulated time, as code under test sleeps."""
        self.cloud.clock.advance(seconds=seconds)


def leave_runbook_behind() -> None:
    """Add a version of the runbook in the shop that is not the default one."""
    documents = ssm_backends[SHOP][REGION]
    documents.update_document(
        content=documents.get_document(DOCUMENT, None, None, "YAML")["Content"] + "\n",
        attachments=[],
        name=DOCUMENT,
        version_name="",
        document_version="$LATEST",
        document_format="YAML",
        target_type="",
    )


def set_stack_status(status: str) -> None:
    """Let CloudFormation show another status of the management account's ordinary stack."""
    cloudformation_backends[MANAGEMENT][REGION].get_stack(STACK).status = status


def answer(function: str, event: dict[str, Any]) -> dict[str, Any]:
    """Answer for a function of a member account as the code does when nothing is wrong."""
    return {"message_type": "ConfigurationItemChangeNotification", "users_seen": 1}


@contextmanager
def open_estate(
    caller: str = MANAGEMENT, accounts: int = 0, region: str = REGION
) -> Iterator[World]:
    """Open the organization, seen from `caller`, with that many ordinary accounts more."""
    with Cloud(NOW, ticking=False) as cloud:
        account = cloud.open_account(caller, region)
        organization = Organization(MANAGEMENT, partition=get_partition(region))
        organization.page_limit = 2 if not accounts else 100
        members = organization.part(MemberStacks)
        members.answer = answer
        production, testing = organization.add_unit("production"), organization.add_unit("testing")
        estate = World(
            cloud,
            account,
            organization,
            members,
            organization.part(StackSets),
            organization.part(OrganizationPacks),
            production,
            testing,
            region,
        )
        members.add_recorder(MANAGEMENT, region)
        estate.join(SECURITY, "security")
        estate.join(SHOP, "shop", production)
        estate.join(BANK, "bank", organization.add_unit("regulated", production))
        organization.add_account(OLD, "old-shop", production, status="SUSPENDED")
        estate.join(SANDBOX, "sandbox", testing)
        for number in range(accounts):
            estate.join(f"{700000000000 + number}", f"team-{number}", testing)
        _CALLS.append(cloud.calls)
        organization.delegate(SECURITY, STACKSETS, CONFIG)
        organization.agenda.finish()
        with use_account(account):
            yield estate


@dataclass(frozen=True)
class CommandRun:
    """What one run of the command line came to."""

    code: int
    out: str
    err: str

    def line(self, beginning: str) -> str:
        """Return the last line that begins so."""
        return [each for each in self.out.splitlines() if each.startswith(beginning)][-1]

    def result(self, name: str) -> str:
        """Return the result of a line of the story."""
        line = self.line(f"{name} ...")
        return line.rpartition("... ")[2]

    def below(self, name: str) -> list[str]:
        """Return the indented lines below the last line of that name, stripped."""
        lines = self.out.splitlines()
        start = max(at for at, each in enumerate(lines) if each.startswith(f"{name} ..."))
        found = []
        for line in lines[start + 1 :]:
            if not line.startswith("    "):
                break
            found.append(line.strip())
        return found

    def rows(self) -> list[list[str]]:
        """Return the last table's rows, each as its words."""
        lines = self.out.splitlines()
        start = max(at for at, each in enumerate(lines) if each.startswith("ACCOUNT"))
        table = list(takewhile(lambda line: line[:1].isdigit(), lines[start + 1 :]))
        return [re.split(r"  +", line.strip()) for line in table]


PERMISSIONS = ROOT / "docs" / "operate" / "permissions.md"
WORK_OFF = ("remediate", "restore", "rescan", "letters", "exceptions")
"""The verbs that work findings off; one account alone takes what they call in the accounts."""
BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
_CALLS: list[CallLog] = []


def split_calls(calls: Iterable[Call]) -> tuple[set[str], set[str]]:
    """Return the operator's actions: in the own account, and through the role in others.

    sts:GetCallerIdentity needs no permission; what the function calls is its own role's affair.
    """
    own, far = set[str](), set[str]()
    for call in calls:
        action = find_action(call.service, call.operation)
        if "/Operator/" in call.caller:
            own.add(action)
        elif call.caller.endswith(f"/{ROLE}"):
            far.add(action)
    return own - {"sts:GetCallerIdentity"}, far


def read_session_policies(calls: Iterable[Call]) -> set[str]:
    """Return the actions that the sessions were limited to which the operator opened elsewhere."""
    return {
        action
        for call in calls
        if call.operation == "AssumeRole" and "/Operator/" in call.caller
        for statement in json.loads(call.parameters["Policy"])["Statement"]
        for action in statement["Action"]
    }


@cache
def read_permissions(section: str) -> frozenset[str]:
    """Return the actions that a section of the permissions page lists, with those it refers to."""
    page = PERMISSIONS.read_text(encoding="utf-8")
    text = page.split(f"\n## {section}\n")[1].split("\n## ")[0]
    found = {each for block in BLOCK.findall(text) for each in json.loads(block)["Action"]}
    return frozenset(found | (read_permissions("check") if "`check`" in text else set()))


def run(arguments: str, *, documented: bool = True, columns: int = 0) -> CommandRun:
    """Run `python -m rollout` in this process; what it calls has to be in the permissions page.

    It writes to a pipe, or to a terminal of so many columns: `out` is what stands there at last.
    """
    out, err = io.StringIO(), io.StringIO()
    with _CALLS[-1].since_now() as calls:
        code = _run(arguments, out, err, columns)
    if documented:
        verb = arguments.split(maxsplit=1)[0]
        alone = "--account-only" in arguments and verb not in WORK_OFF
        section = "One account alone" if alone else verb
        own, far = split_calls(calls.made())
        assert (own | far) - read_permissions(section) == set(), "make docs lists them"
        assert far - read_session_policies(calls.made()) == set(), "of a session's own policy"
    return CommandRun(code, out.getvalue(), err.getvalue())


def _run(arguments: str, out: io.StringIO, err: io.StringIO, columns: int) -> int:
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        if not columns:
            return main(arguments.split())
        with open_terminal(columns) as terminal:
            code = main(arguments.split())
        out.write("\n".join(terminal.lines))
        return code
