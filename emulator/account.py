"""One account of an emulated cloud: what tests and the demo hold in their hands.

Everything about the account can be reached with any boto3 client over HTTP; the attributes here are
the way around it, to set dates and to send Config's events.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import boto3
from moto.utilities.utils import get_partition

from emulator.awslambda.functions import Function, Handler, Invocation
from emulator.awslambda.models import Lambda
from emulator.clock import CloudClock
from emulator.config.items import USER_TYPE
from emulator.config.models import Config
from emulator.config.remediation import Remediation
from emulator.config.rules import Rule, deliver_items
from emulator.environment import client_variables
from emulator.gateway.calls import CallLog
from emulator.gateway.faults import Faults
from emulator.iam.models import Iam
from emulator.iam.users import new_id
from emulator.ssm.models import Ssm

CHILD_FOLDER = Path(__file__).parent / "child"


@dataclass(frozen=True)
class Account:
    """An account, seen from one Region of an open cloud."""

    account_id: str
    region: str
    access_key_id: str
    """The key of the operator, who may do everything; it belongs to no user."""
    clock: CloudClock
    """The cloud's clock."""
    calls: CallLog
    """Every API call that reached the cloud."""
    faults: Faults
    """The faults that calls meet."""
    url: str
    """Where the cloud answers."""

    @property
    def iam(self) -> Iam:
        """IAM: `add_user`, `add_key`, the report and what may be set."""
        return Iam.of(self.account_id, self.region)

    @property
    def config(self) -> Config:
        """AWS Config of this Region."""
        return Config.of(self.account_id, self.region)

    @property
    def functions(self) -> Lambda:
        """Lambda of this Region."""
        return Lambda.of(self.account_id, self.region)

    @property
    def automation(self) -> Ssm:
        """Systems Manager of this Region: documents and their executions."""
        return Ssm.of(self.account_id, self.region)

    def add_rule(
        self,
        name: str,
        handler: Handler,
        parameters: dict[str, str] | None = None,
        *,
        from_pack: bool = True,
        timeout_seconds: float = 900.0,
    ) -> Rule:
        """Register a rule for AWS::IAM::User, with all three message types, that calls `handler`.

        `from_pack` gives it the suffix that rules of a conformance pack get.
        """
        place = f"arn:{get_partition(self.region)}:lambda:{self.region}:{self.account_id}"
        function = Function(f"{place}:function:{name}", handler, timeout_seconds)
        self.functions.handlers[function.arn] = function
        if from_pack:
            name += "-conformance-pack-" + new_id("", f"{self.account_id}/{name}", 1, 9).lower()
        messages = (
            "ConfigurationItemChangeNotification",
            "OversizedConfigurationItemChangeNotification",
            "ScheduledNotification",
        )
        self.config.put_config_rule(
            {
                "ConfigRuleName": name,
                "Scope": {"ComplianceResourceTypes": [USER_TYPE]},
                "Source": {
                    "Owner": "CUSTOM_LAMBDA",
                    "SourceIdentifier": function.arn,
                    "SourceDetails": [
                        {"EventSource": "aws.config", "MessageType": message}
                        for message in messages
                    ],
                },
                "InputParameters": json.dumps(parameters or {}),
            }
        )
        return Rule(self.config, name)

    def find_rule(self, name: str) -> Rule:
        """Return the rule of this name, or the one that a conformance pack made of it.

        Raises LookupError where there is none, or more than one.
        """
        found = [
            each
            for each in self.config.config_rules
            if each.partition("-conformance-pack-")[0] == name
        ]
        if len(found) != 1:
            raise LookupError(f"{len(found)} rules are named {name} in {self.account_id}.")
        return Rule(self.config, found[0])

    def deliver_changes(self) -> list[Invocation]:
        """Send what Config recorded since the last time; see `Config.recording`."""
        return deliver_items(self.config)

    def deliver_remediations(self) -> list[Remediation]:
        """Start automatic remediation for what was found meanwhile; see `Remediations`."""
        return self.config.remediations.deliver()

    def session(self) -> boto3.Session:
        """Return a session with the operator's credentials, for accounts beside the first one."""
        return _open_session(self.access_key_id, self.region)

    def open_other(self, account_id: str, region: str = "us-east-1") -> "Account":
        """Return another account of the same cloud."""
        return admit_operator(account_id, region, self.clock, self.calls, self.faults, self.url)

    def variables(self) -> dict[str, str]:
        """Return the environment variables with which AWS clients reach this account only."""
        return client_variables(self.url, self.region, self.access_key_id)

    def environment(self) -> dict[str, str]:
        """Return an environment for a child interpreter: this account, guarded, on its clock.

        The child's interpreter needs time_machine to be importable.
        """
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        paths = [str(CHILD_FOLDER), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {
            **kept,
            **self.variables(),
            "PYTHONPATH": os.pathsep.join(paths),
            "EMULATOR_CLOCK": self.clock.describe(),
        }


@cache
def _open_session(access_key_id: str, region: str) -> boto3.Session:
    """Return a session, made once: each new one reads botocore's models from the disk again."""
    return boto3.Session(
        aws_access_key_id=access_key_id, aws_secret_access_key="emulated", region_name=region
    )


def admit_operator(
    account_id: str, region: str, clock: CloudClock, calls: CallLog, faults: Faults, url: str
) -> Account:
    """Return the account, after giving its operator a key that the server knows.

    The Region in which an account is opened first is the one that records its IAM.
    """
    iam = Iam.of(account_id, region)
    key = iam.make_key(None, "ASIA", datetime.now(UTC))
    key.caller = f"arn:{get_partition(region)}:sts::{account_id}:assumed-role/Operator/emulator"
    account = Account(account_id, region, key.access_key_id, clock, calls, faults, url)
    if iam.user_changed is None:
        iam.user_changed = account.config.note_user
    return account
