"""What stands in each account of an organization: the function, the recorder, the pack's rules.

By default a stack of the organization's StackSet is a light one: the function and the export are
there, and nothing else, so that 300 accounts take a moment. `full` makes real stacks.
"""

from dataclasses import dataclass, field
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cloudformation.models import cloudformation_backends
from moto.config.models import config_backends
from moto.ssm.models import ssm_backends

from emulator.awslambda.functions import Function
from emulator.awslambda.models import Lambda
from emulator.cloudformation.stack_sets import StackFailed, StackSet, StackSets
from emulator.config.models import Config
from emulator.organizations.models import Organization
from emulator.s3.policies import find_code_fault

FUNCTION = "iam-user-no-setup-access-key"
RUNBOOK = f"{FUNCTION}-remediation"
EXPORT = f"{FUNCTION}-function-arn"
STACK = "StackSet-" + FUNCTION
DOCUMENT = """
schemaVersion: "0.3"
mainSteps:
  - name: nothing
    action: aws:executeScript
    inputs: {Runtime: python3.11, Handler: f, Script: ""}
"""


@dataclass
class Members:
    """The accounts of one organization in one Region; the attributes may be set at any time."""

    organization: Organization
    full: bool = False
    """Whether StackSets make real stacks, from the template that they are given."""
    broken: dict[str, str] = field(default_factory=dict)
    """Accounts whose function fails, and with what error."""
    exports: dict[str, dict[str, str]] = field(default_factory=dict)
    stacks: dict[str, dict[str, str]] = field(default_factory=dict)
    """Parameters of the stack in each account."""

    def config(self, account: str, region: str) -> Config:
        """Return an account's Config."""
        backend = config_backends[account][region]
        assert isinstance(backend, Config)
        return backend

    def functions(self, account: str, region: str) -> Lambda:
        """Return an account's Lambda."""
        backend = lambda_backends[account][region]
        assert isinstance(backend, Lambda)
        return backend

    def add_recorder(
        self, account: str, region: str, *, records_users: bool = True, running: bool = True
    ) -> None:
        """Give an account a configuration recorder; without IAM users it records EC2 alone."""
        config = self.config(account, region)
        role = f"arn:aws:iam::{account}:role/aws-service-role/config.amazonaws.com/Recorder"
        group: dict[str, Any] = {"allSupported": True, "includeGlobalResourceTypes": True}
        if not records_users:
            group = {"allSupported": False, "resourceTypes": ["AWS::EC2::Instance"]}
        config.put_configuration_recorder(
            {"name": "default", "roleARN": role, "recordingGroup": group}
        )
        config.records_users = records_users
        config.recorders["default"].status.recording = running

    def deploy(self, account: str, region: str, stack_set: StackSet) -> None:
        """Create or update the stack of a stack set. Raises StackFailed."""
        code = [stack_set.parameters.get(name, "") for name in ("CodeBucket", "CodeKey")]
        fault = find_code_fault(account, region, code[0], code[1], self.organization.id)
        if fault:
            raise StackFailed(f"ResourceLogicalId:Evaluator, ResourceStatusReason:{fault}")
        self.stacks[account] = dict(stack_set.parameters)
        if self.full:
            self._deploy_fully(account, region, stack_set)
            return
        arn = f"arn:aws:lambda:{region}:{account}:function:{FUNCTION}"

        def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
            if account in self.broken:
                raise RuntimeError(self.broken[account])
            return {"message_type": "ConfigurationItemChangeNotification", "users_seen": 1}

        self.functions(account, region).handlers[arn] = Function(arn, answer)
        self._put_document(account, region)
        self.exports.setdefault(account, {})[EXPORT] = arn

    def _put_document(self, account: str, region: str) -> None:
        documents = ssm_backends[account][region]
        if RUNBOOK not in documents._documents:
            documents.create_document(
                content=DOCUMENT,
                requires=[],
                attachments=[],
                name=RUNBOOK,
                version_name="",
                document_type="Automation",
                document_format="YAML",
                target_type="",
                tags=[],
            )

    def delete(self, account: str, region: str) -> None:
        """Delete the stack of the stack set."""
        self.stacks.pop(account, None)
        self.exports.pop(account, None)
        if self.full:
            cloudformation_backends[account][region].delete_stack(STACK)
            return
        arn = f"arn:aws:lambda:{region}:{account}:function:{FUNCTION}"
        self.functions(account, region).handlers.pop(arn, None)
        ssm_backends[account][region]._documents.pop(RUNBOOK, None)

    def exported(self, account: str, region: str) -> dict[str, str]:
        """Return the exports of an account's stacks."""
        real = cloudformation_backends[account][region].exports
        return {
            **self.exports.get(account, {}),
            **{name: each.value for name, each in real.items()},
        }

    def _deploy_fully(self, account: str, region: str, stack_set: StackSet) -> None:
        backend = cloudformation_backends[account][region]
        try:
            if any(stack.name == STACK for stack in backend.stacks.values()):
                given = [
                    {"ParameterKey": key, "ParameterValue": value}
                    for key, value in stack_set.parameters.items()
                ]
                backend.update_stack(STACK, stack_set.template, None, given, {})
            else:
                backend.create_stack(STACK, stack_set.template, dict(stack_set.parameters))
        except Exception as error:
            raise StackFailed(str(error)) from error


def members_of(organization: Organization) -> Members:
    """Return what stands in the accounts of an organization."""
    if not hasattr(organization, "estate"):
        organization.estate = Members(organization)  # type: ignore[attr-defined]
    members: Members = organization.estate  # type: ignore[attr-defined]
    return members


def stack_sets_of(organization: Organization) -> StackSets:
    """Return the service-managed stack sets of an organization."""
    if not hasattr(organization, "stack_sets"):
        members = members_of(organization)
        organization.stack_sets = StackSets(organization, members.deploy, members.delete)  # type: ignore[attr-defined]
    sets: StackSets = organization.stack_sets  # type: ignore[attr-defined]
    return sets
