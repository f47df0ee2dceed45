"""What a conformance pack consists of: how its rule and its remediation are made and removed.

The stack of a pack, and an organization's pack in one account, both make them here; so does a stack
that is no pack's.
"""

import json
from typing import Any

from emulator.config.models import Config
from emulator.config.packs import STACK_PREFIX


def read_suffix(stack: str) -> str:
    """Return what a pack's stack adds to the name of a rule; nothing for any other stack."""
    return stack[stack.rindex("-conformance-pack-") :] if stack.startswith(STACK_PREFIX) else ""


def put_rule(config: Config, properties: dict[str, Any], stack: str) -> str:
    """Create or change the rule of a stack and return its name; raises what Config refuses."""
    suffix = read_suffix(stack)
    name = str(properties["ConfigRuleName"]) + suffix
    parameters = {key: str(value) for key, value in properties.get("InputParameters", {}).items()}
    config.put_config_rule(
        {**properties, "ConfigRuleName": name, "InputParameters": json.dumps(parameters)}
    )
    if suffix:
        # The form of such an ARN is that of production accounts (M).
        stored = config.config_rules[name]
        stored.config_rule_arn = stored.config_rule_arn.replace(
            ":config-rule/config-rule-",
            ":config-rule/aws-service-rule/config-conforms.amazonaws.com/config-rule-",
            1,
        )
    return name


def put_remediation(config: Config, properties: dict[str, Any], stack: str) -> str:
    """Create or change the remediation of a stack's rule, which it names without the suffix.

    Returns the rule's name; raises what Config refuses.
    """
    suffix = read_suffix(stack)
    rule = str(properties["ConfigRuleName"]) + suffix
    present = config.remediations.configurations.get(rule, {})
    config.remediations.put_from_template(
        {**properties, "ConfigRuleName": rule},
        from_pack=bool(suffix) or "CreatedByService" in present,
    )
    config.note_violations(rule)
    return rule


def remove_rule(config: Config, rule: str) -> None:
    """Remove a rule with its results, its remediation before it."""
    if rule in config.remediations.configurations:
        config.remediations.remove(rule)
    config.delete_config_rule(rule)
