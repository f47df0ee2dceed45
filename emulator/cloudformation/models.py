"""CloudFormation of one emulated account and Region: moto's, with what our templates need of it.

Moto passes over a type that it does not know; here such a stack fails, as does one whose parameters
the template does not allow. A stack that fails is rolled back and says why in its events.
"""

import json
from contextlib import suppress
from typing import Any

from moto.cloudformation import models, parsing
from moto.cloudformation.exceptions import ValidationError

from emulator.backend import OwnBackend
from emulator.cloudformation.templates import find_parameter_fault


class CloudFormation(OwnBackend, models.CloudFormationBackend):
    """The CloudFormation of one account and Region."""

    backends = models.cloudformation_backends

    def create_stack(
        self, name: str, template: str, parameters: dict[str, Any], *rest: Any, **more: Any
    ) -> models.Stack:
        """Create a stack; one of which a resource fails ends as ROLLBACK_COMPLETE."""
        parsed = models.Stack.parse_template(template)
        fault = find_parameter_fault(parsed, parameters) or find_unknown_type(parsed)
        if fault:
            raise ValidationError(message=fault)
        before = set(self.stacks)
        try:
            return super().create_stack(name, template, parameters, *rest, **more)
        except Exception as error:
            created = [self.stacks[each] for each in set(self.stacks) - before]
            if not created:
                raise
            return self._roll_back(created[0], error)

    def update_stack(
        self, name: str, template: str, role_arn: Any, parameters: Any, tags: Any
    ) -> models.Stack:
        """Change a stack, when the template allows its parameters."""
        standing = self.get_stack(name).resource_map.resolved_parameters
        given = {
            # Moto knows no previous value of a parameter that stands at its default.
            each["ParameterKey"]: standing.get(each["ParameterKey"], "")
            if each.get("UsePreviousValue") in (True, "true")
            else each["ParameterValue"]
            for each in parameters or ()
        }
        parameters = [{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()]
        parsed = models.Stack.parse_template(template)
        fault = find_parameter_fault(parsed, given) or find_unknown_type(parsed)
        if fault:
            raise ValidationError(message=fault)
        resources = self.get_stack(name).resource_map
        changed = {each for each in given if resources.input_parameters.get(each) != given[each]}
        for each in find_dependents(parsed, changed) & set(resources._resource_json_map):
            # Moto sees a parameter in a resource, but not one that only its condition refers to:
            # with other text on record it takes the resource for changed.
            resources._resource_json_map[each] = {"Type": parsed["Resources"][each]["Type"]}
        stack = self.get_stack(name)
        text, values = str(stack.template), dict(stack.parameters)
        try:
            settle_conditions(resources, parsed, given)
            return super().update_stack(name, template, role_arn, parameters, tags)
        except Exception as error:
            stack._add_stack_event("UPDATE_FAILED", resource_status_reason=describe_error(error))
            with suppress(Exception):  # what cannot be undone stays, as in AWS
                stack.update(text, role_arn, values, tags)
            stack.template, stack.parameters = text, values
            stack.status = "UPDATE_ROLLBACK_COMPLETE"
            stack._add_stack_event("UPDATE_ROLLBACK_COMPLETE")
            return stack

    def execute_change_set(self, change_set_name: str, stack_name: str | None = None) -> None:
        """Change a stack as its change set says."""
        for each in self.change_sets.values():
            if change_set_name in (each.change_set_id, each.change_set_name):
                settle_conditions(each.stack.resource_map, each.template_dict, each.parameters)
        super().execute_change_set(change_set_name, stack_name)

    def _roll_back(self, stack: models.Stack, error: Exception) -> models.Stack:
        stack._add_stack_event("CREATE_FAILED", resource_status_reason=describe_error(error))
        stack.resource_map.delete()
        exported = [
            name for name, each in self.exports.items() if each.exporting_stack_id == stack.stack_id
        ]
        for name in exported:
            del self.exports[name]
        stack.output_map._output_json_map = {}
        stack.status = "ROLLBACK_COMPLETE"
        stack._add_stack_event("ROLLBACK_COMPLETE")
        return stack


def describe_error(error: Exception) -> str:
    """Return what an event of a stack says of a service's error: its text and its code."""
    code = getattr(error, "error_type", None) or type(error).__name__
    return f"{getattr(error, 'message', None) or error} (Error Code: {code})"


def settle_conditions(resources: Any, template: dict[str, Any], given: dict[str, Any]) -> None:
    """Delete what a condition takes away, and let moto create what was not there.

    Moto takes a resource for there whose condition was false so far, and trips over it.
    """
    then = parsing.ResourceMap(
        resources.stack_id,
        resources["AWS::StackName"],
        given,
        {},
        resources._region_name,
        resources._account_id,
        template,
        {},
    )
    then.load_mapping()
    then.load_parameters()
    then.load_conditions()
    for name, resource in template["Resources"].items():
        if name not in resources._resource_json_map:
            # Moto remembers what an earlier update took away, and would not make it anew.
            resources._parsed_resources.pop(name, None)
            continue
        there = resources._parsed_resources.get(name)
        if "Condition" not in resource:
            continue
        wanted = then.lazy_condition_map[resource["Condition"]]
        if there is not None and not wanted:
            resources._delete_resource(there, resources._resource_json_map[name])
            del resources._parsed_resources[name]
        if there is None or not wanted:
            del resources._resource_json_map[name]


def find_dependents(template: dict[str, Any], parameters: set[str]) -> set[str]:
    """Return the resources that one of the parameters changes without a Ref in them.

    They have a condition, or an Fn::If, that refers to it, or its name in an Fn::Sub.
    """
    conditions = {
        name
        for name, condition in template.get("Conditions", {}).items()
        if parameters & set(parsing.get_references_from_template(condition))
    }
    return {
        name
        for name, resource in template["Resources"].items()
        for text in [json.dumps(resource)]
        if any(f'"{each}"' in text for each in conditions)
        or any("${" + each + "}" in text for each in parameters)
    }


def find_unknown_type(template: dict[str, Any]) -> str | None:
    """Return CloudFormation's complaint about types that nobody has written for the emulator."""
    known = parsing.get_model_map()
    types = {resource["Type"] for resource in template["Resources"].values()}
    unknown = sorted(types - set(known))
    if not unknown:
        return None
    return f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]"
