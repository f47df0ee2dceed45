"""The check of one CloudFormation template: the cfn-lint rule of this project, and no other rule.

cfn-lint's configuration files are not read: the answer depends on the template alone. Suppression
inside the template (Metadata, cfn-lint, config, ignore_checks) counts, as in cfn-lint.
"""

import os
from typing import Any

import yaml
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.rules import Rules
from cfnlint.rules.errors import RuleError, TransformError
from cfnlint.runner.template import run_template_by_data

from guardrails.cloudformation.rules.console_user_key import ConsoleUserKey
from guardrails.finding import NEITHER, TEMPLATE_KEYS, Finding, Foreign, Unreadable

_MAX_DEPTH = 500


def check_template(text: str, file: str) -> list[Finding]:
    """Return the findings of one template.

    Raises Foreign for what is no template, Unreadable for one that cfn-lint cannot follow.
    """
    _bound_depth(text)
    try:
        template, errors = decode_str(text)
        if errors:
            raise _refuse(text, f"line {errors[0].linenumber}: {errors[0].message}")
        _require_template(template)
        matches = list(run_template_by_data(template, _configure(), _rules()))
    except Unreadable:
        raise
    # A malformed template can lead cfn-lint into any exception; none may look like a pass.
    except Exception as error:
        raise Unreadable(f"cfn-lint cannot follow this template: {error!r}") from error
    for match in matches:
        if match.rule.id != ConsoleUserKey.id:
            raise Unreadable(f"line {match.linenumber}: {match.message}")
    return [Finding(file, m.linenumber, m.user, m.key, m.message) for m in matches]


def _bound_depth(text: str) -> None:
    """Raise for YAML that is nested so deep that building it would exhaust the C stack."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > _MAX_DEPTH:
                raise _refuse(text, f"it is nested more than {_MAX_DEPTH} levels deep")
    except yaml.YAMLError:
        # What is no YAML is told by cfn-lint, which knows its own tags and JSON, too.
        return


def _require_template(template: Any) -> None:
    """Raise for a document that has nothing of a template, or whose Resources are malformed."""
    if not isinstance(template, dict) or not template.keys() & TEMPLATE_KEYS:
        raise Foreign(NEITHER)
    if not isinstance(template.get("Resources"), dict):
        raise Unreadable("it has no Resources, or they are no mapping")


def _refuse(text: str, reason: str) -> Unreadable:
    # Without a word of AWS in it, text that cannot be parsed is no template of anything here.
    if "AWS::" in text:
        return Unreadable(reason)
    return Foreign(f"{NEITHER} ({reason})")


def _configure() -> ConfigMixIn:
    # The template's own ignore_checks must not hide cfn-lint's failures (E0001, E0002).
    return ConfigMixIn([], config_file=os.devnull, mandatory_checks=["E0"])


def _rules() -> Rules:
    rules = Rules()
    rules.extend([ConsoleUserKey(), RuleError(), TransformError()])
    return rules
