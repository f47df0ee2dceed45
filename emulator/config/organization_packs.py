"""Organization conformance packs: what AWS Config makes of one template in every account.

Unsure facts are one attribute each (FACTS 1): what `${AWS::AccountId}` becomes in the rule's source
(M), that the caller's account id in AutomationAssumeRole becomes each member's (M-H), and that the
aggregate status stays CREATE_IN_PROGRESS for a delegated administrator (M).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudformation.exceptions import ExportNotFound
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import ResourceMap, clean_json
from moto.config.models import config_backends
from moto.core.exceptions import JsonRESTError, ServiceException

from emulator.cloudformation.templates import read_template
from emulator.config.models import Config
from emulator.config.pack_resources import put_remediation, put_rule, remove_rule
from emulator.config.packs import STACK
from emulator.iam.users import new_id
from emulator.organizations.models import CONFIG, Member, Organization, Refusal


class PackFailed(Exception):
    """A pack could not be made in an account: AWS's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class AccountStatus:
    """How the pack stands in one account."""

    account: str
    pack: str
    status: str
    code: str = ""
    message: str = ""
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))

    def set(self, status: str, code: str = "", message: str = "") -> None:
        """Change the status, now."""
        self.status, self.code, self.message = status, code, message
        self.updated = datetime.now(UTC)


@dataclass
class OrganizationPack:
    """One organization conformance pack."""

    name: str
    owner: str
    region: str
    template: str
    parameters: dict[str, str]
    excluded: list[str]
    tags: list[dict[str, str]]
    status: str = "CREATE_IN_PROGRESS"
    put: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    accounts: dict[str, AccountStatus] = field(default_factory=dict)
    before: tuple[str, datetime] | None = None
    """What the aggregate said before the latest put."""
    made: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def arn(self) -> str:
        """The pack's ARN."""
        suffix = new_id("", self.name, 1, 8).lower()
        place = f"{self.region}:{self.owner}"
        return f"arn:aws:config:{place}:organization-conformance-pack/{self.name}-{suffix}"


