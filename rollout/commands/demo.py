"""The verb `demo`: the whole story on an emulated account, from the deployment to the deleted key.

Everything takes the way it takes on AWS: the stack and the conformance pack are made from this
checkout's files, and the function is the zip that `make package` builds.
"""

import argparse
import contextlib
import io
import json
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
from rich.console import Console
from rich.text import Text

from rollout.commands import deploy
from rollout.commands.parser import make_parser
from rollout.errors import NOT_SEEN, Refused
from rollout.names import MODULE, RULE
from rollout.output.teller import dots
from rollout.output.verdicts import write_rows
from rule.decision import COMPLIANT, NON_COMPLIANT

if TYPE_CHECKING:
    from emulator import Account
    from emulator.config.rules import Rule
    from emulator.iam.users import AccessKey

STEP = "QuarantineOrDeleteOffendingKeys"
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SPRING = datetime(2026, 4, 1, 8, tzinfo=UTC)
"""When most users of the demo were created."""
IN_USE = (COMPLIANT, "Every active access key is in use.")
NO_KEY = (COMPLIANT, "No active access key.")
IDLE = (NON_COMPLIANT, "AWS has no use of it on record. Make it inactive, then delete it.")
IN_QUARANTINE = (COMPLIANT, "in quarantine until 2026-11-09T14:00:00Z.")
"""Verdicts of several users: the compliance, and how the sentence ends."""


