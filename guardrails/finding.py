"""What both checks report, and how they refuse what they cannot judge."""

from typing import NamedTuple

RULE_ID = "no-setup-access-key"
HELP_LINK = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"

NEITHER = "it is neither a CloudFormation template nor a Terraform plan"
# One of these makes a document a template; Resources alone is enough.
TEMPLATE_KEYS = frozenset({"AWSTemplateFormatVersion", "Resources", "Transform"})


class Finding(NamedTuple):
    """An access key that a console user would get at setup; lines count from 1."""

    file: str
    line: int
    user: str
    key: str
    message: str


class Unreadable(Exception):
    """A file could not be judged, so it must not pass; the text says what is wrong with it."""


class Foreign(Unreadable):
    """A file is none of what was asked for: alone it is an error, among many it is passed over."""