class OrganizationPacks:
    """The packs of an organization; the attributes may be set at any time."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        self.packs: dict[tuple[str, str], OrganizationPack] = {}
        """By owner and name: what one administrator puts, another does not see."""
        self.seconds_each = 3.0
        self.at_once = 50
        self.idle_seconds = 0.0
        """How long accounts still show the result of the put before (L)."""
        self.stale_seconds = 0.0
        """How long after a put the aggregate still says what it said before (L)."""
        self.unseen_seconds = 0.0
        """How long after its first put a pack is not to be found (FACTS 1)."""
        self.keeps_rows = False
        """Whether the row of an account that lost the pack stays, as DELETE_SUCCESSFUL (M)."""
        self.joining_seconds = 5.0
        """How long after an account joined it gets the packs: before its stack, by default."""
        self.resolves_account_id = True
        """False: `${AWS::AccountId}` is the calling account's id in every account."""
        self.rewrites_role = True
        self.aggregate_sticks = True
        """Whether a delegated administrator's aggregate status never ends."""
        self.failing: dict[str, tuple[str, str]] = {}
        """Accounts in which the pack fails: code and message."""
        self.silent: set[str] = set()
        """Accounts that never show a status."""
        organization.joining.append(self._receive)

    def find(self, owner: str, name: str) -> OrganizationPack:
        """Return a pack. Raises NoSuchOrganizationConformancePackException."""
        try:
            return self.packs[owner, name]
        except KeyError:
            raise Refusal(
                "NoSuchOrganizationConformancePackException",
                "One or more organization conformance packs with specified names are not present.",
            ) from None

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
        declared = read_template(template).get("Parameters") or {}
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
        pack.template, pack.parameters, pack.excluded = template, parameters, list(excluded)
        pack.before = (pack.status, pack.updated) if present else None
        pack.status, pack.put = f"{kind}_IN_PROGRESS", datetime.now(UTC)
        pack.updated = pack.put
        self.packs[owner, name] = pack
        wanted = [each for each in self._reached() if each.id not in excluded]
        leaving = [
            self.organization.members[account]
            for account in pack.accounts
            if account in excluded and account in self.organization.members
        ]
        with self.organization.agenda.lock:
            self._schedule(pack, wanted, leaving)
        return pack

    def delete(self, owner: str, name: str) -> None:
        """Remove a pack from every account; it is gone when the last one is done."""
        self.check_administrator(owner)
        pack = self.find(owner, name)
        self._check_idle(pack)
        pack.status, pack.updated = "DELETE_IN_PROGRESS", datetime.now(UTC)
        members = self.organization.members
        with self.organization.agenda.lock:
            self._schedule(pack, [], [members[each] for each in pack.accounts if each in members])

    def is_shown(self, pack: OrganizationPack) -> bool:
        """Is a pack to be found yet?"""
        return datetime.now(UTC) >= pack.made + timedelta(seconds=self.unseen_seconds)

    def read_aggregate(self, pack: OrganizationPack) -> tuple[str, datetime]:
        """Return the aggregate status that is shown now, and since when it holds."""
        fresh = datetime.now(UTC) >= pack.put + timedelta(seconds=self.stale_seconds)
        return (pack.status, pack.updated) if fresh or not pack.before else pack.before

    def check_administrator(self, account: str) -> None:
        """Raise OrganizationAccessDeniedException for who may not administer packs."""
        if self.organization.features != "ALL":
            raise Refusal(
                "OrganizationAllFeaturesNotEnabledException",
                "AWS Config resource cannot be created because your organization does not have all"
                " features enabled.",
            )
        if not self.organization.administers(account, CONFIG):
            raise Refusal(
                "OrganizationAccessDeniedException",
                "This action can be only made by the master account or a delegated administrator.",
            )

    def _check_idle(self, pack: OrganizationPack) -> None:
        moving = any(each.status.endswith("IN_PROGRESS") for each in pack.accounts.values())
        stuck = pack.owner != self.organization.management and self.aggregate_sticks
        if moving or (pack.status.endswith("IN_PROGRESS") and not stuck):
            raise Refusal(
                "ResourceInUseException",
                f"{pack.name} is currently in progress. Try again later.",
            )

    def _reached(self) -> list[Member]:
        return [each for each in self.organization.members.values() if each.status == "ACTIVE"]

    def _schedule(
        self, pack: OrganizationPack, wanted: Iterable[Member], leaving: Iterable[Member]
    ) -> None:
        now = datetime.now(UTC) + timedelta(seconds=self.idle_seconds)
        each = timedelta(seconds=self.seconds_each)
        steps = [(member, self._put_one) for member in wanted if member.id not in self.silent]
        steps += [(member, self._delete_one) for member in leaving]
        for position, (member, step) in enumerate(steps):
            begin = now + each * (position // self.at_once)
            self._plan(pack, member, step, begin, begin + each)
        turns = -(-len(steps) // self.at_once)
        self.organization.agenda.add(now + each * turns, lambda: self._close(pack))

    def _plan(
        self, pack: OrganizationPack, member: Member, step: Any, begin: Any, end: Any
    ) -> None:
        removing = step == self._delete_one

        def start() -> None:
            name = f"OrgConformsPack-{pack.name}-{new_id('', member.id, 1, 8).lower()}"
            status = pack.accounts.setdefault(
                member.id, AccountStatus(member.id, name, "CREATE_IN_PROGRESS")
            )
            kind = "DELETE" if removing else "UPDATE" if self._stands(member) else "CREATE"
            status.set(f"{kind}_IN_PROGRESS")

        def finish() -> None:
            status = pack.accounts[member.id]
            kind = status.status.removesuffix("_IN_PROGRESS")
            try:
                step(pack, member, status)
            except PackFailed as failure:
                status.set(f"{kind}_FAILED", failure.code, str(failure))
            else:
                status.set(f"{kind}_SUCCESSFUL")
            if status.status == "DELETE_SUCCESSFUL" and not self.keeps_rows:
                del pack.accounts[member.id]

        self.organization.agenda.add(begin, start)
        self.organization.agenda.add(end, finish)

    def _stands(self, member: Member) -> bool:
        return any(
            pack.accounts[member.id].status.endswith("SUCCESSFUL")
            for pack in self.packs.values()
            if member.id in pack.accounts
        )

    def _close(self, pack: OrganizationPack) -> None:
        kind = pack.status.removesuffix("_IN_PROGRESS")
        failed = any(each.status.endswith("FAILED") for each in pack.accounts.values())
        if kind == "DELETE" and not failed:
            del self.packs[pack.owner, pack.name]
        elif pack.owner == self.organization.management or not self.aggregate_sticks:
            pack.status = f"{kind}_{'FAILED' if failed else 'SUCCESSFUL'}"
            pack.updated = datetime.now(UTC)

    def _put_one(self, pack: OrganizationPack, member: Member, status: AccountStatus) -> None:
        """Create or update the pack's rules in one account. Raises PackFailed."""
        if member.id in self.failing:
            raise PackFailed(*self.failing[member.id])
        config = _config(member.id, pack.region)
        if not any(each.status.recording for each in config.recorders.values()):
            raise PackFailed(
                "NoAvailableConfigurationRecorderException",
                "There are no configuration recorders available in this account.",
            )
        stack = pack_stack(status.pack, member.id)
        rules: list[str] = []
        try:
            for kind, properties in self._resolve(pack, member, stack):
                if kind == "AWS::Config::ConfigRule":
                    rules.append(put_rule(config, properties, stack))
                else:
                    put_remediation(config, self._rewrite(pack, member, properties), stack)
        except ExportNotFound as error:
            raise PackFailed("ConformancePackTemplateValidationException", error.message) from error
        except JsonRESTError as error:
            raise PackFailed(error.error_type, error.message) from error
        except ServiceException as error:
            raise PackFailed(error.code, error.message) from error
        config.organization_packs[status.pack] = rules

    def _resolve(
        self, pack: OrganizationPack, member: Member, stack: str
    ) -> list[tuple[str, dict[str, Any]]]:
        """Return type and properties of what the pack makes in an account, rules first."""
        account = member.id if self.resolves_account_id else pack.owner
        template = read_template(pack.template)
        exports = cloudformation_backends[member.id][pack.region].exports
        resources = ResourceMap(
            stack, stack, dict(pack.parameters), {}, pack.region, account, template, exports
        )
        resources.load()
        made = [
            (str(resource["Type"]), clean_json(resource["Properties"], resources))
            for resource in template["Resources"].values()
            if "Condition" not in resource or resources.lazy_condition_map[resource["Condition"]]
        ]
        return sorted(made, key=lambda each: each[0])

    def _rewrite(
        self, pack: OrganizationPack, member: Member, properties: dict[str, Any]
    ) -> dict[str, Any]:
        """Return a remediation with the member's own account in its role."""
        values = properties.get("Parameters", {}).get("AutomationAssumeRole", {})
        for role in [values.get("StaticValue", {})] if self.rewrites_role else []:
            role["Values"] = [each.replace(pack.owner, member.id) for each in role["Values"]]
        return properties

    def _delete_one(self, pack: OrganizationPack, member: Member, status: AccountStatus) -> None:
        config = _config(member.id, pack.region)
        for rule in config.organization_packs.pop(status.pack, []):
            remove_rule(config, rule)

    def _receive(self, member: Member) -> None:
        for pack in list(self.packs.values()):
            if member.id in pack.excluded or member.status != "ACTIVE":
                continue
            begin = datetime.now(UTC) + timedelta(seconds=self.joining_seconds)
            self._plan(
                pack, member, self._put_one, begin, begin + timedelta(seconds=self.seconds_each)
            )


def pack_stack(pack: str, account: str) -> str:
    """Return the name of the stack that an organization's pack becomes in an account."""
    suffix = new_id("", f"{account}/{pack}", 1, 9).lower()
    return f"{STACK}{pack}-conformance-pack-{suffix}"


def _config(account: str, region: str) -> Config:
    backend = config_backends[account][region]
    assert isinstance(backend, Config)
    return backend
