"""AWS Config's operations on organization conformance packs, and what a member shows of one."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from emulator.config.answers import list_pack_parameters
from emulator.config.organization_pack import AccountStatus, OrganizationPack
from emulator.config.organization_packs import OrganizationPacks
from emulator.config.rule_responses import RuleResponse
from emulator.gateway.errors import Refusal
from emulator.organizations.models import Organization, organization_of


class OrganizationPackResponse(RuleResponse):
    """The operations for who administers packs; others get OrganizationAccessDeniedException."""

    def put_organization_conformance_pack(self) -> str:
        """Create or update a pack."""
        packs = self._packs()
        template = self._get_param("TemplateBody") or ""
        excluded = self._get_param("ExcludedAccounts") or []
        pack = packs.put(
            self.current_account,
            self.region,
            self._get_param("OrganizationConformancePackName"),
            template,
            self._pack_parameters(),
            excluded,
            self._get_param("Tags") or [],
        )
        return json.dumps({"OrganizationConformancePackArn": pack.arn})

    def describe_organization_conformance_packs(self) -> str:
        """Packs as they were put, without their templates."""

        def describe(pack: OrganizationPack) -> dict[str, Any]:
            return {
                "OrganizationConformancePackName": pack.name,
                "OrganizationConformancePackArn": pack.arn,
                "ConformancePackInputParameters": list_pack_parameters(pack.parameters),
                "ExcludedAccounts": pack.excluded,
                "LastUpdateTime": _seconds(pack.put),
            }

        return self._list("OrganizationConformancePacks", self._chosen("packs"), describe)

    def describe_organization_conformance_pack_statuses(self) -> str:
        """The aggregate status of packs."""
        chosen = self._chosen("statuses")
        packs = self._organization().part(OrganizationPacks)

        def describe(pack: OrganizationPack) -> dict[str, Any]:
            status, updated = packs.read_aggregate(pack)
            return {
                "OrganizationConformancePackName": pack.name,
                "Status": status,
                "LastUpdateTime": _seconds(updated),
            }

        return self._list("OrganizationConformancePackStatuses", chosen, describe)

    def get_organization_conformance_pack_detailed_status(self) -> str:
        """A pack's status in each account."""
        name = self._get_param("OrganizationConformancePackName")
        pack = self._packs().look(self.current_account, name, "accounts")
        filters = self._get_param("Filters") or {}
        found = [
            status
            for status in (pack.accounts.values() if pack else ())
            if filters.get("AccountId") in (None, status.account)
            and filters.get("Status") in (None, status.status)
        ]

        def describe(status: AccountStatus) -> dict[str, Any]:
            described = {
                "AccountId": status.account,
                "ConformancePackName": status.pack,
                "Status": status.status,
                "LastUpdateTime": _seconds(status.updated),
            }
            if status.code:
                described |= {"ErrorCode": status.code, "ErrorMessage": status.message}
            return described

        return self._list("OrganizationConformancePackDetailedStatuses", found, describe)

    def delete_organization_conformance_pack(self) -> str:
        """Remove a pack from every account."""
        name = self._get_param("OrganizationConformancePackName")
        self._packs().delete(self.current_account, name)
        return "{}"

    def _packs(self) -> OrganizationPacks:
        packs = self._organization().part(OrganizationPacks)
        packs.check_administrator(self.current_account)
        return packs

    def _organization(self) -> Organization:
        organization = organization_of(self.current_account)
        if organization is None:
            raise Refusal(
                "NoAvailableOrganizationException", "The account is not part of an organization."
            )
        return organization

    def _chosen(self, kind: str) -> list[OrganizationPack]:
        packs, owner = self._packs(), self.current_account
        names = self._get_param("OrganizationConformancePackNames")
        if not names:
            return [pack for (account, _), pack in packs.packs.items() if account == owner]
        found = [packs.look(owner, name, kind) for name in names]
        return [pack for pack in found if pack is not None]

    def _list(
        self, name: str, items: Sequence[Any], describe: Callable[[Any], dict[str, Any]]
    ) -> str:
        return self._pages(name, items, describe=describe, most=self._organization().page_limit)


def _seconds(moment: datetime) -> float:
    return moment.timestamp()
