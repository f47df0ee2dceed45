"""cfn-lint's provider schemas, with the bounds that AWS's APIs have and those schemas lack.

cfn-lint knows neither most enums and ranges of AWS Config nor what may stand in a property that is
plain JSON; botocore's service models do. What is written here goes to `--registry-schemas`.
"""

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import botocore.session
from botocore.model import ListShape, MapShape, Shape, StructureShape
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

REGION = "us-east-1"
Node = dict[str, Any]


class HandlerCall(NamedTuple):
    """A call that CloudFormation makes of a resource, whose input bounds the properties."""

    service: str
    operation: str
    member: str = ""
    """The part of the input in which the properties lie; of a list, its item."""
    each: str = ""
    """The property that is a list, of whose items each is sent by itself."""


CALLS: dict[str, tuple[HandlerCall, ...]] = {
    "AWS::CloudWatch::Alarm": (HandlerCall("cloudwatch", "PutMetricAlarm"),),
    "AWS::Config::ConfigRule": (HandlerCall("config", "PutConfigRule", "ConfigRule"),),
    "AWS::Config::RemediationConfiguration": (
        HandlerCall("config", "PutRemediationConfigurations", "RemediationConfigurations"),
    ),
    "AWS::IAM::Policy": (HandlerCall("iam", "PutRolePolicy"),),
    "AWS::IAM::Role": (
        HandlerCall("iam", "CreateRole"),
        HandlerCall("iam", "PutRolePolicy", each="Policies"),
    ),
    "AWS::Lambda::EventInvokeConfig": (HandlerCall("lambda", "PutFunctionEventInvokeConfig"),),
    "AWS::Lambda::Function": (
        HandlerCall("lambda", "CreateFunction"),
        HandlerCall("lambda", "PutFunctionConcurrency"),
    ),
    "AWS::Lambda::Permission": (HandlerCall("lambda", "AddPermission"),),
    "AWS::Logs::LogGroup": (
        HandlerCall("logs", "CreateLogGroup"),
        HandlerCall("logs", "PutRetentionPolicy"),
    ),
    "AWS::SSM::Document": (HandlerCall("ssm", "CreateDocument"),),
}
"""Of each type of resource in our templates: from the types' reference and the service models."""
TEXT = {"enum": "enum", "pattern": "pattern", "min": "minLength", "max": "maxLength"}
NUMBER = {"min": "minimum", "max": "maximum"}
LIST = {"min": "minItems", "max": "maxItems"}
MAP = {"min": "minProperties", "max": "maxProperties"}


def bound(kind: str) -> Node:
    """Return the provider schema of a type of resource with the bounds of its calls merged in."""
    schema: Node = copy.deepcopy(PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema)
    for call in CALLS[kind]:
        node = schema["properties"][call.each]["items"] if call.each else schema
        _merge(node, _find_shape(call), schema)
    return schema


def write_schemas(folder: Path) -> None:
    """Write each schema into the folder, which cfn-lint takes as --registry-schemas."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in CALLS:
        file = folder / f"{kind.replace('::', '-').lower()}.json"
        file.write_text(json.dumps(bound(kind)), encoding="utf-8")


def _find_shape(call: HandlerCall) -> Shape:
    model = botocore.session.Session().get_service_model(call.service)
    shape = model.operation_model(call.operation).input_shape
    assert shape is not None
    if not call.member:
        return shape
    part = shape.members[call.member]
    return part.member if isinstance(part, ListShape) else part


def _merge(node: Node, shape: Shape, schema: Node) -> None:
    """Add to a node of the schema what the shape bounds; what the schema bounds itself stays."""
    while "$ref" in node:
        node = schema["definitions"][node["$ref"].rpartition("/")[2]]
    for keyword, value in _bounds(shape):
        node.setdefault(keyword, value)
    if isinstance(shape, StructureShape):
        if "properties" in node:
            # CloudFormation writes CloudWatch Logs' names with a capital.
            members = {name.lower(): member for name, member in shape.members.items()}
            for name, part in node["properties"].items():
                if name.lower() in members:
                    _merge(part, members[name.lower()], schema)
    elif isinstance(shape, ListShape):
        if "items" in node:
            _merge(node["items"], shape.member, schema)
    elif isinstance(shape, MapShape) and not {"properties", "patternProperties"} & node.keys():
        # Plain JSON: nothing of the schema speaks of what is below.
        node.setdefault("additionalProperties", _describe(shape.value))


def _describe(shape: Shape) -> Node:
    """Return the shape as a schema of its own."""
    node: Node = dict(_bounds(shape))
    if isinstance(shape, StructureShape):
        node["type"] = "object"
        node["properties"] = {name: _describe(part) for name, part in shape.members.items()}
        node["required"] = list(shape.required_members)
        node["additionalProperties"] = False
    elif isinstance(shape, ListShape):
        node |= {"type": "array", "items": _describe(shape.member)}
    elif isinstance(shape, MapShape):
        node |= {"type": "object", "additionalProperties": _describe(shape.value)}
    return node


def _bounds(shape: Shape) -> Iterator[tuple[str, Any]]:
    names = NUMBER
    if isinstance(shape, ListShape):
        names = LIST
    elif isinstance(shape, MapShape):
        names = MAP
    elif shape.type_name == "string":
        names = TEXT
    for name, keyword in names.items():
        if name in shape.metadata:
            value = shape.metadata[name]
            # AWS's patterns mean the whole text, a schema's any part of it.
            yield keyword, f"^(?:{value})$" if keyword == "pattern" else value


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
