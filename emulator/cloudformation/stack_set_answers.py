"""Stack sets, their instances and their operations as CloudFormation sends them."""

from typing import Any

from moto.utilities.utils import get_partition

from emulator.cloudformation.stack_set import Operation, StackInstance, StackSet


def describe_stack_set(stack_set: StackSet, arn: str) -> dict[str, Any]:
    """Return a stack set as DescribeStackSet sends it."""
    return {
        "StackSetName": stack_set.name,
        "StackSetId": stack_set.id,
        "StackSetARN": arn,
        "Description": stack_set.description,
        "Status": "ACTIVE",
        "TemplateBody": stack_set.template,
        # Moto makes the lists of these two.
        "Parameters": stack_set.parameters,
        "Capabilities": stack_set.capabilities,
        "Tags": {each["Key"]: each["Value"] for each in stack_set.tags},
        "AutoDeployment": stack_set.auto_deployment,
        "PermissionModel": stack_set.permission_model,
        "OrganizationalUnitIds": stack_set.units,
        "Regions": stack_set.regions,
    }


def describe_instance(stack_set: StackSet, instance: StackInstance) -> dict[str, Any]:
    """Return an instance as ListStackInstances sends it."""
    stack = f"StackSet-{stack_set.name}-{instance.account}"
    place = f"arn:{get_partition(instance.region)}:cloudformation:{instance.region}"
    arn = f"{place}:{instance.account}:stack/{stack}/1"
    return {
        "StackSetId": stack_set.id,
        "Region": instance.region,
        "Account": instance.account,
        "StackId": arn if instance.status == "CURRENT" else None,
        "Status": instance.status,
        "StatusReason": instance.reason or None,
        "StackInstanceStatus": {"DetailedStatus": instance.detailed},
        "OrganizationalUnitId": instance.unit,
        "DriftStatus": "NOT_CHECKED",
        "LastOperationId": instance.operation or None,
    }


def describe_operation(operation: Operation) -> dict[str, Any]:
    """Return an operation as the operations on operations send it."""
    return {
        "OperationId": operation.id,
        "Action": operation.action,
        "Status": operation.status,
        "CreationTimestamp": operation.created,
        "EndTimestamp": operation.ended,
        "StatusDetails": {"FailedStackInstancesCount": operation.failed},
        "DeploymentTargets": operation.targets or None,
    }
