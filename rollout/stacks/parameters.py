"""The parameters of the stack as CloudFormation takes them: those that the template declares.

CloudFormation refuses any other, and an older template knows fewer than the stack that stands.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rollout.packs.template import load_template

if TYPE_CHECKING:
    from types_boto3_cloudformation.type_defs import ParameterTypeDef

DEPLOYED_AT = "DeployedAt"
"""Gives each version of the runbook a text of its own: SSM refuses one that another version has."""


def list_parameters(
    template: str, standing: Mapping[str, str], given: Mapping[str, str]
) -> "list[ParameterTypeDef]":
    """Return the given parameters and those that stay as they stand, as far as declared."""
    declared = load_template(template).get("Parameters", {})
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    values = {**standing, DEPLOYED_AT: now, **given}
    return [
        {"ParameterKey": name, "ParameterValue": values[name]}
        for name in sorted(declared)
        if name in values
    ]
