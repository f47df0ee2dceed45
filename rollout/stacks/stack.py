"""The ordinary stack: in the management account, which StackSets never reach, or for one account.

A stack whose creation failed cannot be updated; it is deleted and made anew (CloudFormation user
guide, "Stack status codes": ROLLBACK_COMPLETE).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from botocore.exceptions import ClientError

from rollout.aws.session import Session
from rollout.aws.waiting import wait
from rollout.names import STACK
from rollout.stacks.parameters import list_parameters

UNUSABLE = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED")
"""What cannot be updated, only deleted and made anew."""


class StackBroken(Exception):
    """CloudFormation could not bring the stack about; the text is its reason."""


class StackIs(StrEnum):
    """How the stack of one account stands."""

    CURRENT = "current"
    OUTDATED = "outdated"
    RUNNING = "running"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUSPENDED = "suspended"
    INOPERABLE = "inoperable"
    MISSING = "missing"
    NOT_SEEN = "not seen"


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
    def state(self) -> StackIs:
        """How it stands.

        After UPDATE_ROLLBACK_COMPLETE everything is as before the update: what template and
        parameters say, stands.
        """
        if not self.status:
            return StackIs.MISSING
        if self.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"):
            return StackIs.CURRENT
        return StackIs.RUNNING if self.status.endswith("IN_PROGRESS") else StackIs.FAILED

    def differs(self, template: str, parameters: Mapping[str, str]) -> bool:
        """Does it have another template or other parameters?"""
        changed = {**self.parameters, **parameters} != self.parameters
        return changed or self.template.strip() != template.strip()


def read_stack(session: Session) -> Stack:
    """Return the stack with its template."""
    client = session.cloudformation
    try:
        stacks = client.describe_stacks(StackName=STACK)["Stacks"]
    except ClientError as error:
        # CloudFormation has no code of its own for a stack that is not there.
        if error.response["Error"]["Code"] == "ValidationError":
            return Stack()
        raise
    if not stacks or stacks[0]["StackStatus"] == "DELETE_COMPLETE":
        return Stack()
    described = stacks[0]
    return Stack(
        status=described["StackStatus"],
        reason=described.get("StackStatusReason", ""),
        template=read_stack_template(session),
        parameters={
            each["ParameterKey"]: each.get("ParameterValue", "")
            for each in described.get("Parameters", [])
        },
    )


def read_stack_template(session: Session) -> str:
    """Return the template as it was sent; botocore parses JSON templates, ours is YAML."""
    body = session.cloudformation.get_template(StackName=STACK, TemplateStage="Original")
    return str(body["TemplateBody"])


def put_stack(
    session: Session, present: Stack, template: str, parameters: Mapping[str, str], minutes: float
) -> bool:
    """Create or update the stack and wait; return whether anything had to be done.

    Raises StackBroken, and Stopped where it takes too long.
    """
    client = session.cloudformation
    if present.state is StackIs.RUNNING:
        present = follow_stack(session, minutes)
    if present.status in UNUSABLE:
        delete_stack(session, minutes)
        present = Stack()
    if present.state is StackIs.CURRENT and not present.differs(template, parameters):
        return False
    put = client.update_stack if present.status else client.create_stack
    try:
        put(
            StackName=STACK,
            TemplateBody=template,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=list_parameters(template, present.parameters, parameters),
        )
    except ClientError as error:
        # CloudFormation has one code for many refusals, so its reason is told as it is.
        raise StackBroken(
            f"{present.status or 'no stack'}: {error.response['Error'].get('Message', error)}"
        ) from error
    after = follow_stack(session, minutes)
    if after.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StackBroken(f"{after.status}: {read_reason(session) or after.reason}")
    return True


def follow_stack(session: Session, minutes: float) -> Stack:
    """Wait until nothing goes on with the stack and return it."""
    stack = Stack()
    for _ in wait(f"{session.label}: the stack {STACK}", minutes):
        stack = read_stack(session)
        if stack.state is not StackIs.RUNNING:
            break
    return stack


def read_reason(session: Session) -> str:
    """Return what CloudFormation says of the resource that failed first in the last attempt."""
    events = session.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    reasons = [
        f"{each.get('LogicalResourceId')}: {each.get('ResourceStatusReason', 'no reason given')}"
        for each in events
        if each.get("ResourceStatus", "").endswith("FAILED")
    ]
    return reasons[-1] if reasons else ""


def delete_stack(session: Session, minutes: float) -> None:
    """Delete the stack and wait. Raises StackBroken."""
    session.cloudformation.delete_stack(StackName=STACK)
    after = follow_stack(session, minutes)
    if after.status:
        raise StackBroken(f"{after.status}: {read_reason(session) or after.reason}")