DESK = {"report": 1, "remediate --yes": 0, "restore --since 2h --yes": 1}
"""What the last chapter runs, and the exit code of each: Ben's deleted key cannot come back."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add no options: the story is always the same."""
    parser.epilog = "Exit code: 0 when every verdict is the expected one, otherwise 1."


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; return 0 only if every verdict is the expected one."""
    try:
        from emulator import loopback, open_account
    except ImportError as error:
        raise Refused(
            f"the demo needs packages that are not here ({error}). In a checkout run make demo;"
            f" what is installed has them with pip install '{RULE}[demo]'."
        ) from error
    loopback.install_guard()
    with open_account(NOW, ticking=False) as account:
        account.config.packs.be_prompt()
        story = Demo(account)
        story.tell()
    story.out.print(
        "Every verdict was the expected one."
        if story.as_expected
        else Text("Some verdicts were not the expected ones.", style="bold red")
    )
    return 0 if story.as_expected else 1


class Demo:
    """The demo's account and people, and what it shows of them."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self.keys = dict[str, "AccessKey"]()
        self.shown = list[tuple[str, str, str]]()
        self.as_expected = True

    def tell(self) -> None:
        """Show what happens, chapter by chapter."""
        self.out.print(
            "An AWS account on this machine, 2 November 2026. Nothing leaves loopback.\n"
        )
        self.title("1. One stack and one conformance pack")
        rule = self.deploy()
        self.add_people()
        verdicts = {
            "ada.uses-it": IN_USE,
            "ben.idle": IDLE,
            "cora.later": (COMPLIANT, "no setup key; Criterion UNUSED would report it."),
            "dan.waiver": (COMPLIANT, "key {key} of dan.waiver."),
            "eve.lapsed": (NON_COMPLIANT, "delete it. The exception ended on 2026-10-31."),
            "finn.new": (COMPLIANT, "not judged before 2026-11-02T12:00:00Z."),
            "gil.returns": IDLE,
        }
        self.title("2. AWS Config sends each user, then its schedule: what its console lists")
        self.account.deliver_changes()
        rule.send_schedule()
        self.show(rule, verdicts)

        self.title("3. Five hours later: eve deleted her key, finn used his")
        self.account.clock.advance(hours=5)
        iam = boto3.client("iam")
        iam.delete_access_key(
            UserName="eve.lapsed", AccessKeyId=self.keys["eve.lapsed"].access_key_id
        )
        self.keys["finn.new"].record_use(NOW + timedelta(hours=2))
        rule.send_schedule()
        verdicts |= {"eve.lapsed": NO_KEY, "finn.new": IN_USE}
        self.show(rule, verdicts)

        self.title("4. The security team switches the remediation on")
        self.switch_remediation_on()
        rule.send_schedule()
        self.remediate()
        verdicts |= {"ben.idle": IN_QUARANTINE, "gil.returns": IN_QUARANTINE}
        self.show(rule, verdicts)

        self.title("5. Gil needs his key: he makes it Active again, leaves the tag, and uses it")
        self.account.clock.advance(days=2)
        iam.update_access_key(
            UserName="gil.returns",
            AccessKeyId=self.keys["gil.returns"].access_key_id,
            Status="Active",
        )
        rule.send_schedule()
        verdicts["gil.returns"] = (
            COMPLIANT,
            "made Active again during its quarantine; not judged before 2026-11-09T18:00:00Z.",
        )
        self.show(rule, verdicts)
        self.keys["gil.returns"].record_use(self.account.clock.now())

        self.title("6. Eight days after the quarantine began")
        self.account.clock.advance(days=6)
        rule.send_schedule()
        verdicts["ben.idle"] = (
            NON_COMPLIANT,
            "on record; its quarantine ended at 2026-11-09T14:00:00Z. Delete it.",
        )
        verdicts["gil.returns"] = IN_USE
        self.show(rule, verdicts)
        self.remediate()
        verdicts["ben.idle"] = NO_KEY
        self.show(rule, verdicts)

        self.title("7. By hand instead: a report, a batch, and a restore at three in the morning")
        self.add("hal.forgot", SPRING)
        rule.send_schedule()
        for line, code in DESK.items():
            self.out.print(f"$ {MODULE} {line} --account-only")
            arguments = make_parser(MODULE).parse_args([*line.split(), "--account-only"])
            self.as_expected &= arguments.run(arguments) == code

    def deploy(self) -> "Rule":
        """Create the stack from template.yaml and the rule from conformance-pack.yaml."""
        self.account.config.recording = True
        self.account.config.add_recorder()
        run_deploy()
        stacks = boto3.client("cloudformation").describe_stacks(StackName=RULE)["Stacks"]
        self.line(f"stack {RULE} from template.yaml", stacks[0]["StackStatus"])
        self.line("pack from conformance-pack.yaml", "remediation false")
        return self.account.find_rule(RULE)

    def switch_remediation_on(self) -> None:
        """Put the conformance pack once more, with the change of its one parameter."""
        run_deploy("--automatic-remediation")
        self.line("pack from conformance-pack.yaml", "remediation true")

    def remediate(self) -> None:
        """Let AWS Config start the runbook for what was found, and send the changes it makes."""
        for remediation in self.account.deliver_remediations():
            run = remediation.execution
            if run is None or run.status != "Success":
                self.line(f"runbook for {remediation.resource[1]}", "FAILED")
                self.as_expected = False
                continue
            (user,) = run.outputs[f"{STEP}.User"]
            for key in map(json.loads, run.outputs[f"{STEP}.Keys"]):
                self.line(f"runbook: {user}, {key['AccessKeyId']}", key["Done"])
        self.account.deliver_changes()

    def title(self, text: str) -> None:
        """Write the heading of a chapter."""
        self.out.print(Text(f"\n{text}", style="bold"))

    def add_people(self) -> None:
        """Add the users, each for one verdict."""
        self.add("build-robot", SPRING, password=False).record_use(NOW)
        self.add("ada.uses-it", SPRING).record_use(NOW - timedelta(days=1))
        self.add("ben.idle", SPRING, key_after=timedelta(seconds=4))
        self.add("cora.later", SPRING, key_after=timedelta(days=30))
        for name, expires in (("dan.waiver", "2026-12-31"), ("eve.lapsed", "2026-10-31")):
            exception = {"owner": "team-payments", "expires": expires, "reason": "partner delays"}
            tags = {f"no-setup-access-key:exception-{part}": exception[part] for part in exception}
            self.add(name, SPRING, tags=tags)
        self.add("finn.new", NOW - timedelta(hours=1))
        self.add("gil.returns", SPRING)

    def add(
        self,
        name: str,
        created: datetime,
        *,
        key_after: timedelta = timedelta(0),
        password: bool = True,
        tags: dict[str, str] | None = None,
    ) -> "AccessKey":
        """Add a user with one access key, made at its setup unless said, and return the key."""
        iam = self.account.iam
        user = iam.add_user(
            name, created=created, password=created if password else None, tags=tags
        )
        self.keys[name] = iam.add_key(user, created=created + key_after)
        return self.keys[name]

    def line(self, what: str, result: str) -> None:
        """Write a name, dots and its result, as every verb does."""
        self.out.print(Text(f"{what} {dots(what)} {result}"))

    def show(self, rule: "Rule", expected: dict[str, tuple[str, str]]) -> None:
        """Show the results that changed, as the Config console lists them; compare them all.

        A verdict is its sentence as well: the right compliance for a wrong reason is not expected.
        """
        lines = rule.list_lines()
        rows = [(each.user, each.compliance, each.annotation) for each in lines]
        write_rows([row for row in rows if row not in self.shown], sys.stdout)
        self.shown = rows
        self.as_expected &= {user for user, _, _ in rows} == expected.keys() and all(
            compliance == expected[user][0]
            and why.endswith(expected[user][1].format(key=self.keys[user].access_key_id))
            for user, compliance, why in rows
        )


def run_deploy(*options: str) -> None:
    """Deploy to the emulated account as anybody does to a real one; raise Refused when it fails."""
    parser = argparse.ArgumentParser()
    deploy.configure(parser)
    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(told):
        code = deploy.run(parser.parse_args(["--account-only", "--yes", *options]))
    if code not in (0, NOT_SEEN):
        raise Refused(f"the emulated account refused what was deployed:\n{told.getvalue()}")
