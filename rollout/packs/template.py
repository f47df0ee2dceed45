"""The conformance pack as it is put: conformance-pack.yaml for the calling account.

AutomationAssumeRole must be a literal ARN. In an organization's pack it carries the account that
puts the pack, and AWS Config rewrites it for each member (FACTS 1, M-H). AWS does not give a pack's
template back, so the rendered one declares a parameter that holds its own hash.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import yaml

from rollout.errors import Refused
from rollout.names import EXPORT, MAX_TEMPLATE_BYTES, PACK_FILE, PLACEHOLDER_ACCOUNT

REVISION = "Revision"
AUTOMATIC = "AutomaticRemediation"


@dataclass(frozen=True)
class Pack:
    """A pack ready to be put."""

    body: str
    parameters: dict[str, str]

    @property
    def revision(self) -> str:
        """What tells this template from another."""
        return self.parameters[REVISION]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which become long ones."""


def _construct(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = str(value).split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _construct)


def load_pack() -> dict[str, Any]:
    """Return conformance-pack.yaml with every function in its long form."""
    return load_template(PACK_FILE.read_text(encoding="utf-8"))


def load_template(text: str) -> dict[str, Any]:
    """Return a template with every function in its long form."""
    loaded = yaml.load(text, _Loader)
    assert isinstance(loaded, dict)
    return loaded


def render_pack(
    account: str, partition: str, given: dict[str, str], *, function_by: str = "name"
) -> Pack:
    """Return the pack for a calling account; every parameter is given, so that none is a default.

    `function_by` "export" takes the function's ARN from the export of template.yaml, should
    `${AWS::AccountId}` not resolve. Raises Refused for what the pack does not know.
    """
    template = load_pack()
    declared = template["Parameters"]
    if unknown := sorted(given.keys() - declared.keys()):
        raise Refused(f"This checkout's conformance-pack.yaml has no parameter {unknown[0]}.")
    for resource in template["Resources"].values():
        source = resource["Properties"].get("Source", {})
        if function_by == "export" and "SourceIdentifier" in source:
            source["SourceIdentifier"] = {"Fn::ImportValue": EXPORT}
    role = f"arn:aws:iam::{PLACEHOLDER_ACCOUNT}:role/"
    template["Resources"] = _replace(
        template["Resources"], role, f"arn:{partition}:iam::{account}:role/"
    )
    declared[REVISION] = {
        "Type": "String",
        "Description": "The hash of this template, so that a change of it can be seen.",
        "Default": "",
    }
    body = yaml.safe_dump(template, sort_keys=False, width=96)
    if len(body.encode()) > MAX_TEMPLATE_BYTES:
        raise Refused(
            f"The rendered pack has {len(body.encode()):,} bytes; AWS Config takes"
            f" {MAX_TEMPLATE_BYTES:,}."
        )
    values = {name: str(each.get("Default", "")) for name, each in declared.items()} | given
    values[REVISION] = hashlib.sha256(body.encode()).hexdigest()[:16]
    return Pack(body, values)


def _replace(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _replace(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_replace(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value
