"""Checks template.yaml and conformance-pack.yaml against what AWS takes, before AWS sees them.

cfn-lint knows neither the limits of conformance packs nor most enums and ranges of AWS Config. The
limits stand here, each with its source; the rest is botocore's (`tools.shapes`).
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cfnlint.decode.cfn_yaml

from tools.intrinsics import NotResolvable, Resolver, choices, find_functions
from tools.resources import CALLS, KEPT
from tools.shapes import Violation, show

ROOT = Path(__file__).parent.parent
TEMPLATE, PACK = ROOT / "template.yaml", ROOT / "conformance-pack.yaml"
INLINE_BYTES = 51_200
"""Of a template in the request: CreateStack, CreateStackSet and PutOrganizationConformancePack."""
PACK_PARAMETERS = 60
"""AWS Config developer guide, service limits of conformance packs."""
PACK_TYPES = ("AWS::Config::ConfigRule", "AWS::Config::RemediationConfiguration")
RULE_NAME_CHARACTERS = 36
"""AWS Config appends about 27, and GetComplianceDetailsByConfigRule takes 64."""
PACK_SECTIONS = ("AWSTemplateFormatVersion", "Description", "Parameters", "Conditions", "Resources")
"""What a pack of AWS's own has; whether others are taken is not known."""
STACK_SET_REFUSES = ("AWS::CloudFormation::Stack", "AWS::CloudFormation::Macro")
"""Service-managed StackSets take no nested stacks and no macros."""
RESERVED_DOCUMENT_NAMES = (
    "aws", "amazon", "amzn", "AWSEC2", "AWSConfigRemediation", "AWSSupport",
)  # fmt: skip
"""How the name of an SSM document must not begin."""
ROLE = "AutomationAssumeRole"


def read_template(file: Path) -> dict[str, Any]:
    """Return a template, its short functions written out. Its names know their lines."""
    template: dict[str, Any] = cfnlint.decode.cfn_yaml.load(str(file))
    return template


def find_faults(file: Path, *, is_pack: bool) -> list[str]:
    """Return a sentence for each thing AWS would refuse: file, line, place, value, what to give."""
    template = read_template(file)
    found = list[Violation](check_size(file))
    found += check_pack(template) if is_pack else check_stack_set(template)
    for parameters in choices(template):
        # What one choice of parameters showed, the next need not show again with other figures.
        known = {violation.place for violation in found}
        try:
            faults = list(check_resources(Resolver(template, parameters)))
        except NotResolvable as error:
            faults = [Violation((), f"cannot be checked: {error}.")]
        found += [violation for violation in faults if violation.place not in known]
    return [describe(file.name, template, violation) for violation in found]


def describe(name: str, template: Mapping[str, Any], violation: Violation) -> str:
    """Return a fault as a sentence that begins with where it stands."""
    line, place = 1, ""
    node: Any = template
    for step in violation.place:
        if isinstance(node, dict):
            # Where an intrinsic function stands, the template has nothing below.
            key = next((key for key in node if key == step), None)
            mark = getattr(key, "start_mark", None)
            line = mark.line + 1 if mark else line
            place += f"{'.' if place else ''}{step}"
        else:
            place += f"[{step}]"
        node = node[step] if _has(node, step) else None
    return f"{name}:{line}: {place or 'the template'} {violation.fault}"


def check_size(file: Path) -> Iterator[Violation]:
    """Yield a violation where a template is too large to be sent in a request."""
    size = file.stat().st_size
    if size > INLINE_BYTES:
        yield Violation((), f"has {size:,} bytes; give at most {INLINE_BYTES:,}.")


