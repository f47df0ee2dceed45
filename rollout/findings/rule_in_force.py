"""The rule as it stands in an account: its name there, and the policy that it judges by.

Whoever judges or changes something there takes the parameters from it, as the remediation function
does: so the desk never promises what the rule would not do.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from botocore.utils import ArnParser

from rollout.aws.session import Session
from rollout.errors import Refused
from rollout.names import FUNCTION, is_our_rule
from rule.deployed_rule import parse_rule_parameters
from rule.parameters import InvalidParameters, Policy


@dataclass(frozen=True)
class RuleInForce:
    """The one rule of ours in an account."""

    name: str
    policy: Policy
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Those that the rule was given, as text."""


def read_rule_in_force(session: Session) -> RuleInForce | None:
    """Return the account's rule, None where there is none.

    The end of its name is AWS's, so every rule is listed, 25 a call. Raises Refused where there are
    two, where the rule is not this account's function, or where its parameters are invalid.
    """
    pages = session.config.get_paginator("describe_config_rules").paginate()
    found = [
        each
        for page in pages
        for each in page["ConfigRules"]
        if is_our_rule(each["ConfigRuleName"])
    ]
    if not found:
        return None
    if len(found) > 1:
        names = " and ".join(sorted(each["ConfigRuleName"] for each in found))
        raise Refused(f"{session.label}: {names} are rules of ours. Keep one: remove the other.")
    (rule,) = found
    source = rule["Source"].get("SourceIdentifier", "")
    arn = ArnParser().parse_arn(source) if ArnParser.is_arn(source) else {}
    named = f"{arn.get('resource')}:".startswith(f"function:{FUNCTION}:")
    if not named or arn.get("account") != session.account:
        raise Refused(
            f"{session.label}: the rule {rule['ConfigRuleName']} invokes {source}, which is not"
            f" this account's function {FUNCTION}."
        )
    given = json.loads(rule.get("InputParameters") or "{}")
    try:
        policy = parse_rule_parameters(given)
    except InvalidParameters as fault:
        raise Refused(f"{session.label}: the rule {rule['ConfigRuleName']}: {fault}") from fault
    return RuleInForce(
        rule["ConfigRuleName"], policy, {name: str(value) for name, value in given.items()}
    )
