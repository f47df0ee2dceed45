"""cfn-lint rules for conformance-pack.yaml: what AWS Config takes in a pack, and what it does not.

cfn-lint imports this file by its path (--append-rules), so it imports no neighbour. It looks at no
other template than the one of this name.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

PACK = "conformance-pack.yaml"
BYTES = 51_200
"""Of a template in the request: PutOrganizationConformancePack and PutConformancePack."""
PARAMETERS = 60
"""AWS Config developer guide, service limits of conformance packs."""
RULE, REMEDIATION = "AWS::Config::ConfigRule", "AWS::Config::RemediationConfiguration"
RULE_NAME_CHARACTERS = 36
"""AWS Config appends about 27, and GetComplianceDetailsByConfigRule takes 64."""
SECTIONS = ("AWSTemplateFormatVersion", "Description", "Parameters", "Conditions", "Resources")
"""What a pack of AWS's own has; whether others are taken is not known."""
ROLE = "AutomationAssumeRole"
NEEDED = ("MaximumAutomaticAttempts", "RetryAttemptSeconds")
"""With Automatic: PutRemediationConfigurations."""
TemplatePath = list[str | int]


class PackForm(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint is not typed
    """Report what no conformance pack may be: too large, or with other parts than a pack's."""

    id = "E9121"
    shortdesc = "A conformance pack has rules and remediations, within AWS Config's limits"
    description = "Size, sections, parameters, types of resources and the length of rules' names."
    source_url = "https://docs.aws.amazon.com/config/latest/developerguide/configlimits.html"
    tags = ["config"]  # noqa: RUF012 (cfn-lint's own is a list)

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return a match for each thing that AWS Config would refuse."""
        return list(self._find(cfn)) if Path(cfn.filename).name == PACK else []

    def _find(self, cfn: Template) -> Iterator[RuleMatch]:
        size = Path(cfn.filename).stat().st_size
        if size > BYTES:
            yield RuleMatch([], f"The pack has {size:,} bytes; give at most {BYTES:,}.")
        for section in cfn.template:
            if section not in SECTIONS:
                yield RuleMatch(
                    [section], f"{section} is no part of a pack; give {', '.join(SECTIONS)} only."
                )
        count = len(cfn.template.get("Parameters", {}))
        if count > PARAMETERS:
            yield RuleMatch(
                ["Parameters"], f"The pack has {count} parameters; give at most {PARAMETERS}."
            )
        for name, resource in cfn.get_resources().items():
            kind = resource["Type"]
            if kind not in (RULE, REMEDIATION):
                yield RuleMatch(
                    ["Resources", name, "Type"],
                    f"{name} is {kind}; a pack takes {RULE} or {REMEDIATION} only.",
                )
        for name, resource in cfn.get_resources(RULE).items():
            length = len(resource["Properties"]["ConfigRuleName"])
            if length > RULE_NAME_CHARACTERS:
                yield RuleMatch(
                    ["Resources", name, "Properties", "ConfigRuleName"],
                    f"The name has {length} characters; give at most {RULE_NAME_CHARACTERS}.",
                )


class PackRemediation(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint is not typed
    """Report a remediation with which AWS Config would not do what is meant."""

    id = "E9122"
    shortdesc = "A remediation of a conformance pack names its rule, its role and its attempts"
    description = "What AWS Config asks of a remediation that stands in a pack beside its rule."
    source_url = (
        "https://docs.aws.amazon.com/config/latest/APIReference/API_RemediationConfiguration.html"
    )
    tags = ["config"]  # noqa: RUF012 (cfn-lint's own is a list)

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return a match for each thing that is missing or would be taken literally."""
        if Path(cfn.filename).name != PACK:
            return []
        rules = {
            str(resource["Properties"]["ConfigRuleName"]): name
            for name, resource in cfn.get_resources(RULE).items()
        }
        return [
            match
            for name, resource in cfn.get_resources(REMEDIATION).items()
            for match in self._find(["Resources", name], resource, rules)
        ]

    def _find(
        self, place: TemplatePath, resource: dict[str, Any], rules: dict[str, str]
    ) -> Iterator[RuleMatch]:
        properties = resource["Properties"]
        within: TemplatePath = [*place, "Properties"]
        rule = str(properties["ConfigRuleName"])
        first = resource.get("DependsOn", [])
        if rule not in rules:
            yield RuleMatch(
                [*within, "ConfigRuleName"],
                f"{rule} is no rule of this pack; give the literal name of one:"
                f" {' or '.join(rules)}.",
            )
        elif rules[rule] not in (first if isinstance(first, list) else [first]):
            yield RuleMatch(place, f"Without DependsOn {rules[rule]} its rule may come after it.")
        if properties.get("Automatic", False) is not False:
            for needed in NEEDED:
                if needed not in properties:
                    yield RuleMatch(within, f"{needed} is required with Automatic.")
        if "TargetVersion" in properties:
            yield RuleMatch([*within, "TargetVersion"], "It pins a version; leave it out.")
        if ROLE in properties.get("Parameters", {}):
            where = [*within, "Parameters", ROLE]
            yield from self._find_in_role(where, properties["Parameters"][ROLE])

    def _find_in_role(self, place: TemplatePath, role: dict[str, Any]) -> Iterator[RuleMatch]:
        values = role.get("StaticValue", role)
        literals = values.get("Values", values) if isinstance(values, dict) else values
        for literal in literals if isinstance(literals, list) else [literals]:
            if not isinstance(literal, str):
                said = f"AWS Config would take {json.dumps(literal)} literally"
                yield RuleMatch(place, f"{said}; give the ARN of a role.")
            elif literal.count("/") != 1:
                yield RuleMatch(place, f"{literal} has a path; give a role with the path /.")
