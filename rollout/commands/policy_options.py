"""The rule's parameters as options of the command line, made from their one table."""

import argparse
import re

from rollout.errors import Refused
from rule.parameters import (
    VERDICT_PARAMETERS,
    InvalidParameters,
    Parameter,
    Policy,
    parse_parameters,
)


def option(parameter: Parameter) -> str:
    """Return the parameter's option: SetupWindowSeconds is --setup-window-seconds."""
    return "--" + re.sub(r"(?<!^)(?=[A-Z])", "-", parameter.name).lower()


def add_policy_options(parser: argparse.ArgumentParser) -> None:
    """Add one option for each of the five parameters of the verdict."""
    group = parser.add_argument_group("parameters of the rule")
    for parameter in VERDICT_PARAMETERS:
        words = parameter.allowed
        allowed = parameter.describe_allowed()
        group.add_argument(
            option(parameter),
            dest=parameter.name,
            default=parameter.default,
            metavar="N" if isinstance(words, range) else "|".join(words),
            help=f"{parameter.meaning} ({allowed}; default {parameter.default})",
        )


def read_policy(arguments: argparse.Namespace) -> Policy:
    """Return the policy that the options describe. Raises Refused."""
    given = {each.name: getattr(arguments, each.name) for each in VERDICT_PARAMETERS}
    try:
        return parse_parameters(given)
    except InvalidParameters as fault:
        raise Refused(str(fault)) from fault
