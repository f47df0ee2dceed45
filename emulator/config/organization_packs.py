"""Organization conformance packs: what AWS Config makes of one template in every account."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.cloudformation.templates import parse_template
from emulator.config.member_packs import delete_member_pack, put_member_pack
from emulator.config.organization_pack import AccountStatus, OrganizationPack
from emulator.config.pack_facts import PackFacts
from emulator.config.packs import PackFailed, pack_in_use
from emulator.gateway.errors import Refusal
from emulator.iam.users import new_id
from emulator.organizations.models import CONFIG, Member, Organization


class OrganizationPacks(PackFacts):
    """The packs of an organization; how AWS takes them may be set at any time."""

    def __init__(self, organization: Organization) -> None:
        super().__init__()
        self.organization = organization
        self.packs: dict[tuple[str, str], OrganizationPack] = {}
        """By owner and name: what one administrator puts, another does not see."""
        self._calls: dict[str, int] = {}
        organization.joining.append(self._receive)

    def look(self, owner: str, name: str, kind: str) -> OrganizationPack | None:
        """Return a pack for one look of this kind at it, None for a look that finds nothing yet.

        Raises NoSuchOrganizationConformancePackException where there is none, or seems to be none.
        """
        pack = self.find(owner, name)
        pack.looks[kind] = pack.looks.get(kind, 0) + 1
        if pack.created == pack.put and pack.looks[kind] <= self.hidden_looks:
            raise _no_such_pack()
        hidden = self.hidden_looks if pack.created == pack.put else 0
        unseen = datetime.now(UTC) < pack.created + timedelta(seconds=self.unseen_seconds)
        if pack.looks[kind] <= hidden + self.empty_looks or (unseen and kind != "accounts"):
            return None
        return pack

    def read_aggregate(self, pack: OrganizationPack) -> tuple[str, datetime]:
        """Return the aggregate status and its time, as a look finds them now."""
        stale = datetime.now(UTC) < pack.asked + timedelta(seconds=self.stale_seconds)
        return pack.before if stale and pack.before else (pack.status, pack.updated)

    def find(self, owner: str, name: str) -> OrganizationPack:
        """Return a pack. Raises NoSuchOrganizationConformancePackException."""
        try:
            return self.packs[owner, name]
        except KeyError:
            raise _no_such_pack() from None

    def put(
        self,
        owner: str,
        region: str,
        name: str,
        template: str,
        parameters: dict[str, str],
        excluded: list[str],
        tags: list[dict[str, str]],
    ) -> OrganizationPack:
        """Create or update a pack; its accounts follow by and by.

        Raises ResourceInUseException while it is in progress (API reference).
        """
        self.check_administrator(owner)
        declared = parse_template(template).get("Parameters") or {}
        if unknown := parameters.keys() - declared.keys():
            raise Refusal(
                "OrganizationConformancePackTemplateValidationException",
                f"Parameters: [{', '.join(sorted(unknown))}] do not exist in the template",
            )
        present = self.packs.get((owner, name))
        if present is not None:
            self._check_idle(present)
        self.organization.trusted.add(CONFIG)
        kind = "UPDATE" if present else "CREATE"
        pack = present or OrganizationPack(name, owner, region, "", {}, [], tags)
        pack.before = (pack.status, pack.updated) if present else None
        pack.looks.clear()
        pack.template, pack.parameters, pack.excluded = template, parameters, list(excluded)
        pack.status, pack.put = f"{kind}_IN_PROGRESS", datetime.now(UTC)
        pack.updated = pack.asked = pack.put
        pack.created = pack.created if present else pack.put
        self.packs[owner, name] = pack
        wanted = [each for each in self._reached() if each.id not in excluded]
        leaving = [
            self.organization.members[account]
            for account, status in pack.accounts.items()
            if account in excluded and account in self.organization.members
            if status.status != "DELETE_SUCCESSFUL"
        ]
        with self.organization.agenda.lock:
            self._schedule(pack, wanted, leaving)
        return pack

    def delete(self, owner: str, name: str) -> None:
        """Remove a pack from every account; it is gone when the last one is done."""
        self.check_administrator(owner)
        pack = self.find(owner, name)
        self._check_idle(pack)
        pack.before = (pack.status, pack.updated)
        pack.status, pack.updated = "DELETE_IN_PROGRESS", datetime.now(UTC)
        pack.asked = pack.updated
        members = self.organization.members
        with self.organization.agenda.lock:
            self._schedule(pack, [], [members[each] for each in pack.accounts if each in members])

    def check_administrator(self, account: str) -> None:
        """Raise OrganizationAccessDeniedException for who may not administer packs."""
        if self.organization.features != "ALL":
            raise Refusal(
                "OrganizationAllFeaturesNotEnabledException",
                "AWS Config resource cannot be created because your organization does not have all"
                " features enabled.",
            )
        self._calls[account] = self._calls.get(account, 0) + 1
        delegated = account != self.organization.management
        early = delegated and self._calls[account] <= self.denied_looks
        if early or not self.organization.administers(account, CONFIG):
            raise Refusal(
                "OrganizationAccessDeniedException",
                "This action can be only made by the master account or a delegated administrator.",
            )

    def _check_idle(self, pack: OrganizationPack) -> None:
        moving = any(each.status.endswith("IN_PROGRESS") for each in pack.accounts.values())
        # Whatever its aggregate says for ever to a delegated administrator.
        if moving or datetime.now(UTC) < pack.ends:
            raise pack_in_use(pack.name)

    def _reached(self) -> list[Member]:
        return [each for each in self.organization.members.values() if each.status == "ACTIVE"]

    def _schedule(
        self, pack: OrganizationPack, wanted: Iterable[Member], leaving: Iterable[Member]
    ) -> None:
        now = datetime.now(UTC) + timedelta(seconds=self.idle_seconds)
        each = timedelta(seconds=self.seconds_each)
        lot = each + timedelta(seconds=self.gap_seconds)
        steps = [(member, put_member_pack) for member in wanted if member.id not in self.silent]
        steps += [(member, delete_member_pack) for member in leaving]
        for position, (member, step) in enumerate(steps):
            begin = now + lot * (position // self.at_once)
            self._plan(pack, member, step, begin, begin + each)
        turns = -(-len(steps) // self.at_once)
        end = pack.ends = now + lot * turns
        self.organization.agenda.add(end, lambda: self._close(pack, end))

    def _plan(
        self, pack: OrganizationPack, member: Member, step: Any, begin: datetime, end: datetime
    ) -> None:
        removing = step is delete_member_pack

        def start() -> None:
            name = f"OrgConformsPack-{pack.name}-{new_id('', member.id, 1, 8).lower()}"
            status = pack.accounts.setdefault(
                member.id, AccountStatus(member.id, name, "CREATE_IN_PROGRESS")
            )
            kind = "DELETE" if removing else "UPDATE" if self._stands(member) else "CREATE"
            status.set(f"{kind}_IN_PROGRESS", at=begin)

        def finish() -> None:
            status = pack.accounts[member.id]
            kind = status.status.removesuffix("_IN_PROGRESS")
            try:
                self._check(member, removing)
                step(pack, member.id, status, self)
            except PackFailed as failure:
                status.set(f"{kind}_FAILED", failure.code, str(failure), at=end)
            else:
                status.set(f"{kind}_SUCCESSFUL", at=end)
            if status.status == "DELETE_SUCCESSFUL" and not self.keeps_rows:
                del pack.accounts[member.id]

        self.organization.agenda.add(begin, start)
        self.organization.agenda.add(end, finish)

    def _check(self, member: Member, removing: bool) -> None:
        if member.id in self.failing and not removing:
            raise PackFailed(*self.failing[member.id])

    def _stands(self, member: Member) -> bool:
        rows = [pack.accounts.get(member.id) for pack in self.packs.values()]
        return any(row and row.status in ("CREATE_SUCCESSFUL", "UPDATE_SUCCESSFUL") for row in rows)

    def _close(self, pack: OrganizationPack, at: datetime) -> None:
        kind = pack.status.removesuffix("_IN_PROGRESS")
        failed = any(each.status.endswith("FAILED") for each in pack.accounts.values())
        if kind == "DELETE" and not failed:
            del self.packs[pack.owner, pack.name]
        elif pack.owner == self.organization.management or not self.aggregate_sticks:
            pack.status = f"{kind}_{'FAILED' if failed else 'SUCCESSFUL'}"
            pack.updated = at

    def _receive(self, member: Member) -> None:
        for pack in list(self.packs.values()):
            if member.id in pack.excluded or member.status != "ACTIVE":
                continue
            begin = datetime.now(UTC) + timedelta(seconds=self.joining_seconds)
            self._plan(
                pack, member, put_member_pack, begin, begin + timedelta(seconds=self.seconds_each)
            )


def _no_such_pack() -> Refusal:
    return Refusal(
        "NoSuchOrganizationConformancePackException",
        "One or more organization conformance packs with specified names are not present.",
    )
