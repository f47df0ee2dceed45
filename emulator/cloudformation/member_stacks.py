"""The stacks that an organization's stack sets make in its accounts.

By default such a stack is a light one: functions, documents and exports are there, and nothing
else, so that 300 accounts take a moment. Its functions answer at once and run no code. `full` makes
real stacks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends
from moto.cloudformation.parsing import Export, ResourceMap, clean_json
from moto.utilities.utils import get_partition

from emulator.awslambda.functions import Function
from emulator.awslambda.models import Lambda
from emulator.cloudformation.stack_set import StackFailed, StackSet
from emulator.cloudformation.templates import parse_template
from emulator.config.models import Config
from emulator.organizations.models import Organization
from emulator.s3.policies import digest_code, find_code_fault, find_object
from emulator.ssm.models import Ssm

FUNCTION, DOCUMENT = "AWS::Lambda::Function", "AWS::SSM::Document"
LightAnswer = Callable[[str, dict[str, Any]], Any]
"""What a light stack's function of this name answers to an event."""


@dataclass
class LightFunction:
    """A function as the other resources of a light stack refer to it."""

    physical_resource_id: str
    arn: str

    def get_cfn_attribute(self, name: str) -> str:
        """Return the ARN, the only attribute that a light function has."""
        if name != "Arn":
            raise NotImplementedError(f"A light stack's function has no {name}.")
        return self.arn


@dataclass
class MemberStacks:
    """The stacks of one organization's accounts; the attributes may be set at any time."""

    organization: Organization
    full: bool = False
    """Whether StackSets make real stacks, from the template that they are given."""
    answer: LightAnswer = lambda name, event: {}
    broken: dict[str, str] = field(default_factory=dict)
    """Accounts whose light functions fail, and with what error."""
    stacks: dict[str, dict[str, str]] = field(default_factory=dict)
    """Parameters of the stack in each account."""

    def config(self, account: str, region: str) -> Config:
        """Return an account's Config."""
        return Config.of(account, region)

    def add_recorder(
        self, account: str, region: str, *, records_users: bool = True, running: bool = True
    ) -> None:
        """Give an account a configuration recorder; without IAM users it records EC2 alone."""
        self.config(account, region).add_recorder(records_users=records_users, running=running)

    def deploy(self, account: str, region: str, stack_set: StackSet) -> None:
        """Create or update the stack of a stack set. Raises StackFailed."""
        try:
            resources = _load(stack_set, account, region)
            self._check_code(stack_set, account, region, resources)
            self.stacks[account] = dict(stack_set.parameters)
            if self.full:
                self._deploy_fully(account, region, stack_set)
            else:
                self._deploy_lightly(account, region, stack_set, resources)
        except StackFailed:
            raise
        except Exception as error:
            raise StackFailed(str(error)) from error

    def delete(self, account: str, region: str, stack_set: StackSet) -> None:
        """Delete the stack of the stack set."""
        self.stacks.pop(account, None)
        cloudformation = cloudformation_backends[account][region]
        if self.full:
            cloudformation.delete_stack(stack_name(stack_set))
            return
        functions, ssm = Lambda.of(account, region), Ssm.of(account, region)
        resources = _load(stack_set, account, region)
        for name, resource in parse_template(stack_set.template)["Resources"].items():
            if resource["Type"] == FUNCTION:
                functions.handlers.pop(resources[name].arn, None)
            elif resource["Type"] == DOCUMENT:
                ssm._documents.pop(clean_json(resource["Properties"]["Name"], resources), None)
        for name in _owned_exports(cloudformation, stack_set):
            del cloudformation.exports[name]

    def _deploy_lightly(
        self, account: str, region: str, stack_set: StackSet, resources: Any
    ) -> None:
        functions, ssm = Lambda.of(account, region), Ssm.of(account, region)
        template = parse_template(stack_set.template)
        for name, resource in template["Resources"].items():
            if resource["Type"] == FUNCTION:
                made = resources[name]
                code = clean_json(resource["Properties"]["Code"], resources)
                content = find_object(region, *_place(code))
                functions.handlers[made.arn] = Function(
                    made.arn,
                    self._handler(account, made),
                    code_sha_256=digest_code(content),
                )
            elif resource["Type"] == DOCUMENT:
                ssm.put_from_template(clean_json(resource["Properties"], resources))
        cloudformation = cloudformation_backends[account][region]
        for output in (template.get("Outputs") or {}).values():
            if "Export" in output:
                name, value = clean_json([output["Export"]["Name"], output["Value"]], resources)
                cloudformation.exports[name] = Export(stack_name(stack_set), name, value)

    def _handler(self, account: str, made: LightFunction) -> Callable[[dict[str, Any], Any], Any]:
        def answer(event: dict[str, Any], context: Any) -> Any:
            if account in self.broken:
                raise RuntimeError(self.broken[account])
            return self.answer(made.physical_resource_id, event)

        return answer

    def _deploy_fully(self, account: str, region: str, stack_set: StackSet) -> None:
        backend, name = cloudformation_backends[account][region], stack_name(stack_set)
        if any(stack.name == name for stack in backend.stacks.values()):
            given = [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in stack_set.parameters.items()
            ]
            stack = backend.update_stack(name, stack_set.template, None, given, {})
        else:
            stack = backend.create_stack(name, stack_set.template, dict(stack_set.parameters))
        if "ROLLBACK" in stack.status:
            reasons = [event.resource_status_reason for event in stack.events]
            raise StackFailed(" ".join(each for each in reasons if each))

    def _check_code(self, stack_set: StackSet, account: str, region: str, resources: Any) -> None:
        """Raise StackFailed where a function's code cannot be taken from S3."""
        for name, resource in parse_template(stack_set.template)["Resources"].items():
            if resource["Type"] == FUNCTION:
                bucket, key, version = _place(clean_json(resource["Properties"]["Code"], resources))
                fault = find_code_fault(account, region, bucket, key, self.organization.id, version)
                if fault:
                    raise StackFailed(f"ResourceLogicalId:{name}, ResourceStatusReason:{fault}")


def _place(code: dict[str, str]) -> tuple[str, str, str]:
    """Return bucket, key and version of a function's code."""
    return code["S3Bucket"], code["S3Key"], code.get("S3ObjectVersion", "")


def stack_name(stack_set: StackSet) -> str:
    """Return the name of a stack set's stack in an account."""
    return f"StackSet-{stack_set.name}"


def _load(stack_set: StackSet, account: str, region: str) -> Any:
    """Return moto's map of a light stack's resources, in which its functions are known."""
    template, name = parse_template(stack_set.template), stack_name(stack_set)
    resources = ResourceMap(
        name, name, dict(stack_set.parameters), {}, region, account, template, {}
    )
    resources.load()
    for key, resource in template["Resources"].items():
        if resource["Type"] == FUNCTION:
            function = clean_json(resource["Properties"]["FunctionName"], resources)
            place = f"arn:{get_partition(region)}:lambda:{region}:{account}"
            made = LightFunction(function, f"{place}:function:{function}")
            resources._parsed_resources[key] = made
    return resources


def _owned_exports(cloudformation: CloudFormationBackend, stack_set: StackSet) -> list[str]:
    owner = stack_name(stack_set)
    return [
        name for name, each in cloudformation.exports.items() if each.exporting_stack_id == owner
    ]
