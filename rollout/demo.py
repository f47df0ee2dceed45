"""The verb `demo`: the whole story on an emulated account, from the deployment to the deleted key.

Everything takes the way it takes on AWS: the stack and the conformance pack are made from this
checkout's files, and the function is the zip that `make package` builds.
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from rich.console import Console
from rich.text import Text

from rollout.errors import Refused
from rollout.package import build_package
from rollout.verdicts import write_rows
from rule.decision import COMPLIANT, NON_COMPLIANT

if TYPE_CHECKING:
    from emulator import Account
    from emulator.rules import Rule

HELP = "Show the whole story on an emulated account; needs no AWS account and no network."
NAME = "iam-user-no-setup-access-key"
ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
SPRING = datetime(2026, 4, 1, 8, tzinfo=UTC)
"""When most users of the demo were created."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add no options: the story is always the same."""
    parser.epilog = "Exit code: 0 when every verdict is the expected one, otherwise 1."


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; return 0 only if every verdict is the expected one."""
    try:
        from emulator import loopback, open_account
    except ImportError as error:
        raise Refused(f"the demo needs the packages of requirements-dev.txt ({error})") from error
    loopback.install_guard()
    with open_account(NOW, ticking=False) as account:
        story = Story(account)
        story.tell()
    story.out.print(
        "Every verdict was the expected one."
        if story.as_expected
        else Text("Some verdicts were not the expected ones.", style="bold red")
    )
    return 0 if story.as_expected else 1


class Story:
    """The demo's account and people, and what it shows of them."""

    def __init__(self, account: "Account") -> None:
        self.account = account
        self.out = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self.shown = list[tuple[str, str, str]]()
        self.as_expected = True

    def tell(self) -> None:
        """Show what happens, chapter by chapter."""
        self.out.print(
            "An AWS account on this machine, 2 November 2026. Nothing leaves loopback.\n"
        )
        self.out.print("[bold]1. One stack and one conformance pack[/bold]")
        rule = self.deploy()
        self.add_people()
        self.out.print("\n[bold]2. AWS Config sends every user, then its schedule[/bold]")
        for user in list(self.account.iam.users.values()):
            rule.send_change(user)
        rule.send_schedule()
        self.show(
            rule,
            {
                "ada.lovelace": COMPLIANT,
                "ben.idle": NON_COMPLIANT,
                "cora.later": COMPLIANT,
                "dan.waiver": COMPLIANT,
                "eve.lapsed": NON_COMPLIANT,
                "finn.new": COMPLIANT,
            },
        )

    def deploy(self) -> "Rule":
        """Create the stack from template.yaml and the rule from conformance-pack.yaml."""
        s3, cloudformation = boto3.client("s3"), boto3.client("cloudformation")
        with tempfile.TemporaryDirectory() as folder:
            package = build_package(Path(folder))
            s3.create_bucket(Bucket="demo-code")
            s3.put_object(Bucket="demo-code", Key=package.name, Body=package.read_bytes())
        cloudformation.create_stack(
            StackName=NAME,
            TemplateBody=(ROOT / "template.yaml").read_text(),
            Parameters=[
                {"ParameterKey": "CodeBucket", "ParameterValue": "demo-code"},
                {"ParameterKey": "CodeKey", "ParameterValue": package.name},
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        (stack,) = cloudformation.describe_stacks(StackName=NAME)["Stacks"]
        self.line(f"stack {NAME} from template.yaml", stack["StackStatus"])
        config = boto3.client("config")
        config.put_conformance_pack(
            ConformancePackName=NAME, TemplateBody=(ROOT / "conformance-pack.yaml").read_text()
        )
        (pack,) = config.describe_conformance_pack_status(ConformancePackNames=[NAME])[
            "ConformancePackStatusDetails"
        ]
        self.line(f"pack {NAME} from conformance-pack.yaml", pack["ConformancePackState"])
        return self.account.find_rule(NAME)

    def add_people(self) -> None:
        """Add the users, each for one verdict."""
        iam = self.account.iam
        month = timedelta(days=30)
        robot = iam.add_user("build-robot", created=SPRING)
        iam.add_key(robot, created=SPRING, last_used=NOW)
        ada = iam.add_user("ada.lovelace", created=SPRING, password=SPRING)
        iam.add_key(ada, created=SPRING, last_used=NOW - timedelta(days=1))
        ben = iam.add_user("ben.idle", created=SPRING, password=SPRING)
        iam.add_key(ben, created=SPRING + timedelta(seconds=4))
        cora = iam.add_user("cora.later", created=SPRING, password=SPRING)
        iam.add_key(cora, created=SPRING + month)
        for name, expires in (("dan.waiver", "2026-12-31"), ("eve.lapsed", "2026-10-31")):
            user = iam.add_user(
                name,
                created=SPRING,
                password=SPRING,
                tags={
                    "no-setup-access-key:exception-owner": "team-payments",
                    "no-setup-access-key:exception-expires": expires,
                    "no-setup-access-key:exception-reason": "partner goes live in winter",
                },
            )
            iam.add_key(user, created=SPRING)
        finn = iam.add_user("finn.new", created=NOW - timedelta(hours=1), password=NOW)
        iam.add_key(finn, created=NOW - timedelta(hours=1))

    def line(self, what: str, result: str) -> None:
        """Write a name, dots and its result, as every verb does."""
        self.out.print(Text(f"{what} {'.' * (72 - len(what))} {result}"))

    def show(self, rule: "Rule", expected: dict[str, str]) -> None:
        """Show the results that changed, as the Config console lists them; compare them all."""
        findings = rule.list_findings()
        rows = [(each.user, each.compliance, each.annotation) for each in findings]
        write_rows([row for row in rows if row not in self.shown], sys.stdout)
        self.shown = rows
        self.as_expected &= {each.user: each.compliance for each in findings} == expected
