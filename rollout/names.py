"""What everything is called in AWS, and where the files lie that say the same.

template.yaml and conformance-pack.yaml hold the same names.
"""

import re
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

RULE = STACK = STACK_SET = FUNCTION = PACK = "iam-user-no-setup-access-key"
REMEDIATION = DOCUMENT = f"{FUNCTION}-remediation"
"""The function that repairs, the runbook that starts it, and what that runs as."""
EXPORT = f"{FUNCTION}-function-arn"
PLACEHOLDER_ACCOUNT = "111122223333"
ACCOUNT_ID = re.compile("[0-9]{12}")
COMMAND = "no-setup-access-key"
"""The program once it is installed."""
MODULE = "python -m rollout"
"""The program in a checkout."""


def find_file(name: str) -> Traversable:
    """Return a file of the checkout's top level; what is installed carries it in `shipped`."""
    package = files("rollout")
    shipped = package / "shipped" / name
    return shipped if shipped.is_file() else Path(str(package)).parent / name


def is_our_rule(name: str) -> bool:
    """Say whether a rule is the pack's: AWS Config puts an end of its own to the name."""
    return name.partition("-conformance-pack-")[0] == RULE


def name_program() -> str:
    """Return what the program was called as, for messages that name a command to run."""
    called = Path(sys.argv[0])
    return COMMAND if called.stem == COMMAND else MODULE


TEMPLATE_FILE = find_file("template.yaml")
PACK_FILE = find_file("conformance-pack.yaml")
MAX_TEMPLATE_BYTES = 51_200
"""Of a template sent inline to CloudFormation, and of a pack's TemplateBody."""
