"""A cfn-lint rule for template.yaml: what a StackSet that AWS manages takes, and what it does not.

cfn-lint imports this file by its path (--append-rules), so it imports no neighbour. It looks at no
other template than the one of this name.
"""

from collections.abc import Iterator
from pathlib import Path

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

TEMPLATE = "template.yaml"
BYTES = 51_200
"""Of a template in the request: CreateStack and CreateStackSet."""
REFUSED = ("AWS::CloudFormation::Stack", "AWS::CloudFormation::Macro")
"""Service-managed StackSets take no nested stacks and no macros."""
RESERVED_DOCUMENT_NAMES = (
    "aws", "amazon", "amzn", "AWSEC2", "AWSConfigRemediation", "AWSSupport",
)  # fmt: skip
"""How the name of an SSM document must not begin."""


class StackSetForm(CloudFormationLintRule):  # type: ignore[misc] # cfn-lint is not typed
    """Report what a service-managed StackSet would refuse in each of its accounts."""

    id = "E9131"
    shortdesc = "The template is one that a service-managed StackSet takes"
    description = "Size, macros, nested stacks and the names of SSM documents."
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
        "stacksets-orgs-manage-auto-deployment.html"
    )
    tags = ["cloudformation"]  # noqa: RUF012 (cfn-lint's own is a list)

    def match(self, cfn: Template) -> list[RuleMatch]:
        """Return a match for each thing that would be refused."""
        return list(self._find(cfn)) if Path(cfn.filename).name == TEMPLATE else []

    def _find(self, cfn: Template) -> Iterator[RuleMatch]:
        size = Path(cfn.filename).stat().st_size
        if size > BYTES:
            yield RuleMatch([], f"The template has {size:,} bytes; give at most {BYTES:,}.")
        for place in [["Transform"]] if "Transform" in cfn.template else []:
            yield RuleMatch(place, "StackSets that AWS manages take no macro.")
        for place in cfn.search_deep_keys("Fn::Transform"):
            yield RuleMatch(place[:-1], "StackSets that AWS manages take no macro.")
        for name, resource in cfn.get_resources().items():
            if resource["Type"] in REFUSED:
                yield RuleMatch(
                    ["Resources", name, "Type"],
                    f"StackSets that AWS manages take no {resource['Type']}.",
                )
        for name, resource in cfn.get_resources("AWS::SSM::Document").items():
            document = str(resource["Properties"]["Name"])
            if document.lower().startswith(tuple(map(str.lower, RESERVED_DOCUMENT_NAMES))):
                yield RuleMatch(
                    ["Resources", name, "Properties", "Name"],
                    f"{document} may not begin with {', '.join(RESERVED_DOCUMENT_NAMES)}.",
                )
