"""Roles of an emulated account as AWS services assume them: Lambda for functions, SSM for runbooks.

A trust policy counts when one of its statements names the service alone; of its conditions the two
are known that a service fills in, and any other one makes it count as refused.
"""

import json
from typing import Any

from moto.iam import models
from moto.iam.exceptions import NotFoundException
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from moto.utilities.utils import get_partition

from emulator.environment import client_variables
from emulator.iam.statements import meets_conditions


class StackRole:
    """How CloudFormation makes and changes a role; moto stores its policies as no JSON."""

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region: str, **_: Any
    ) -> models.Role:
        properties = cloudformation_json["Properties"]
        bare = {**cloudformation_json, "Properties": {**properties, "Policies": []}}
        role = models.Role.create_from_cloudformation_json(resource_name, bare, account_id, region)
        return cls._put_policies(role, properties)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: models.Role,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> models.Role:
        role, properties = original_resource, cloudformation_json["Properties"]
        role.assume_role_policy_document = json.dumps(properties["AssumeRolePolicyDocument"])
        role.permissions_boundary_arn = properties.get("PermissionsBoundary", "")
        for stale in list(role.policies):
            role.delete_policy(stale)
        return cls._put_policies(role, properties)

    @staticmethod
    def delete_from_cloudformation_json(
        resource_name: str, cloudformation_json: Any, account_id: str, region: str
    ) -> None:
        models.Role.delete_from_cloudformation_json(
            resource_name, cloudformation_json, account_id, region
        )

    @staticmethod
    def has_cfn_attr(attr: str) -> bool:
        return models.Role.has_cfn_attr(attr)

    @staticmethod
    def _put_policies(role: models.Role, properties: dict[str, Any]) -> models.Role:
        for policy in properties.get("Policies", []):
            role.put_policy(policy["PolicyName"], json.dumps(policy["PolicyDocument"]))
        return role


def trusts_service(
    account_id: str, region: str, role_arn: str, service: str, source_arn: str = ""
) -> bool:
    """Say whether a role of the account exists and lets `service` assume it for `source_arn`."""
    try:
        role = iam_backends[account_id][get_partition(region)].get_role_by_arn(role_arn)
    except NotFoundException:
        return False
    context = {"aws:SourceAccount": account_id, "aws:SourceArn": source_arn}
    return any(
        statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": service}
        and statement["Action"] == "sts:AssumeRole"
        and meets_conditions(statement.get("Condition", {}), context)
        for statement in json.loads(role.assume_role_policy_document)["Statement"]
    )


def assume_role(
    account_id: str, region: str, role_arn: str, session_name: str, url: str
) -> dict[str, str]:
    """Return the environment variables with which clients at `url` act as a session of the role."""
    session = sts_backends[account_id][get_partition(region)].assume_role(
        region_name=region,
        role_session_name=session_name,
        role_arn=role_arn,
        policy="",
        duration=3600,
        external_id="",
    )
    return {
        **client_variables(url, region, session.access_key_id, session.secret_access_key),
        "AWS_SESSION_TOKEN": session.session_token,
    }
