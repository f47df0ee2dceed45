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


def add_policy_options(parser: argparse.ArgumentParser, *, stands: bool = False) -> None:
    """Add one option for each parameter of the verdict.

    With `stands` what is not given is None: it is what stands, else the default.
    """
    title = "parameters of the rule"
    group = parser.add_argument_group(
        f"{title} (as they stand, else the default)" * stands or title
    )
    for parameter in VERDICT_PARAMETERS:
        words = parameter.allowed
        allowed = parameter.describe_allowed()
        group.add_argument(
            option(parameter),
            dest=parameter.name,
            default=None if stands else parameter.default,
            metavar="|".join(words) if isinstance(words, tuple) else "N",
            help=f"{parameter.meaning} ({allowed}; default {parameter.default})",
        )


def read_policy(arguments: argparse.Namespace) -> Policy:
    """Return the policy that the options describe. Raises Refused."""
    given = {each.name: getattr(arguments, each.name) for each in VERDICT_PARAMETERS}
    try:
        return parse_parameters(given)
    except InvalidParameters as fault:
        raise Refused(str(fault)) from fault
