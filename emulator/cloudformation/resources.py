"""What CloudFormation can create in an emulated account beyond what moto knows.

Each is created and removed at its service, so that the service's own API answers for it afterwards.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cloudformation import parsing
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.logs.exceptions import ResourceAlreadyExistsException
from moto.logs.models import LogGroup
from moto.utilities.utils import get_partition

from emulator.awslambda.models import DeployedFunction
from emulator.backend import OwnResource
from emulator.iam.roles import StackRole
from emulator.ssm.documents import Document


class Resource(OwnResource, CloudFormationModel):
    """A resource in a stack that is kept by its service under a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def physical_resource_id(self) -> str:
        """The name under which the service knows it."""
        return self.name

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return False

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> "Resource":
        properties = cloudformation_json["Properties"]
        return cls(cls.put(resource_name, properties, account_id, region_name))

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> "Resource":
        properties = cloudformation_json["Properties"]
        cls.put(original_resource.name, properties, account_id, region_name)
        return cls(original_resource.name)

    @staticmethod
    def put(name: str, properties: dict[str, Any], account: str, region: str) -> str:
        """Create or change the resource at its service and return its name there."""
        raise NotImplementedError


class EventInvokeConfig(Resource):
    """How often and how long Lambda tries an asynchronous event."""

    @staticmethod
    def put(name: str, properties: dict[str, Any], account: str, region: str) -> str:
        config = {key: properties[key] for key in properties if key.startswith("Maximum")}
        functions = lambda_backends[account][region]
        function = functions.get_function(properties["FunctionName"])
        function.event_invoke_config.clear()
        functions.put_function_event_invoke_config(function.function_name, config)
        return f"{function.function_name}|{properties['Qualifier']}"

    def delete(self, account: str, region: str) -> None:
        """Remove it, when the function is still there."""
        functions = lambda_backends[account][region]
        name = self.name.partition("|")[0]
        if any(each.function_name == name for each in functions.list_functions()):
            functions.delete_function_event_invoke_config(name)


class Alarm(Resource):
    """An alarm on a metric."""

    @staticmethod
    def put(name: str, properties: dict[str, Any], account: str, region: str) -> str:
        cloudwatch_backends[account][region].put_metric_alarm(
            name=name,
            namespace=properties["Namespace"],
            metric_name=properties["MetricName"],
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=int(properties["EvaluationPeriods"]),
            period=properties["Period"],
            threshold=properties["Threshold"],
            statistic=properties["Statistic"],
            description=properties["AlarmDescription"],
            dimensions=properties["Dimensions"],
            alarm_actions=properties.get("AlarmActions", []),
            treat_missing_data=properties["TreatMissingData"],
        )
        return name

    def delete(self, account: str, region: str) -> None:
        """Remove it."""
        cloudwatch_backends[account][region].delete_alarms([self.name])


class StackLogGroup(LogGroup):
    """A log group of a stack: one that is there already is told as CloudFormation does (M)."""

    @classmethod
    def create_from_cloudformation_json(
        cls,
        resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
        **kwargs: Any,
    ) -> LogGroup:
        try:
            return super().create_from_cloudformation_json(
                resource_name, cloudformation_json, account_id, region_name, **kwargs
            )
        except ResourceAlreadyExistsException as error:
            identifier = json.dumps({"/properties/LogGroupName": resource_name})
            error.message = (
                f"Resource of type 'AWS::Logs::LogGroup' with identifier '{identifier}' already"
                " exists."
            )
            raise


MODELS: dict[str, Any] = {
    "AWS::IAM::Role": StackRole,
    "AWS::Lambda::Function": DeployedFunction,
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig,
    "AWS::CloudWatch::Alarm": Alarm,
    "AWS::SSM::Document": Document,
    "AWS::Logs::LogGroup": StackLogGroup,
}
NAMES = {"AWS::CloudWatch::Alarm": "AlarmName"}
"""The property by which a resource is named."""


@contextmanager
def own_resources() -> Iterator[None]:
    """Let stacks make these resources until the block ends; moto keeps its own maps in a cache.

    Moto says aws of every Region's partition: that is mended as well.
    """
    maps: Any = ((parsing.get_model_map(), MODELS), (parsing.get_name_type_map(), NAMES))
    originals = [dict(known) for known, _ in maps]
    for known, ours in maps:
        known.update(ours)
    begin: Any = parsing.ResourceMap.__init__

    def begin_in_partition(self: parsing.ResourceMap, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        partition = get_partition(self._region_name)
        suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        self._parsed_resources |= {"AWS::Partition": partition, "AWS::URLSuffix": suffix}

    patched: Any = parsing.ResourceMap
    patched.__init__ = begin_in_partition
    try:
        yield
    finally:
        patched.__init__ = begin
        for (known, _), original in zip(maps, originals, strict=True):
            known.clear()
            known.update(original)
