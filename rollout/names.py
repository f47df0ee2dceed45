"""What everything is called in AWS; template.yaml and conformance-pack.yaml hold the same names."""

from pathlib import Path

RULE = STACK = STACK_SET = FUNCTION = PACK = DOCUMENT = "iam-user-no-setup-access-key"
EXPORT = f"{FUNCTION}-function-arn"
PLACEHOLDER_ACCOUNT = "111122223333"
CHECKOUT = Path(__file__).parent.parent
TEMPLATE_FILE = CHECKOUT / "template.yaml"
PACK_FILE = CHECKOUT / "conformance-pack.yaml"
MAX_TEMPLATE_BYTES = 51_200
"""Of a template sent inline to CloudFormation, and of a pack's TemplateBody."""
