"""Member accounts in which findings can be worked off: the rule's own code runs in this process.

What the deployed functions would do over HTTP in interpreters of their own is done here by the same
modules, so that a test of the desk takes a second, not a minute.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto.ssm.models import ssm_backends
from moto.utilities.utils import get_partition

from emulator.awslambda.functions import Function
from emulator.iam.users import AccessKey
from emulator.ssm.scripts import Scripts
from rollout.names import DOCUMENT, FUNCTION, REMEDIATION, RULE
from rule.decision import judge
from rule.deployed_rule import parse_rule_parameters
from rule.facts import User
from rule.live import read_identity, read_user
from rule.parameters import PARAMETERS
from rule.remediation import UserRun, answer
from tests.support.organizations import World
from tests.support.planted import put_result

SHIM = """\
schemaVersion: "0.3"
assumeRole: "{{ AutomationAssumeRole }}"
parameters:
  AutomationAssumeRole: {type: String}
  UserId: {type: String, allowedPattern: '^AIDA\\w{12,124}$'}
  DryRun: {type: String, default: "false", allowedValues: ["true", "false"]}
outputs: [Remediate.User, Remediate.Verdict, Remediate.Keys]
mainSteps:
  - name: Remediate
    action: aws:executeScript
    isEnd: true
    outputs:
      - {Name: User, Selector: $.Payload.User, Type: String}
      - {Name: Verdict, Selector: $.Payload.Verdict, Type: String}
      - {Name: Keys, Selector: $.Payload.Keys, Type: MapList}
    inputs:
      Runtime: python3.11
      Handler: start
      InputPayload: {UserId: "{{ UserId }}", DryRun: "{{ DryRun }}"}
      Script: "def start(events, context): return events"
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "ssm.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


DEFAULTS = {each.name: each.default for each in PARAMETERS if not each.optional}


@dataclass
class Workshop:
    """The accounts of an estate with a rule that judges and a runbook that acts."""

    estate: World
    on_act: Callable[[str], None] = lambda user_id: None
    """Called when a run begins, with the user's id: what happens meanwhile."""
    on_evaluate: Callable[[], object] = lambda: None
    """Called when the rule is to judge everybody."""
    evaluates: bool = True
    """False: the rule's function neither judges nor ends."""

    def add(self, account: str, name: str, *, days: int = 60, **tags: str) -> AccessKey:
        """Add a user with a key that was made at setup and never used."""
        iam = self.estate.members.config(account, self.estate.region).iam
        created = self.estate.cloud.clock.now() - timedelta(days=days)
        user = iam.add_user(name, created=created, password=created, tags=tags)
        return iam.add_key(user, created=created)

    def client(self, account: str, service: str) -> Any:
        """Return a client of the account's own operator."""
        there = self.estate.cloud.open_account(account, self.estate.region)
        session: Any = there.session()
        return session.client(service, endpoint_url=self.estate.cloud.url)

    def user_id(self, account: str, name: str) -> str:
        """Return a user's id."""
        return str(self.estate.members.config(account, self.estate.region).iam.get_user(name).id)

    def tags(self, account: str, name: str) -> dict[str, str]:
        """Return a user's tags."""
        return dict(
            self.estate.members.config(account, self.estate.region).iam.get_user(name).tag_values
        )

    def judge(self, account: str) -> None:
        """Let the account's rule judge everybody and put what it found."""
        config = self.estate.members.config(account, self.estate.region)
        (name,) = [each for each in config.config_rules if each.startswith(RULE)]
        policy = parse_rule_parameters(config.config_rules[name].input_parameters_dict)
        iam, now = self.client(account, "iam"), datetime.now(UTC)
        for each in list(config.iam.users.values()):
            user: User = read_user(iam, read_identity(iam, each.name), policy)
            verdict = judge(user, policy, now)
            put_result(config.results(name), user.id, verdict.compliance, now, verdict.annotation)

    def hold(self, account: str, user_id: str, annotation: str) -> None:
        """Let the rule hold somebody NON_COMPLIANT, whoever that is by now."""
        now = datetime.now(UTC)
        config = self.estate.members.config(account, self.estate.region)
        (name,) = [each for each in config.config_rules if each.startswith(RULE)]
        put_result(config.results(name), user_id, "NON_COMPLIANT", now, annotation)

    def install(self, account: str) -> None:
        """Give an account the function of the rule, the runbook and its role."""
        place = f"arn:{get_partition(self.estate.region)}:lambda:{self.estate.region}:{account}"
        arn = f"{place}:function:{FUNCTION}"
        config = self.estate.members.config(account, self.estate.region)

        def evaluate(event: dict[str, Any], context: Any) -> dict[str, Any]:
            self.on_evaluate()
            if not self.evaluates:
                return {}
            self.judge(account)
            runs = config.runs.setdefault(event["configRuleName"], {})
            runs["LastSuccessfulEvaluationTime"] = datetime.now(UTC).timestamp()
            return {"message_type": "ScheduledNotification"}

        member = self.estate.cloud.open_account(account, self.estate.region)
        if any(each.startswith(RULE) for each in config.config_rules):
            member.functions.handlers[arn] = Function(arn, evaluate)
        else:
            member.add_rule(RULE, evaluate, DEFAULTS)
        documents = ssm_backends[account][self.estate.region]._documents
        documents.pop(DOCUMENT, None)
        self.client(account, "ssm").create_document(
            Name=DOCUMENT, Content=SHIM, DocumentType="Automation", DocumentFormat="YAML"
        )
        self.client(account, "iam").create_role(
            RoleName=REMEDIATION, AssumeRolePolicyDocument=json.dumps(TRUST)
        )

    def run_script(
        self, place: str, inputs: dict[str, Any], given: dict[str, str], timeout: float
    ) -> Any:
        """Do what the function behind the runbook does, under the runbook's role."""
        session: Any = boto3.Session(
            given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], given["AWS_SESSION_TOKEN"]
        )
        iam, config = (
            session.client(each, self.estate.region, endpoint_url=self.estate.cloud.url)
            for each in ("iam", "config")
        )
        account = session.client(
            "sts", self.estate.region, endpoint_url=self.estate.cloud.url
        ).get_caller_identity()["Account"]
        asked = inputs["InputPayload"]
        self.on_act(asked["UserId"])
        there = self.estate.members.config(account, self.estate.region)
        (name,) = [each for each in there.config_rules if each.startswith(RULE)]
        policy = parse_rule_parameters(there.config_rules[name].input_parameters_dict)
        dry_run = asked["DryRun"] == "true"
        act = UserRun(
            iam, config, policy, dry_run, now=lambda: datetime.now(UTC), sleep=lambda _: None
        )
        return answer(*act.remediate(asked["UserId"]))


def open_workshop(estate: World, patches: pytest.MonkeyPatch, *accounts: str) -> Workshop:
    """Make these accounts of the estate ready."""
    workshop = Workshop(estate)
    act_in_process(workshop, patches)
    for account in accounts:
        workshop.install(account)
    return workshop


def act_in_process(workshop: Workshop, patches: pytest.MonkeyPatch) -> None:
    """Let the runbook's script be the remediation function itself, in this process."""

    def run(_: Scripts, *given: Any) -> Any:
        return workshop.run_script(*given)

    patches.setattr(Scripts, "run", run)