def check_pack(template: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what a conformance pack in particular may not have."""
    for section in template.keys() - set(PACK_SECTIONS):
        yield Violation((section,), f"is no part of a pack; give {', '.join(PACK_SECTIONS)} only.")
    if len(template.get("Parameters", {})) > PACK_PARAMETERS:
        count = len(template["Parameters"])
        yield Violation(("Parameters",), f"has {count} parameters; give at most {PACK_PARAMETERS}.")
    rules = dict[str, str]()
    for name, resource in template["Resources"].items():
        kind, properties = resource["Type"], resource.get("Properties", {})
        place = ("Resources", name)
        if kind not in PACK_TYPES:
            fault = f"is {show(kind)}; a pack takes {' or '.join(PACK_TYPES)} only."
            yield Violation((*place, "Type"), fault)
        if kind == PACK_TYPES[0]:
            rule = properties["ConfigRuleName"]
            rules[rule] = name
            if len(rule) > RULE_NAME_CHARACTERS:
                fault = f"has {len(rule)} characters; give at most {RULE_NAME_CHARACTERS}."
                yield Violation((*place, "Properties", "ConfigRuleName"), fault)
    for name, resource in template["Resources"].items():
        if resource["Type"] == PACK_TYPES[1]:
            yield from check_remediation(("Resources", name), resource, rules)


def check_remediation(
    place: tuple[str, ...], resource: Mapping[str, Any], rules: Mapping[str, str]
) -> Iterator[Violation]:
    """Yield what a pack's remediation may not have; `rules` are the resources of rules by name."""
    properties = resource["Properties"]
    within = (*place, "Properties")
    rule = properties["ConfigRuleName"]
    if rule not in rules:
        fault = f"is {show(rule)}; give the literal name of a rule: {' or '.join(rules)}."
        yield Violation((*within, "ConfigRuleName"), fault)
    elif rules[rule] not in _listed(resource.get("DependsOn", [])):
        yield Violation(place, f"has no DependsOn {rules[rule]}; the rule must be there first.")
    if properties.get("Automatic", False) is not False:
        for needed in ("MaximumAutomaticAttempts", "RetryAttemptSeconds"):
            if needed not in properties:
                yield Violation(within, f"has no {needed}; it is required with Automatic.")
    if "TargetVersion" in properties:
        yield Violation((*within, "TargetVersion"), "pins a version; leave it out.")
    role = properties.get("Parameters", {}).get(ROLE, {})
    where = (*within, "Parameters", ROLE)
    if functions := sorted(set(find_functions(role))):
        yield Violation(where, f"uses {', '.join(functions)}; give a literal role ARN.")
    for value in role.get("StaticValue", {}).get("Values", []):
        if isinstance(value, str) and value.count("/") != 1:
            yield Violation(where, f"is {show(value)}; give the ARN of a role with the path /.")


def check_stack_set(template: Mapping[str, Any]) -> Iterator[Violation]:
    """Yield what a stack of a service-managed StackSet may not have."""
    if "Transform" in template:
        yield Violation(("Transform",), "is a macro; StackSets that AWS manages take none.")
    for name, resource in template["Resources"].items():
        kind = resource["Type"]
        if kind in STACK_SET_REFUSES:
            fault = f"is {show(kind)}; StackSets that AWS manages take no such resource."
            yield Violation(("Resources", name, "Type"), fault)
        if kind == "AWS::SSM::Document":
            document = resource["Properties"]["Name"]
            if document.lower().startswith(tuple(map(str.lower, RESERVED_DOCUMENT_NAMES))):
                reserved = ", ".join(RESERVED_DOCUMENT_NAMES)
                fault = f"is {show(document)}; names may not begin with {reserved}."
                yield Violation(("Resources", name, "Properties", "Name"), fault)
    if "Fn::Transform" in set(find_functions(template)):
        yield Violation((), "uses Fn::Transform; StackSets that AWS manages take no macro.")


def check_resources(resolver: Resolver) -> Iterator[Violation]:
    """Yield what the APIs behind the resources would refuse, under certain parameters."""
    for name, resource in resolver.template["Resources"].items():
        place = ("Resources", name, "Properties")
        calls = CALLS.get(resource["Type"])
        if calls is None:
            fault = f"is {show(resource['Type'])}; add what creates it to tools/resources.py."
            yield Violation(("Resources", name, "Type"), fault)
            continue
        properties = resolver.resolve(resource.get("Properties", {}))
        for call in calls:
            for found in call.find_violations(properties):
                yield found._replace(place=(*place, *found.place))
        for unsent in properties.keys() - KEPT:
            if not any(call.sends(unsent) for call in calls):
                yield Violation((*place, unsent), "is not known to AWS; leave it out.")


def main() -> int:
    """Print every fault of both templates; return 1 when there is one."""
    faults = find_faults(TEMPLATE, is_pack=False) + find_faults(PACK, is_pack=True)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _has(node: Any, step: str | int) -> bool:
    if isinstance(node, dict):
        return step in node
    return isinstance(node, list) and isinstance(step, int) and step < len(node)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


if __name__ == "__main__":
    sys.exit(main())
