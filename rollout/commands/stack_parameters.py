"""Parameters of template.yaml, checked here before anything changes.

What CloudFormation would refuse would reach all members first, and then stay in the StackSet.
"""

import re

from rollout.deployment.reservation import PARAMETER
from rollout.errors import Refused
from rollout.names import TEMPLATE_FILE
from rollout.packs.template import load_template

SET_BY_DEPLOY = ("CodeBucket", "CodeKey", "CodeVersion")


def read_stack_parameters(given: list[str]) -> dict[str, str]:
    """Return the parameters of template.yaml that were given, checked against it.

    Raises Refused: what CloudFormation would refuse would reach the members first and then stay.
    """
    declared = read_declared()
    found = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            raise Refused(f"--stack-parameter {each}: write NAME=VALUE.")
        if fault := find_value_fault(name, value, declared):
            raise Refused(f"--stack-parameter {each}: {fault}.")
        found[name] = value
    return found


def read_declared() -> dict[str, dict[str, object]]:
    """Return the parameters of template.yaml."""
    declared: dict[str, dict[str, object]] = load_template(
        TEMPLATE_FILE.read_text(encoding="utf-8")
    )["Parameters"]
    return declared


def find_value_fault(name: str, value: str, declared: dict[str, dict[str, object]]) -> str:
    """Return what CloudFormation would refuse of a parameter, "" for nothing."""
    if name in SET_BY_DEPLOY:
        return f"deploy sets {name} itself"
    if name not in declared:
        known = ", ".join(each for each in declared if each not in SET_BY_DEPLOY)
        return f"template.yaml has no parameter {name}; it has {known}"
    if name == PARAMETER and value == "0":
        return "with 0 no run would ever begin; it must be -1, for no limit, or from 1"
    parameter = declared[name]
    allowed = parameter.get("AllowedValues")
    if isinstance(allowed, list) and value not in [str(each) for each in allowed]:
        return f"allowed are {', '.join(map(str, allowed))}"
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(str(pattern), value):
        return str(parameter.get("ConstraintDescription", f"it must match {pattern}"))
    if parameter.get("Type") == "Number":
        if not re.fullmatch(r"-?\d+", value):
            return "it must be a whole number"
        least = int(str(parameter.get("MinValue", value)))
        most = int(str(parameter.get("MaxValue", value)))
        if not least <= int(value) <= most:
            return f"it must be from {least} to {most}"
    return ""
