"""The ordinary stack: in the management account, which StackSets never reach, or for one account.

A stack whose creation failed cannot be updated; it is deleted and made anew (CloudFormation user
guide, "Stack status codes": ROLLBACK_COMPLETE).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from rollout.aws.session import Desk
from rollout.aws.waiting import wait
from rollout.names import STACK


class StackBroken(Exception):
    """CloudFormation could not bring the stack about; the text is its reason."""


@dataclass(frozen=True)
class Stack:
    """The stack as it stands; `status` is CloudFormation's, "" where there is none."""

    status: str = ""
    reason: str = ""
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def ours(self) -> bool:
        """Is it the stack of template.yaml, as far as its parameters tell?"""
        return not self.status or "CodeKey" in self.parameters

    @property
    def state(self) -> str:
        """How it stands, in the words of `rollout.stacks.stack_set.Instance`."""
        if not self.status:
            return ""
        if self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return "current"
        return "running" if self.status.endswith("IN_PROGRESS") else "failed"

    def differs(self, template: str, parameters: Mapping[str, str]) -> bool:
        """Does it have another template or other parameters?"""
        changed = {**self.parameters, **parameters} != self.parameters
        return changed or self.template.strip() != template.strip()


def read_stack(desk: Desk) -> Stack:
    """Return the stack with its template."""
    client = desk.client("cloudformation")
    try:
        described = client.describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError as error:
        # CloudFormation has no code of its own for a stack that is not there.
        if error.response["Error"]["Code"] == "ValidationError":
            return Stack()
        raise
    if described["StackStatus"] == "DELETE_COMPLETE":
        return Stack()
    return Stack(
        status=described["StackStatus"],
        reason=described.get("StackStatusReason", ""),
        template=read_template(desk),
        parameters={
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in described.get("Parameters", [])
        },
    )


def read_template(desk: Desk) -> str:
    """Return the template as it was sent; botocore parses JSON templates, ours is YAML."""
    body = desk.client("cloudformation").get_template(StackName=STACK, TemplateStage="Original")
    return str(body["TemplateBody"])


def put_stack(
    desk: Desk, present: Stack, template: str, parameters: Mapping[str, str], minutes: float
) -> bool:
    """Create or update the stack and wait; return whether anything had to be done.

    Raises StackBroken, and Stopped where it takes too long.
    """
    client = desk.client("cloudformation")
    if present.state == "running":
        present = follow_stack(desk, minutes)
    if present.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"):
        delete_stack(desk, minutes)
        present = Stack()
    if present.state == "current" and not present.differs(template, parameters):
        return False
    asked = {
        "StackName": STACK,
        "TemplateBody": template,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in sorted({**present.parameters, **parameters}.items())
        ],
    }
    try:
        (client.update_stack if present.status else client.create_stack)(**asked)
    except ClientError as error:
        if "No updates are to be performed" in error.response["Error"].get("Message", ""):
            return False
        raise
    after = follow_stack(desk, minutes)
    if after.state != "current":
        raise StackBroken(f"{after.status}: {read_reason(desk) or after.reason}")
    return True


def follow_stack(desk: Desk, minutes: float) -> Stack:
    """Wait until nothing goes on with the stack and return it."""
    stack = Stack()
    for _ in wait(f"{desk.label}: the stack {STACK}", minutes):
        stack = read_stack(desk)
        if stack.state != "running":
            break
    return stack


def read_reason(desk: Desk) -> str:
    """Return what CloudFormation says of the resource that failed first in the last attempt."""
    events = desk.client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [
        f"{each.get('LogicalResourceId')}: {each.get('ResourceStatusReason', 'no reason given')}"
        for each in events
        if each.get("ResourceStatus", "").endswith("FAILED")
    ]
    return reasons[-1] if reasons else ""


def delete_stack(desk: Desk, minutes: float) -> None:
    """Delete the stack and wait. Raises StackBroken."""
    desk.client("cloudformation").delete_stack(StackName=STACK)
    after = follow_stack(desk, minutes)
    if after.status:
        raise StackBroken(f"{after.status}: {read_reason(desk) or after.reason}")
