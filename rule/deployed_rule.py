"""The deployed rule that holds a user, and the parameters it judges by: the second key.

Whoever starts the remediation brings no parameters of his own: they stand in the rule, and the rule
has to hold the user NON_COMPLIANT before anything is done.
"""

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rule.counted import count
from rule.live import RESOURCE_TYPE
from rule.parameters import Policy, parse_parameters

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_config.type_defs import ConfigRuleOutputTypeDef

RULE = FUNCTION = "iam-user-no-setup-access-key"
RDKLIB_PARAMETERS = frozenset({"ExecutionRoleName", "ExecutionRoleRegion", "AssumeRoleMode"})
"""What a rule may carry for rdklib alone."""


class RuleUnclear(Exception):
    """No one rule of ours says what holds for the user; the text names those that are there."""


@dataclass(frozen=True)
class Holding:
    """What the deployed rule holds of a user; `compliance` is "" where it holds nothing."""

    compliance: str
    rule: str
    policy: Policy | None = None

    def describe(self, user_id: str) -> str:
        """Return why nothing is done where the rule does not hold the user NON_COMPLIANT."""
        if not self.rule:
            return (
                f"No rule {RULE} holds a result for {user_id}. Nothing was done: let the rule judge"
                " the user first (aws configservice start-config-rules-evaluation)."
            )
        return (
            f"Rule {self.rule} holds {user_id} {self.compliance}. Nothing was done: if that is old,"
            " let the rule judge the user first (aws configservice start-config-rules-evaluation"
            f" --config-rule-names {self.rule})."
        )


def parse_rule_parameters(given: dict[str, object]) -> Policy:
    """Return the policy that a rule's InputParameters describe. Raises InvalidParameters."""
    return parse_parameters({name: given[name] for name in given.keys() - RDKLIB_PARAMETERS})


def read_holding(config: "ConfigServiceClient", user_id: str, function_arn: str) -> Holding:
    """Return what the deployed rule holds of the user, with its parameters where that is a finding.

    A rule of ours has our name, with the suffix that a pack gives it, and `function_arn` as its
    source. Costs 1 call, and 1 more for a finding. Raises RuleUnclear, and InvalidParameters.
    """
    held = {
        result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ConfigRuleName"]: result[
            "ComplianceType"
        ]
        for page in config.get_paginator("get_compliance_details_by_resource").paginate(
            ResourceType=RESOURCE_TYPE, ResourceId=user_id
        )
        for result in page["EvaluationResults"]
    }
    ours = {name: held[name] for name in sorted(held) if name.startswith(RULE)}
    if len(ours) > 1:
        raise RuleUnclear(
            f"{count(len(ours), 'rule')} hold {user_id}: {' and '.join(ours)}. Nothing was changed."
            " Leave one of them, or delete the results of the others."
        )
    for name, compliance in ours.items():
        if compliance != "NON_COMPLIANT":
            return Holding(compliance, name)
        rule = read_rule(config, name)
        source = rule["Source"].get("SourceIdentifier", "")
        if rule["Source"]["Owner"] != "CUSTOM_LAMBDA" or source != function_arn:
            raise RuleUnclear(
                f"Rule {name} is not judged by {function_arn}, but by {source or 'another owner'}."
                " Nothing was changed."
            )
        given = json.loads(rule.get("InputParameters") or "{}")
        return Holding(compliance, name, parse_rule_parameters(given))
    return Holding("", "")


def read_rule(config: "ConfigServiceClient", name: str) -> "ConfigRuleOutputTypeDef":
    """Return the rule of exactly this name. Raises RuleUnclear where it is gone."""
    gone = RuleUnclear(
        f"Rule {name} held the user NON_COMPLIANT and is gone by now. Nothing was changed."
        " Deploy the rule again, and let it judge the user first."
    )
    try:
        rules = config.describe_config_rules(ConfigRuleNames=[name])["ConfigRules"]
    except config.exceptions.NoSuchConfigRuleException as error:
        raise gone from error
    if not rules:
        raise gone
    return rules[0]
