"""Which API calls CloudFormation makes of the resources in our templates.

The properties of a resource are, but for few names, the members of these calls' inputs. CALLS was
written from the resource types' reference and botocore's service models.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.model import ListShape, Shape

from tools.intrinsics import UNKNOWN
from tools.shapes import Violation, find_violations, load_shape


@dataclass(frozen=True)
class Call:
    """One call that creates a resource, or a part of it."""

    service: str
    operation: str
    member: str = ""
    """The part of the input in which the properties lie; of a list, its item."""
    only: tuple[str, ...] = ()
    """The properties that are sent, where it is not all; without the last there is no call."""
    left_out: tuple[str, ...] = ()
    """Properties that this call does not send."""
    each: str = ""
    """The property that is a list, of whose items each is sent by itself."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """What the input calls a property."""
    made: tuple[str, ...] = ()
    """Members that CloudFormation makes up or takes from elsewhere."""

    def sends(self, name: str) -> bool:
        """Say whether this call sends the property."""
        if self.each:
            return name == self.each
        return name in self.only if self.only else name not in self.left_out

    def find_violations(self, properties: Mapping[str, Any]) -> Iterator[Violation]:
        """Yield what the API would refuse, placed as in the properties of the resource."""
        shape = self._find_shape()
        if self.each:
            for number, item in enumerate(properties.get(self.each, [])):
                for found in find_violations(shape, {**item, **dict.fromkeys(self.made, UNKNOWN)}):
                    yield found._replace(place=(self.each, number, *found.place))
            return
        if self.only and self.only[-1] not in properties:
            return
        given = {
            self.renamed.get(name, name): value
            for name, value in properties.items()
            if self.sends(name)
        }
        back = {member: name for name, member in self.renamed.items()}
        for found in find_violations(shape, {**given, **dict.fromkeys(self.made, UNKNOWN)}):
            place = found.place
            if place:
                place = (back.get(str(place[0]), place[0]), *place[1:])
            yield found._replace(place=place)

    def _find_shape(self) -> Shape:
        shape: Shape = load_shape(self.service, self.operation)
        if not self.member:
            return shape
        part = load_shape(self.service, self.operation).members[self.member]
        return part.member if isinstance(part, ListShape) else part


CALLS: dict[str, tuple[Call, ...]] = {
    "AWS::CloudWatch::Alarm": (Call("cloudwatch", "PutMetricAlarm"),),
    "AWS::Config::ConfigRule": (Call("config", "PutConfigRule", "ConfigRule"),),
    "AWS::Config::RemediationConfiguration": (
        Call("config", "PutRemediationConfigurations", "RemediationConfigurations"),
    ),
    "AWS::IAM::Policy": (Call("iam", "PutRolePolicy", left_out=("Roles",), made=("RoleName",)),),
    "AWS::IAM::Role": (
        Call("iam", "CreateRole", left_out=("Policies",)),
        Call("iam", "PutRolePolicy", each="Policies", made=("RoleName",)),
    ),
    "AWS::Lambda::EventInvokeConfig": (Call("lambda", "PutFunctionEventInvokeConfig"),),
    "AWS::Lambda::Function": (
        Call("lambda", "CreateFunction", left_out=("ReservedConcurrentExecutions",)),
        Call(
            "lambda",
            "PutFunctionConcurrency",
            only=("FunctionName", "ReservedConcurrentExecutions"),
        ),
    ),
    "AWS::Lambda::Permission": (Call("lambda", "AddPermission", made=("StatementId",)),),
    "AWS::Logs::LogGroup": (
        Call(
            "logs",
            "CreateLogGroup",
            only=("LogGroupName",),
            renamed={"LogGroupName": "logGroupName"},
        ),
        Call(
            "logs",
            "PutRetentionPolicy",
            only=("LogGroupName", "RetentionInDays"),
            renamed={"LogGroupName": "logGroupName", "RetentionInDays": "retentionInDays"},
        ),
    ),
    "AWS::SSM::Document": (Call("ssm", "CreateDocument", left_out=("UpdateMethod",)),),
}
KEPT = {"Roles", "UpdateMethod"}
"""Properties that no call sends: CloudFormation itself goes by them."""
