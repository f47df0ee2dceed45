"""What a conformance pack makes in an account: an organization's pack, or one of its own.

As a pack becomes a stack, its template is resolved with the account's own pseudo parameters and
exports, and what fails is taken back whole. It is no real stack, as one for each of hundreds of
accounts would take too long.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from moto.cloudformation.exceptions import ExportNotFound
from moto.cloudformation.parsing import ResourceMap, clean_json
from moto.core.exceptions import JsonRESTError, ServiceException

from emulator.cloudformation.models import CloudFormation
from emulator.cloudformation.templates import find_parameter_fault, parse_template
from emulator.config.models import Config
from emulator.config.packs import RULE, STACK_PREFIX, PackFailed

PackResource = tuple[str, dict[str, Any]]
"""Type and properties."""


def resolve_pack(
    text: str, parameters: dict[str, str], config: Config, pack: str, suffix: str, account: str
) -> list[PackResource]:
    """Return what a pack is to make there, rules first. Raises PackFailed.

    `account` is what `${AWS::AccountId}` becomes, whichever account it is.
    """
    template, region, stack = parse_template(text), config.region_name, STACK_PREFIX + pack + suffix
    if fault := find_parameter_fault(template, parameters):
        raise PackFailed("ValidationError", fault)
    exports = CloudFormation.of(config.account_id, region).exports
    resources = ResourceMap(stack, stack, dict(parameters), {}, region, account, template, exports)
    try:
        resources.load()
        made = [
            (str(resource["Type"]), clean_json(resource["Properties"], resources))
            for resource in template["Resources"].values()
            if "Condition" not in resource or resources.lazy_condition_map[resource["Condition"]]
        ]
    except ExportNotFound as error:
        raise PackFailed("ConformancePackTemplateValidationException", error.message) from error
    return sorted(made, key=lambda each: each[0])


def put_pack_resources(
    config: Config, resources: list[PackResource], pack: str, suffix: str
) -> list[str]:
    """Create or change what a pack makes, and remove what it made before; return its rules' names.

    Raises PackFailed, and then all is as it was.
    """
    with _all_or_nothing(config):
        rules = [
            put_rule(config, properties, suffix) for kind, properties in resources if kind == RULE
        ]
        remediated = [
            put_remediation(config, properties, suffix)
            for kind, properties in resources
            if kind != RULE
        ]
        for rule in {*rules, *config.pack_rules.get(pack, ())} - {*remediated}:
            config.remediations.configurations.pop(rule, None)
        for rule in set(config.pack_rules.get(pack, ())) - set(rules):
            config.delete_config_rule(rule)
    config.pack_rules[pack] = rules
    return rules


def remove_pack_resources(config: Config, pack: str) -> list[str]:
    """Remove a pack's rules with their results and their remediations; return their names."""
    rules = config.pack_rules.pop(pack, [])
    for rule in rules:
        config.remediations.configurations.pop(rule, None)
        config.delete_config_rule(rule)
    return rules


def put_rule(config: Config, properties: dict[str, Any], suffix: str) -> str:
    """Create or change the rule of a pack and return its name; raises what Config refuses."""
    name = str(properties["ConfigRuleName"]) + suffix
    parameters = {key: str(value) for key, value in properties.get("InputParameters", {}).items()}
    config.put_config_rule(
        {**properties, "ConfigRuleName": name, "InputParameters": json.dumps(parameters)}
    )
    # The form of such an ARN is that of production accounts (M).
    stored = config.config_rules[name]
    stored.config_rule_arn = stored.config_rule_arn.replace(
        ":config-rule/config-rule-",
        ":config-rule/aws-service-rule/config-conforms.amazonaws.com/config-rule-",
        1,
    )
    return name


def put_remediation(config: Config, properties: dict[str, Any], suffix: str) -> str:
    """Create or change the remediation of a pack's rule, which it names without the suffix.

    Returns the rule's name; raises what Config refuses.
    """
    rule = str(properties["ConfigRuleName"]) + suffix
    config.remediations.put_from_template({**properties, "ConfigRuleName": rule})
    config.note_violations(rule)
    return rule


@contextmanager
def _all_or_nothing(config: Config) -> Iterator[None]:
    """Take back what was done where Config refuses a part of it, as a stack is rolled back."""
    changed: tuple[dict[str, Any], ...] = (config.config_rules, config.remediations.configurations)
    before = deepcopy(changed)
    try:
        yield
    except (JsonRESTError, ServiceException) as error:
        for now, then in zip(changed, before, strict=True):
            now.clear()
            now.update(then)
        code = error.code if isinstance(error, ServiceException) else error.error_type
        raise PackFailed(code, error.message) from error
