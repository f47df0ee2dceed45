"""What CloudFormation can create in an emulated account beyond what moto knows.

Each is created and removed at its service, so that the service's own API answers for it afterwards.
"""

import json
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.config.models import config_backends
from moto.core.common_models import CloudFormationModel

from emulator.awslambda.models import DeployedFunction
from emulator.config.models import Config
from emulator.config.packs import STACK
from emulator.iam.roles import StackRole
from emulator.ssm.documents import Document


class Resource(CloudFormationModel):
    """A resource in a stack that is kept by its service under a name."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def physical_resource_id(self) -> str:
        """The name under which the service knows it."""
        return self.name

    def is_created(self) -> bool:
        """Say that CloudFormation may go on."""
        return True

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
        stack = kwargs["StackId"].split("/")[1]
        return cls(cls.put(resource_name, properties, account_id, region_name, stack))

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
        cls.put(original_resource.name, properties, account_id, region_name, "")
        return cls(original_resource.name)

    @staticmethod
    def put(name: str, properties: dict[str, Any], account: str, region: str, stack: str) -> str:
        """Create or change the resource at its service and return its name there."""
        raise NotImplementedError


class EventInvokeConfig(Resource):
    """How often and how long Lambda tries an asynchronous event."""

    @staticmethod
    def put(name: str, properties: dict[str, Any], account: str, region: str, stack: str) -> str:
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
    def put(name: str, properties: dict[str, Any], account: str, region: str, stack: str) -> str:
        cloudwatch_backends[account][region].put_metric_alarm(
            name=name,
            namespace=properties["Namespace"],
            metric_name=properties["MetricName"],
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=properties["EvaluationPeriods"],
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


class ConfigRule(Resource):
    """A Config rule; in the stack of a conformance pack it gets the pack's suffix."""

    @staticmethod
    def put(name: str, properties: dict[str, Any], account: str, region: str, stack: str) -> str:
        config = config_backends[account][region]
        assert isinstance(config, Config)
        from_pack = stack.startswith(STACK)
        if from_pack:
            name += stack[stack.rindex("-conformance-pack-") :]
        parameters = {key: str(value) for key, value in properties["InputParameters"].items()}
        rule = {**properties, "ConfigRuleName": name, "InputParameters": json.dumps(parameters)}
        config.put_config_rule(rule)
        if from_pack:
            # The form of such an ARN is that of production accounts (M).
            stored = config.config_rules[name]
            stored.config_rule_arn = stored.config_rule_arn.replace(
                "config-rule/",
                "config-rule/aws-service-rule/config-conforms.amazonaws.com/",
                1,
            )
        return name

    def delete(self, account: str, region: str) -> None:
        """Remove it with its results."""
        config_backends[account][region].delete_config_rule(self.name)


class RemediationConfiguration(Resource):
    """The remediation of a rule, which it names without the suffix that a pack gives it."""

    @staticmethod
    def put(name: str, properties: dict[str, Any], account: str, region: str, stack: str) -> str:
        config = config_backends[account][region]
        assert isinstance(config, Config)
        rule = properties["ConfigRuleName"]
        from_pack = stack.startswith(STACK)
        if from_pack:
            rule += stack[stack.rindex("-conformance-pack-") :]
        named = {**properties, "ConfigRuleName": rule}
        from_pack |= "CreatedByService" in config.remediations.configurations.get(rule, {})
        config.remediations.put_from_template(named, from_pack=from_pack)
        config.note_violations(rule)
        return str(rule)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: dict[str, Any],
        account_id: str,
        region_name: str,
    ) -> Resource:
        named = {"ConfigRuleName": original_resource.name}
        properties = cloudformation_json["Properties"] | named
        return cls(cls.put(original_resource.name, properties, account_id, region_name, ""))

    def delete(self, account: str, region: str) -> None:
        """Remove it."""
        config = config_backends[account][region]
        assert isinstance(config, Config)
        config.remediations.remove(self.name)


MODELS: dict[str, Any] = {
    "AWS::IAM::Role": StackRole,
    "AWS::Lambda::Function": DeployedFunction,
    "AWS::Lambda::EventInvokeConfig": EventInvokeConfig,
    "AWS::CloudWatch::Alarm": Alarm,
    "AWS::SSM::Document": Document,
    "AWS::Config::ConfigRule": ConfigRule,
    "AWS::Config::RemediationConfiguration": RemediationConfiguration,
}
NAMES = {"AWS::CloudWatch::Alarm": "AlarmName", "AWS::Config::ConfigRule": "ConfigRuleName"}
"""The property by which a resource is named."""
