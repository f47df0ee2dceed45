"""Organizations' operations as AWS answers them: who may ask, and in pages of at most twenty."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from moto.organizations import responses

from emulator.gateway.errors import Refusal
from emulator.gateway.pages import cut_page
from emulator.organizations.models import Organization, organization_of
from emulator.organizations.policies import FULL_ACCESS, OrganizationPolicy

MAX_PAGE = 20


class OrganizationsResponse(responses.OrganizationsResponse):
    """The operations that this project calls; the others are moto's."""

    def _organization(self) -> Organization:
        organization = organization_of(self.current_account)
        if organization is None:
            raise Refusal(
                "AWSOrganizationsNotInUseException",
                "Your account is not a member of an organization.",
            )
        return organization

    def _administered(self) -> Organization:
        """Return the organization to those who may list what is in it."""
        organization = self._organization()
        if not organization.administers(self.current_account):
            raise Refusal(
                "AccessDeniedException",
                "You don't have permissions to access this resource.",
            )
        return organization

    def describe_organization(self) -> str:
        """The organization, which every member may see."""
        organization = self._organization()
        described = {
            "Id": organization.id,
            "Arn": organization.arn("organization"),
            "FeatureSet": organization.features,
            "MasterAccountArn": organization.arn("account", organization.management),
            "MasterAccountId": organization.management,
            "MasterAccountEmail": f"{organization.management}@example.com",
            "AvailablePolicyTypes": [],
        }
        return json.dumps({"Organization": described})

    def list_roots(self) -> str:
        """The root."""
        organization = self._administered()
        root = organization.root
        arn = organization.arn("root", root.id)
        return self._pages(
            "Roots", [{"Id": root.id, "Arn": arn, "Name": root.name, "PolicyTypes": []}]
        )

    def list_organizational_units_for_parent(self) -> str:
        """The units directly under a parent."""
        organization, parent = self._parent()
        return self._pages(
            "OrganizationalUnits",
            [unit for unit in organization.units.values() if unit.parent == parent],
            lambda unit: {
                "Id": unit.id,
                "Arn": organization.arn("ou", unit.id),
                "Name": unit.name,
            },
        )

    def list_accounts_for_parent(self) -> str:
        """The accounts directly under a parent."""
        organization, parent = self._parent()
        members = [each for each in organization.members.values() if each.parent == parent]
        return self._pages("Accounts", members, organization.describe)

    def list_accounts(self) -> str:
        """All accounts."""
        organization = self._administered()
        return self._pages("Accounts", list(organization.members.values()), organization.describe)

    def list_aws_service_access_for_organization(self) -> str:
        """The services with trusted access."""
        organization = self._administered()
        return self._pages(
            "EnabledServicePrincipals",
            [{"ServicePrincipal": name} for name in sorted(organization.trusted)],
        )

    def list_delegated_administrators(self) -> str:
        """The delegated administrators, of one service or of any."""
        organization = self._administered()
        service = self._get_param("ServicePrincipal")
        ids = {
            account_id
            for name, accounts in organization.administrators.items()
            if service in (None, name)
            for account_id in accounts
        }
        members = [each for each in organization.members.values() if each.id in ids]
        return self._pages("DelegatedAdministrators", members, organization.describe)

    def list_tags_for_resource(self) -> str:
        """The tags of an account."""
        organization, account = self._administered(), self._get_param("ResourceId")
        if account not in organization.members:
            raise Refusal("TargetNotFoundException", "You specified a target that doesn't exist.")
        tags = [{"Key": k, "Value": v} for k, v in organization.members[account].tags.items()]
        return self._pages("Tags", tags)

    def list_policies_for_target(self) -> str:
        """The policies of one kind that are attached to a target itself, not those above it."""
        organization, target = self._administered(), self._get_param("TargetId")
        if not organization.has(target):
            raise Refusal("TargetNotFoundException", "You specified a target that doesn't exist.")
        found = [
            policy
            for policy in organization.policies.values()
            if policy.kind == self._get_param("Filter")
            and (policy.id == FULL_ACCESS or target in policy.targets)
        ]
        return self._pages(
            "Policies", found, lambda policy: policy.describe(_policy_arn(organization, policy))
        )

    def describe_policy(self) -> str:
        """One policy with its text."""
        organization = self._administered()
        policy = organization.policies.get(self._get_param("PolicyId"))
        if policy is None:
            raise Refusal("PolicyNotFoundException", "You specified a policy that doesn't exist.")
        summary = policy.describe(_policy_arn(organization, policy))
        return json.dumps({"Policy": {"PolicySummary": summary, "Content": policy.content}})

    def _parent(self) -> tuple[Organization, str]:
        organization, parent = self._administered(), self._get_param("ParentId")
        if parent not in organization.units:
            raise Refusal("ParentNotFoundException", "You specified parent that doesn't exist.")
        return organization, parent

    def _pages(
        self, name: str, items: Sequence[Any], describe: Callable[[Any], Any] = lambda item: item
    ) -> str:
        limit = min(self._get_param("MaxResults") or MAX_PAGE, self._organization().page_limit)
        refusal = Refusal("InvalidInputException", "The NextToken is none of this account's.")
        page, following = cut_page(items, self._get_param("NextToken"), limit, refusal)
        return json.dumps({name: [describe(item) for item in page], **following})


def _policy_arn(organization: Organization, policy: OrganizationPolicy) -> str:
    if policy.id == FULL_ACCESS:
        place = f"arn:{organization.partition}:organizations::aws"
        return f"{place}:policy/service_control_policy/{policy.id}"
    return organization.arn("policy", policy.kind.lower(), policy.id)
