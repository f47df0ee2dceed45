"""The conformance pack as it is put: conformance-pack.yaml for the calling account.

AutomationAssumeRole must be a literal ARN. In an organization's pack it carries the account that
puts the pack, and AWS Config rewrites it for each member (FACTS 1, M-H). AWS does not give a pack's
template back, so the rendered one declares a parameter that holds its own hash.
"""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from rollout.errors import Refused
from rollout.names import EXPORT, MAX_TEMPLATE_BYTES, PACK_FILE, PLACEHOLDER_ACCOUNT

REVISION, FUNCTION_BY, ROLE_ACCOUNT = "Revision", "FunctionBy", "RoleAccount"
UNITS, CANARY = "Units", "Canary"
ADDED = {
    REVISION: "The hash of this template, so that a change of it can be seen.",
    FUNCTION_BY: "How the rule names the function: by the account's id, or by an export.",
    ROLE_ACCOUNT: "Whose account id AutomationAssumeRole was written with.",
    UNITS: "The organizational units that the deployment keeps to.",
    CANARY: "While the pack stands in a canary alone: who is left out once that is over.",
}
"""What the rendered pack declares beyond conformance-pack.yaml: what was decided, to be read back.

No value is empty, as AWS Config may refuse that; one that is taken back alone is (botocore's model
lets a value have no character)."""
NONE, ALL = "none", "all"
AUTOMATIC = "AutomaticRemediation"
AUTOMATIC_CONDITION = "RemediatesAutomatically"


@dataclass(frozen=True)
class Rendering:
    """How the pack is rendered, apart from its parameters."""

    function_by: str = "name"
    """"export" takes the function's ARN from the export of template.yaml."""
    role_account: str = "management"
    units: str = ALL
    canary: str = NONE


@dataclass(frozen=True)
class Pack:
    """A pack ready to be put."""

    body: str
    parameters: dict[str, str]

    @property
    def revision(self) -> str:
        """What tells this template from another."""
        return self.parameters[REVISION]


_Yaml: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Yaml):  # type: ignore[misc]
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
    """Return a template with every function in its long form, as the caller's own copy."""
    return deepcopy(_parse(text))


@cache
def _parse(text: str) -> dict[str, Any]:
    """Parse each text once: a verb asks for the same two templates many times."""
    loaded = yaml.load(text, _Loader)
    assert isinstance(loaded, dict)
    return loaded


def render_pack(
    account: str, partition: str, given: dict[str, str], rendering: Rendering | None = None
) -> Pack:
    """Return the pack with `account` in the role's ARN; every parameter that has a value is given.

    Whether remediation is automatic is written as a literal, as in every public pack (FACTS 1).
    Raises Refused for what the pack does not know.
    """
    rendering = rendering or Rendering()
    template = load_pack()
    declared = template["Parameters"]
    if unknown := sorted(given.keys() - declared.keys()):
        raise Refused(f"This checkout's conformance-pack.yaml has no parameter {unknown[0]}.")
    for resource in template["Resources"].values():
        source = resource["Properties"].get("Source", {})
        if rendering.function_by == "export" and "SourceIdentifier" in source:
            source["SourceIdentifier"] = {"Fn::ImportValue": EXPORT}
    role = f"arn:aws:iam::{PLACEHOLDER_ACCOUNT}:role/"
    template["Resources"] = _replace(
        template["Resources"], role, f"arn:{partition}:iam::{account}:role/"
    )
    automatic = {AUTOMATIC: "false", **given}[AUTOMATIC] == "true"
    for resource in template["Resources"].values():
        if "Automatic" in resource["Properties"]:
            resource["Properties"]["Automatic"] = automatic
    template.get("Conditions", {}).pop(AUTOMATIC_CONDITION, None)
    if not template.get("Conditions"):
        template.pop("Conditions", None)
    for name, meaning in ADDED.items():
        declared[name] = {"Type": "String", "Description": meaning, "Default": NONE}
    # Never libyaml's dumper: the hash of this text must be the same on every machine.
    body = yaml.safe_dump(template, sort_keys=False, width=96)
    if len(body.encode()) > MAX_TEMPLATE_BYTES:
        raise Refused(
            f"The rendered pack has {len(body.encode()):,} bytes; AWS Config takes"
            f" {MAX_TEMPLATE_BYTES:,}."
        )
    defaults = {name: str(each.get("Default", "")) for name, each in declared.items()}
    values = {name: value for name, value in defaults.items() if value} | given
    values |= {
        FUNCTION_BY: rendering.function_by,
        ROLE_ACCOUNT: rendering.role_account,
        UNITS: rendering.units,
        CANARY: rendering.canary,
    }
    values[REVISION] = hashlib.sha256(body.encode()).hexdigest()[:16]
    return Pack(body, values)


def _replace(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {key: _replace(each, old, new) for key, each in value.items()}
    if isinstance(value, list):
        return [_replace(each, old, new) for each in value]
    return value.replace(old, new) if isinstance(value, str) else value
