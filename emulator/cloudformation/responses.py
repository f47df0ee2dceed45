"""CloudFormation's StackSet operations for service-managed stack sets, in pages.

A stack set with other permissions, and everything else of CloudFormation, is moto's.
"""

from collections.abc import Callable, Sequence
from typing import Any

from moto.cloudformation import responses
from moto.core.responses import ActionResult, EmptyResult

from emulator.cloudformation.stack_set import StackInstance, StackSet
from emulator.cloudformation.stack_set_answers import (
    describe_instance,
    describe_operation,
    describe_stack_set,
)
from emulator.cloudformation.stack_sets import StackSets, check_targets
from emulator.gateway.errors import Refusal
from emulator.gateway.pages import cut_page
from emulator.iam.users import new_id
from emulator.organizations.models import STACKSETS, organization_of

MAX_PAGE = 100
MAX_INLINE = 51_200


class StackSetResponse(responses.CloudFormationResponse):
    """The StackSet operations of the organization's administrators."""

    def _sets(self) -> StackSets:
        """Return the organization's stack sets, for who may administer them.

        Raises ValidationError for others, as CloudFormation does (the texts are not documented).
        """
        if (organization := organization_of(self.current_account)) is None:
            raise Refusal("ValidationError", "This account is not part of an organization.")
        delegated = self._get_param("CallAs") == "DELEGATED_ADMIN"
        is_management = self.current_account == organization.management
        if delegated and (
            is_management or not organization.administers(self.current_account, STACKSETS)
        ):
            raise Refusal("ValidationError", "You must be a delegated administrator.")
        if not delegated and not is_management:
            raise Refusal(
                "ValidationError",
                "You must be the management account or delegated admin account of an organization"
                " before operating a SERVICE_MANAGED stack set.",
            )
        if organization.stacksets_access != "ENABLED":
            raise Refusal(
                "ValidationError",
                "You must enable organizations access to operate a service managed stack set",
            )
        return organization.part(StackSets)

    def _set(self) -> tuple[StackSets, StackSet]:
        sets = self._sets()
        return sets, sets.find(self._get_param("StackSetName"))

    def describe_organizations_access(self) -> ActionResult:
        """Whether StackSets may act in the organization."""
        if (organization := organization_of(self.current_account)) is None:
            raise Refusal("InvalidOperationException", "The account is in no organization.")
        return ActionResult({"Status": organization.stacksets_access})

    def create_stack_set(self) -> ActionResult:
        """A stack set without instances."""
        if self._get_param("PermissionModel") != "SERVICE_MANAGED":
            return super().create_stack_set()
        sets, name = self._sets(), self._get_param("StackSetName")
        if name in sets.sets:
            raise Refusal("NameAlreadyExistsException", f"StackSet {name} already exists")
        sets.check_parameters(self._template(), self._parameters({}))
        number = new_id("", name, len(sets.sets), 12).lower()
        sets.sets[name] = StackSet(
            id=f"{name}:{number}",
            name=name,
            template=self._template(),
            parameters=self._parameters({}),
            auto_deployment=self._get_param("AutoDeployment") or {},
            tags=self._get_param("Tags") or [],
            capabilities=self._get_param("Capabilities") or [],
            description=self._get_param("Description") or "",
        )
        return ActionResult({"StackSetId": sets.sets[name].id})

    def update_stack_set(self) -> ActionResult:
        """New template and parameters, and an operation that brings them to the instances."""
        sets, stack_set = self._set()
        sets.check_idle(stack_set)
        kept = self._get_param("UsePreviousTemplate")
        template = stack_set.template if kept else self._template()
        parameters = self._parameters(stack_set.parameters)
        sets.check_parameters(template, parameters)
        stack_set.template, stack_set.parameters = template, parameters
        stack_set.auto_deployment = self._get_param("AutoDeployment") or stack_set.auto_deployment
        targets = self._get_param("DeploymentTargets") or {}
        for instance in stack_set.instances.values():
            instance.status = "OUTDATED"
        members = sets.choose(targets) if targets else list(sets.organization.members.values())
        present = [member for member in members if member.id in stack_set.instances]
        return self._start(sets, stack_set, "UPDATE", present, stack_set.regions, targets)

    def create_stack_instances(self) -> ActionResult:
        """Stacks in every account of the targets that has none."""
        sets, stack_set, targets, regions = self._targeted()
        sets.note_targets(stack_set, targets, regions)
        missing = []
        for member in sets.choose(targets):
            instance = stack_set.instances.setdefault(
                member.id, StackInstance(member.id, regions[0], member.parent)
            )
            if instance.status != "CURRENT":
                missing.append(member)
        return self._start(sets, stack_set, "CREATE", missing, regions, targets)

    def update_stack_instances(self) -> ActionResult:
        """The instances of the targets, once more."""
        sets, stack_set, targets, regions = self._targeted()
        present = [each for each in sets.choose(targets) if each.id in stack_set.instances]
        if not present:
            raise Refusal("StackInstanceNotFoundException", "No stack instance was found.")
        return self._start(sets, stack_set, "UPDATE", present, regions, targets)

    def delete_stack_instances(self) -> ActionResult:
        """The stacks of the targets are deleted."""
        sets, stack_set, targets, regions = self._targeted()
        present = [each for each in sets.choose(targets) if each.id in stack_set.instances]
        stack_set.units = [u for u in stack_set.units if u not in targets["OrganizationalUnitIds"]]
        if self._get_param("RetainStacks") in (True, "true"):
            while present:
                del stack_set.instances[present.pop().id]
        return self._start(sets, stack_set, "DELETE", present, regions, targets)

    def delete_stack_set(self) -> ActionResult:
        """A stack set that has no instances is deleted."""
        sets, stack_set = self._set()
        sets.check_idle(stack_set)
        if stack_set.instances:
            raise Refusal("StackSetNotEmptyException", "StackSet is not empty")
        del sets.sets[stack_set.name]
        return EmptyResult()

    def describe_stack_set(self) -> ActionResult:
        """A stack set with its template and parameters."""
        _, stack_set = self._set()
        place = f"arn:{self.partition}:cloudformation:{self.region}:{self.current_account}"
        arn = f"{place}:stackset/{stack_set.id}"
        return ActionResult({"StackSet": describe_stack_set(stack_set, arn)})

    def list_stack_instances(self) -> ActionResult:
        """The instances, a page at a time."""
        _, stack_set = self._set()
        return self._pages(
            "Summaries",
            list(stack_set.instances.values()),
            lambda instance: describe_instance(stack_set, instance),
        )

    def list_stack_set_operations(self) -> ActionResult:
        """The operations, newest first."""
        _, stack_set = self._set()
        return self._pages("Summaries", stack_set.operations[::-1], describe_operation)

    def describe_stack_set_operation(self) -> ActionResult:
        """One operation."""
        sets, stack_set = self._set()
        operation = sets.find_operation(stack_set.name, self._get_param("OperationId"))
        described = describe_operation(operation) | {"StackSetId": stack_set.id}
        return ActionResult({"StackSetOperation": described})

    def list_stack_set_operation_results(self) -> ActionResult:
        """The accounts of an operation and what came of each."""
        sets, stack_set = self._set()
        operation = sets.find_operation(stack_set.name, self._get_param("OperationId"))
        return self._pages(
            "Summaries",
            list(operation.results.items()),
            lambda item: {"Account": item[0], **item[1]},
        )

    def _start(
        self,
        sets: StackSets,
        stack_set: StackSet,
        action: str,
        members: list[Any],
        regions: list[str],
        targets: dict[str, Any],
    ) -> ActionResult:
        region = regions[0] if regions else self.region
        put = sets.drop_instance if action == "DELETE" else sets.put_instance
        with sets.organization.agenda.lock:
            operation = sets.start(
                stack_set,
                action,
                members,
                region,
                targets,
                self._get_param("OperationPreferences") or {},
                lambda member: put(stack_set, member, region),
            )
        for member in members:
            stack_set.instances[member.id].operation = operation.id
        return ActionResult({"OperationId": operation.id})

    def _targeted(self) -> tuple[StackSets, StackSet, dict[str, Any], list[str]]:
        """Return an idle stack set, and the targets and Regions of a call that is about them."""
        sets, stack_set = self._set()
        sets.check_idle(stack_set)
        targets = self._get_param("DeploymentTargets") or {}
        check_targets(targets)
        return sets, stack_set, targets, self._get_param("Regions") or []

    def _template(self) -> str:
        template: str = self._get_param("TemplateBody") or ""
        if not 1 <= len(template.encode()) <= MAX_INLINE:
            bound = f"Member must have length less than or equal to {MAX_INLINE}"
            fault = f"Value at 'templateBody' failed to satisfy constraint: {bound}"
            raise Refusal("ValidationError", f"1 validation error detected: {fault}")
        return template

    def _parameters(self, previous: dict[str, str]) -> dict[str, str]:
        given = self._get_param("Parameters") or []
        return {
            each["ParameterKey"]: previous[each["ParameterKey"]]
            if each.get("UsePreviousValue") in (True, "true")
            else each["ParameterValue"]
            for each in given
        }

    def _pages(
        self, name: str, items: Sequence[Any], describe: Callable[[Any], Any]
    ) -> ActionResult:
        organization = organization_of(self.current_account)
        assert organization is not None
        size = min(int(self._get_param("MaxResults") or MAX_PAGE), organization.page_limit)
        refusal = Refusal("ValidationError", "The NextToken is none of this account's.")
        page, following = cut_page(items, self._get_param("NextToken"), size, refusal)
        return ActionResult({name: [describe(item) for item in page], **following})
