"""The rule's parameters as options of the command line, made from their one table."""

import argparse
import re

from rollout.errors import Refused
from rule.decision import PARAMETERS, InvalidParameters, Parameter, Policy, parse_parameters

MEANINGS = {
    "Criterion": (
        "which active key is a finding. SETUP_UNUSED: created at setup and never used. UNUSED:"
        " never used. SETUP: created at setup, used or not"
    ),
    "SetupWindowSeconds": "a key created at most this long after its user was created at setup",
    "GraceHours": "a never-used key younger than this is not judged, because last-used data lags",
    "QuarantineDays": "how long a quarantined key stays Inactive before it must be deleted",
    "MaxExceptionDays": "an exception may end at most this many days ahead",
    "ReportUnchanged": "also put results that have not changed since the last run",
}
VERDICT_PARAMETERS = tuple(each for each in PARAMETERS if each.name != "ReportUnchanged")


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
            help=f"{MEANINGS[parameter.name]} ({allowed}; default {parameter.default})",
        )


def read_policy(arguments: argparse.Namespace) -> Policy:
    """Return the policy that the options describe. Raises Refused."""
    given = {each.name: getattr(arguments, each.name) for each in VERDICT_PARAMETERS}
    try:
        return parse_parameters(given)
    except InvalidParameters as fault:
        raise Refused(str(fault)) from fault
