"""The check of one CloudFormation template: the cfn-lint rule of this project, and no other rule.

cfn-lint's configuration files are not read: the answer depends on the template alone. Suppression
inside the template (Metadata, cfn-lint, config, ignore_checks) counts, as in cfn-lint.
"""

import os

from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.rules import Rules
from cfnlint.rules.errors import RuleError, TransformError
from cfnlint.runner.template import run_template_by_data

from guardrails.cloudformation.console_user_key import ConsoleUserKey
from guardrails.finding import Finding, Unreadable


def check_template(text: str, file: str) -> list[Finding]:
    """Return the findings of one template; raise Unreadable for one cfn-lint cannot follow."""
    try:
        template, errors = decode_str(text)
        if errors:
            raise Unreadable(f"line {errors[0].linenumber}: {errors[0].message}")
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


def _configure() -> ConfigMixIn:
    # The template's own ignore_checks must not hide cfn-lint's failures (E0001, E0002).
    return ConfigMixIn([], config_file=os.devnull, mandatory_checks=["E0"])


def _rules() -> Rules:
    rules = Rules()
    rules.extend([ConsoleUserKey(), RuleError(), TransformError()])
    return rules
