"""StackSets with service-managed permissions: operations that take a while, account by account.

What is not in AWS's API reference, and so is one attribute here: that an operation within its
failure tolerance ends SUCCEEDED (stated), and that creating an instance that failed before tries it
again (M: AWS's troubleshooting page says to retry; not that this call does it).
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from emulator.cloudformation.member_stacks import MemberStacks
from emulator.cloudformation.stack_set import Operation, StackFailed, StackInstance, StackSet
from emulator.cloudformation.templates import find_parameter_fault, parse_template
from emulator.gateway.errors import Refusal
from emulator.iam.users import new_id
from emulator.organizations.models import Member, Organization

MAX_UNITS = 50
"""Of one call's targets (FACTS 13)."""


class StackSets:
    """The service-managed stack sets of an organization; the attributes may be set at any time."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.stacks = organization.part(MemberStacks)
        self.sets: dict[str, StackSet] = {}
        self.seconds_each = 2.0
        """How long one account takes."""
        self.at_once = 50
        """How many accounts are worked on at a time."""
        self.joining_seconds = 60.0
        """How long after an account joined its stack is made."""
        self.failing: dict[str, str] = {}
        """Accounts in which every stack fails, and why."""
        self._numbers = count(1)
        organization.joining.append(self._receive)

    def find(self, name: str) -> StackSet:
        """Return the stack set of a name or id. Raises StackSetNotFoundException."""
        for stack_set in self.sets.values():
            if name in (stack_set.name, stack_set.id):
                return stack_set
        raise Refusal("StackSetNotFoundException", f"StackSet {name} not found")

    def find_operation(self, name: str, operation_id: str) -> Operation:
        """Return an operation. Raises OperationNotFoundException."""
        for operation in self.find(name).operations:
            if operation.id == operation_id:
                return operation
        raise Refusal("OperationNotFoundException", f"Operation {operation_id} not found")

    def check_idle(self, stack_set: StackSet) -> None:
        """Raise OperationInProgressException while an operation runs."""
        for operation in stack_set.operations:
            if operation.status in ("RUNNING", "QUEUED", "STOPPING"):
                raise Refusal(
                    "OperationInProgressException",
                    f"Another Operation on StackSet {stack_set.id} is in progress: {operation.id}",
                )

    def check_parameters(self, template: str, parameters: dict[str, str]) -> None:
        """Raise ValidationError for parameters that the template does not allow.

        That a stack set refuses them before any account has its stack is L.
        """
        if fault := find_parameter_fault(parse_template(template), parameters):
            raise Refusal("ValidationError", fault)

    def choose(self, targets: dict[str, Any]) -> list[Member]:
        """Return the members that deployment targets mean, without the management account."""
        units = targets.get("OrganizationalUnitIds") or []
        under = {member.id: member for member in self.organization.accounts_under(units)}
        named = set(targets.get("Accounts") or [])
        match targets.get("AccountFilterType", "NONE"):
            case "INTERSECTION":
                under = {key: each for key, each in under.items() if key in named}
            case "DIFFERENCE":
                under = {key: each for key, each in under.items() if key not in named}
            case "UNION":
                members = self.organization.members
                under |= {key: members[key] for key in named & members.keys()}
        under.pop(self.organization.management, None)
        return list(under.values())

    def note_targets(
        self, stack_set: StackSet, targets: dict[str, Any], regions: list[str]
    ) -> None:
        """Keep where instances are made: automatic deployment goes by it."""
        stack_set.units = list(dict.fromkeys(stack_set.units + targets["OrganizationalUnitIds"]))
        stack_set.regions = list(dict.fromkeys(stack_set.regions + regions))
        filtered = targets.get("AccountFilterType") == "INTERSECTION"
        stack_set.only = frozenset(targets["Accounts"]) if filtered else None

    def start(
        self,
        stack_set: StackSet,
        action: str,
        members: Iterable[Member],
        region: str,
        targets: dict[str, Any],
        preferences: dict[str, Any],
        step: Callable[[Member], None],
    ) -> Operation:
        """Begin an operation that does `step` in each account, several at a time."""
        # Suspended accounts are skipped; their instances say so (API reference).
        chosen = []
        for member in members:
            if member.status == "ACTIVE":
                chosen.append(member)
            else:
                self._skip(stack_set, member, region)
        tolerated = preferences.get("FailureToleranceCount") or (
            len(chosen) * preferences.get("FailureTolerancePercentage", 0) // 100
        )
        number = new_id("", stack_set.id, next(self._numbers), 12).lower()
        now = datetime.now(UTC)
        operation = Operation(f"op-{number}", action, targets, now, int(tolerated))
        stack_set.operations.append(operation)
        agenda, each = self.organization.agenda, timedelta(seconds=self.seconds_each)
        for position, member in enumerate(chosen):
            operation.results[member.id] = {"Region": region, "Status": "PENDING"}
            begin = now + each * (position // self.at_once)
            agenda.add(begin, lambda member=member: self._begin(operation, member))  # type: ignore[misc]
            agenda.add(begin + each, lambda member=member: self._end(operation, member, step))  # type: ignore[misc]
        turns = -(-len(chosen) // self.at_once)
        agenda.add(now + each * turns, lambda: self._close(operation))
        return operation

    def _skip(self, stack_set: StackSet, member: Member, region: str) -> None:
        instance = stack_set.instances.setdefault(
            member.id, StackInstance(member.id, region, member.parent)
        )
        instance.detailed = "SKIPPED_SUSPENDED_ACCOUNT"

    def _begin(self, operation: Operation, member: Member) -> None:
        result = operation.results[member.id]
        if operation.failed > operation.tolerated:
            result["Status"] = "CANCELLED"
            result["StatusReason"] = "Cancelled since failure tolerance has exceeded"
        else:
            result["Status"] = "RUNNING"

    def _end(self, operation: Operation, member: Member, step: Callable[[Member], None]) -> None:
        result = operation.results[member.id]
        if result["Status"] != "RUNNING":
            return
        try:
            step(member)
        except StackFailed as failure:
            result["Status"], result["StatusReason"] = "FAILED", str(failure)
        else:
            result["Status"] = "SUCCEEDED"

    def _close(self, operation: Operation) -> None:
        operation.ended = datetime.now(UTC)
        within = operation.failed <= operation.tolerated
        operation.status = "SUCCEEDED" if within else "FAILED"

    def put_instance(self, stack_set: StackSet, member: Member, region: str) -> None:
        """Bring one account's stack up to date; the instance says what came of it."""
        instance = stack_set.instances.setdefault(
            member.id, StackInstance(member.id, region, member.parent)
        )
        try:
            if member.id in self.failing:
                raise StackFailed(self.failing[member.id])
            self.stacks.deploy(member.id, region, stack_set)
        except StackFailed as failure:
            instance.status, instance.detailed = "OUTDATED", "FAILED"
            instance.reason = str(failure)
            raise
        instance.status, instance.detailed, instance.reason = "CURRENT", "SUCCEEDED", ""

    def drop_instance(self, stack_set: StackSet, member: Member, region: str) -> None:
        """Delete one account's stack and its instance."""
        if member.id in self.failing:
            stack_set.instances[member.id].status = "INOPERABLE"
            raise StackFailed(self.failing[member.id])
        self.stacks.delete(member.id, region, stack_set)
        stack_set.instances.pop(member.id, None)

    def _receive(self, member: Member) -> None:
        due = datetime.now(UTC) + timedelta(seconds=self.joining_seconds)
        self.organization.agenda.add(due, lambda: self._deploy_automatically(member))

    def _deploy_automatically(self, member: Member) -> None:
        for stack_set in self.sets.values():
            targeted = member in self.organization.accounts_under(stack_set.units)
            targeted = targeted and member.id in (stack_set.only or {member.id})
            if targeted and stack_set.auto_deployment.get("Enabled"):
                for region in stack_set.regions:
                    self.start(
                        stack_set,
                        "CREATE",
                        [member],
                        region,
                        {"OrganizationalUnitIds": [member.parent]},
                        {},
                        lambda each, s=stack_set, r=region: self.put_instance(s, each, r),  # type: ignore[misc]
                    )


def check_targets(targets: dict[str, Any]) -> None:
    """Raise ValidationError for deployment targets that are none of service-managed stack sets."""
    units = targets.get("OrganizationalUnitIds")
    if not units:
        raise Refusal(
            "ValidationError",
            "StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit"
            " as target",
        )
    if len(units) > MAX_UNITS:
        raise Refusal("ValidationError", f"At most {MAX_UNITS} organizational units in one call.")
