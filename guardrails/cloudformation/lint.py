"""Runs cfn-lint on one template, with the rule of this project alone."""

import os
from typing import Any

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.rules import Rules
from cfnlint.rules.errors import RuleError, TransformError
from cfnlint.runner.template import run_template_by_data

from guardrails.cloudformation.rules.console_user_key import ConsoleUserKey
from guardrails.judgement import Unreadable


def lint(text: str) -> tuple[Any, list[Any]]:
    """Return the template as cfn-lint reads it, and the matches of the rule; raise Unreadable."""
    try:
        template, errors = decode_str(text)
        if errors:
            raise Unreadable(f"line {errors[0].linenumber}: {errors[0].message}")
        # A transform changes the template that it is given.
        as_written = dict(template)
        matches = list(run_template_by_data(template, _configure(), _rules()))
    except Unreadable:
        raise
    # A malformed template can lead cfn-lint into any exception; none may look like a pass.
    except Exception as error:
        raise Unreadable(f"cfn-lint cannot follow this template: {error!r}") from error
    for match in matches:
        if match.rule.id != ConsoleUserKey.id:
            raise Unreadable(f"line {match.linenumber}: {match.message}")
    return as_written, matches


def _configure() -> ConfigMixIn:
    # The template's own ignore_checks must hide neither cfn-lint's failures (E0001, E0002) nor,
    # without an owner and a date, a finding.
    return ConfigMixIn([], config_file=os.devnull, mandatory_checks=["E0", ConsoleUserKey.id])


def _rules() -> Rules:
    rules = Rules()
    rules.extend([ConsoleUserKey(), RuleError(), TransformError()])
    return rules
