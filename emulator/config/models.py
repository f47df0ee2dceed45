"""AWS Config of one emulated account and Region: rules, result tokens, results and recorded users.

Moto keeps the rules and the recorder. It stores no result and knows no user; both are here.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from moto.config import models
from moto.config.exceptions import (
    InsufficientPermissionsException,
    InvalidParameterValueException,
    InvalidResultTokenException,
    NoSuchConfigRuleException,
    ResourceInUseException,
    ValidationException,
)
from moto.utilities.utils import get_partition

from emulator.awslambda.functions import Invocation
from emulator.awslambda.models import Lambda
from emulator.backend import OwnBackend
from emulator.config.history import History
from emulator.config.items import USER_TYPE, make_item
from emulator.config.packs import Packs
from emulator.config.remediation import Remediations
from emulator.config.results import Results, find_refused
from emulator.iam.models import Iam
from emulator.iam.users import User
from emulator.ssm.models import Ssm

PRINCIPAL = "config.amazonaws.com"


@dataclass(frozen=True)
class Token:
    """What a result token stands for: one invocation of one rule."""

    rule_name: str
    invoked: datetime


class Config(OwnBackend, models.ConfigBackend):
    """The Config of one account and Region; the attributes below may be set at any time."""

    backends = models.config_backends

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.recording = False
        """Whether changes of users are collected in `pending_items`, to be delivered to rules."""
        self.pending_items: list[dict[str, Any]] = []
        self.invocations: dict[str, list[Invocation]] = {}
        """What was sent to each rule's function, by rule name."""
        self.records_users = True
        """Whether the recorder records AWS::IAM::User at all."""
        self.unrecorded: set[str] = set()
        """Ids of users that are not recorded, or not yet."""
        self.failing_evaluations: set[str] = set()
        """Resource ids whose evaluations PutEvaluations returns in FailedEvaluations."""
        self.remediations = Remediations(lambda: Ssm.of(account_id, region_name), self.config_rules)
        """Remediation configurations and what came of them."""
        self.packs = Packs(region_name, account_id)
        """The conformance packs of this account."""
        self.history = History()
        """The items of each user, which are recorded whether they are delivered or not."""
        self.deleted_users: list[tuple[User, datetime]] = []
        self.pack_rules: dict[str, list[str]] = {}
        """The rules of each pack, an organization's or an own one, by the pack's name."""
        self.runs: dict[str, dict[str, Any]] = {}
        """What DescribeConfigRuleEvaluationStatus says of a rule beside its name; each run of its
        function is noted here, and whatever is set holds until the next one."""
        self.first_runs: dict[str, datetime] = {}
        """When each new rule of a pack is evaluated first; seen when somebody looks after that."""
        self.shows_runs = True
        """False: that operation answers an empty list, as it is documented for Lambda rules."""
        self._tokens: dict[str, Token] = {}
        self._results: dict[str, Results] = {}
        self._numbers = count(1)

    @property
    def iam(self) -> Iam:
        """The IAM of the same account."""
        return Iam.of(self.account_id, self.region_name)

    def add_recorder(self, *, records_users: bool = True, running: bool = True) -> None:
        """Give the account a configuration recorder; without IAM users it records EC2 alone."""
        role = "role/aws-service-role/config.amazonaws.com/Recorder"
        group: dict[str, Any] = {"allSupported": True, "includeGlobalResourceTypes": True}
        if not records_users:
            group = {"allSupported": False, "resourceTypes": ["AWS::EC2::Instance"]}
        arn = f"arn:{get_partition(self.region_name)}:iam::{self.account_id}:{role}"
        self.put_configuration_recorder(
            {"name": "default", "roleARN": arn, "recordingGroup": group}
        )
        self.records_users = records_users
        self.recorders["default"].status.recording = running

    def results(self, rule_name: str) -> Results:
        """Return the stored results of a rule; raises NoSuchConfigRuleException."""
        if rule_name not in self.config_rules:
            raise NoSuchConfigRuleException(rule_name)
        return self._results.setdefault(rule_name, Results())

    def make_token(self, rule_name: str) -> str:
        """Return a new result token for one invocation of a rule."""
        seed = f"{self.account_id}/{self.region_name}/{rule_name}/{next(self._numbers)}"
        token = hashlib.sha256(seed.encode()).hexdigest()
        self._tokens[token] = Token(rule_name, datetime.now(UTC))
        return token

    def put_evaluations(
        self,
        evaluations: list[dict[str, Any]] | None = None,
        result_token: str | None = None,
        test_mode: bool | None = False,
    ) -> dict[str, list[Any]]:
        """Store evaluations under the token's rule.

        A bad list is refused whole, before the token is looked at; that this is a
        ValidationException is how Config refuses elsewhere, not stated here (L). In TestMode any
        token will do and nothing is stored (API reference).
        """
        given = evaluations or []
        if fault := find_refused(given):
            raise ValidationException(f"1 validation error detected: {fault}")
        if not result_token:
            raise InvalidParameterValueException("The ResultToken must not be empty.")
        if test_mode:
            return {"FailedEvaluations": []}
        token = self._tokens.get(result_token)
        if token is None:
            raise InvalidResultTokenException
        results = self.results(token.rule_name)
        failed = []
        for evaluation in given:
            if evaluation["ComplianceResourceId"] in self.failing_evaluations:
                failed.append(evaluation)
            else:
                results.put(evaluation, token.invoked)
                if evaluation["ComplianceType"] == "NON_COMPLIANT":
                    resource = evaluation["ComplianceResourceType"]
                    self.remediations.note_violation(
                        token.rule_name, (resource, evaluation["ComplianceResourceId"])
                    )
        return {"FailedEvaluations": failed}

    def put_config_rule(
        self, config_rule: dict[str, Any], tags: list[dict[str, str]] | None = None
    ) -> str:
        """Add or change a rule; as in AWS, Config must be allowed to invoke its function.

        A parameter without a value is refused (M: the message is quoted by several projects that
        met it).
        """
        for name, value in json.loads(config_rule.get("InputParameters") or "{}").items():
            if value == "":
                raise InvalidParameterValueException(
                    f"Blank spaces are not acceptable for input parameter: {name}."
                )
        source = config_rule.get("Source", {})
        arn = source.get("SourceIdentifier", "")
        functions = Lambda.of(self.account_id, self.region_name)
        if source.get("Owner") == "CUSTOM_LAMBDA" and not functions.may_invoke(arn, PRINCIPAL):
            raise InsufficientPermissionsException(
                f"The AWS Lambda function {arn} cannot be invoked. Check the specified function"
                " ARN, and check the function's permissions."
            )
        arn = super().put_config_rule(config_rule, tags)
        activated = {"FirstActivatedTime": datetime.now(UTC).timestamp()}
        self.runs.setdefault(config_rule["ConfigRuleName"], activated)
        return arn

    def note_run(self, rule_name: str, invocation: Invocation) -> None:
        """Keep when the rule's function last ran, and with what end."""
        self.invocations.setdefault(rule_name, []).append(invocation)
        kind = "Successful" if invocation.succeeded else "Failed"
        now = datetime.now(UTC).timestamp()
        told = self.runs.setdefault(rule_name, {})
        told |= {f"Last{kind}InvocationTime": now, f"Last{kind}EvaluationTime": now}
        if not invocation.succeeded:
            # Config's own words for a function that fails are not documented (L).
            told["LastErrorCode"] = "InternalError"
            told["LastErrorMessage"] = str(invocation.errors[-1])[:256]

    def note_violations(self, rule_name: str) -> None:
        """Note every stored violation of a rule: a new automatic remediation begins with them."""
        for result in self.results(rule_name).stored(["NON_COMPLIANT"]):
            self.remediations.note_violation(rule_name, (result.resource_type, result.resource_id))

    def delete_config_rule(self, rule_name: str) -> None:
        if rule_name in self.remediations.configurations:
            raise ResourceInUseException(
                f"The rule {rule_name} has a remediation action. Delete that before the rule."
            )
        super().delete_config_rule(rule_name)
        self._results.pop(rule_name, None)
        self.runs.pop(rule_name, None)

    def note_user(self, user: User, status: str) -> None:
        """Take note of a change of a user; a deleted one stays known to Config."""
        now = datetime.now(UTC)
        if status == "ResourceDeleted":
            self.deleted_users.append((user, now))
        if self.records_users and user.id not in self.unrecorded:
            item = make_item(self.iam, user, status, now)
            self.history.note(item)
            if self.recording:
                self.pending_items.append(item)

    def list_users(self, deleted: bool) -> list[dict[str, Any]]:
        """Return the recorded users as ListDiscoveredResources sends them."""
        if not self.records_users:
            return []
        found: list[dict[str, Any]] = [
            {"resourceType": USER_TYPE, "resourceId": user.id, "resourceName": user.name}
            for user in self.iam.users.values()
            if user.id not in self.unrecorded
        ]
        if deleted:
            found += [
                {
                    "resourceType": USER_TYPE,
                    "resourceId": user.id,
                    "resourceName": user.name,
                    "resourceDeletionTime": when.timestamp(),
                }
                for user, when in self.deleted_users
                if user.id not in self.unrecorded
            ]
        return found
