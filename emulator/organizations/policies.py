"""Policies of an organization, and to what each is attached."""

import json
from dataclasses import dataclass, field
from typing import Any

FULL_ACCESS = "p-FullAWSAccess"
"""AWS's own policy, which is attached to everything from the beginning."""


@dataclass
class OrganizationPolicy:
    """A policy; the targets are the ids of the root, of units and of accounts."""

    id: str
    name: str
    content: str
    kind: str = "SERVICE_CONTROL_POLICY"
    targets: set[str] = field(default_factory=set)

    def describe(self, arn: str) -> dict[str, Any]:
        """Return the policy's summary as Organizations sends it."""
        return {
            "Id": self.id,
            "Arn": arn,
            "Name": self.name,
            "Description": "",
            "Type": self.kind,
            "AwsManaged": self.id == FULL_ACCESS,
        }


def full_access() -> OrganizationPolicy:
    """Return AWS's own policy."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    content = {"Version": "2012-10-17", "Statement": [statement]}
    return OrganizationPolicy(FULL_ACCESS, "FullAWSAccess", json.dumps(content))
