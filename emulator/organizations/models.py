"""An emulated organization: who belongs to it, and what its services may do.

Moto's Organizations knows no delegated administrator for StackSets and lets no page be small, so
the operations that this project calls are answered from here (`emulator.organizations.responses`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from moto.organizations import models

from emulator.agenda import Agenda
from emulator.backend import OwnBackend
from emulator.iam.users import new_id
from emulator.organizations.policies import FULL_ACCESS, OrganizationPolicy, full_access

STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"
_Part = TypeVar("_Part")
CONFIG = "config-multiaccountsetup.amazonaws.com"


class Organizations(OwnBackend, models.OrganizationsBackend):
    """Moto's backend, beside whose module moto finds our `urls`."""

    backends = models.organizations_backends


@dataclass
class Unit:
    """An organizational unit, or the root."""

    id: str
    name: str
    parent: str | None


@dataclass
class Member:
    """An account of the organization, the management account among them."""

    id: str
    name: str
    parent: str
    status: str = "ACTIVE"
    joined: datetime = field(default_factory=lambda: datetime.now(UTC))
    tags: dict[str, str] = field(default_factory=dict)


class Organization:
    """An organization; the attributes below may be set at any time."""

    def __init__(self, management: str, name: str = "management", partition: str = "aws") -> None:
        self.id = "o-exampleorg"
        self.partition = partition
        self.features = "ALL"
        self.trusted = {STACKSETS, CONFIG}
        """Service principals with trusted access."""
        self.stacksets_access = "ENABLED"
        self.administrators: dict[str, list[str]] = {}
        """Ids of delegated administrators by service principal."""
        self.page_limit = 100
        """The most that one page of anything holds, whatever is asked for."""
        self.agenda = Agenda()
        self.joining: list[Callable[[Member], None]] = []
        """Told of each account that joins."""
        self._parts: dict[Any, Any] = {}
        self.root = Unit("r-exam", "Root", None)
        self.units = {self.root.id: self.root}
        self.members = {management: Member(management, name, self.root.id)}
        self.management = management
        self.policies = {FULL_ACCESS: full_access()}
        """By id; see `add_policy`."""
        _BY_ACCOUNT[management] = self

    def part(self, kind: Callable[["Organization"], _Part]) -> _Part:
        """Return what a service keeps for this organization, made when it is first asked for."""
        if kind not in self._parts:
            self._parts[kind] = kind(self)
        kept: _Part = self._parts[kind]
        return kept

    def add_unit(self, name: str, parent: Unit | None = None) -> Unit:
        """Add an organizational unit, under the root unless said."""
        suffix = new_id("", f"{self.id}/{name}", len(self.units), 8).lower()
        unit = Unit(f"ou-exam-{suffix}", name, (parent or self.root).id)
        self.units[unit.id] = unit
        return unit

    def add_account(
        self, account_id: str, name: str, unit: Unit | None = None, *, status: str = "ACTIVE"
    ) -> Member:
        """Let an account join, in the root unless said."""
        member = Member(account_id, name, (unit or self.root).id, status)
        with self.agenda.lock:
            self.members[account_id] = member
            _BY_ACCOUNT[account_id] = self
            for tell in self.joining:
                tell(member)
        return member

    def add_policy(self, name: str, content: str, *targets: str) -> OrganizationPolicy:
        """Add a service control policy, attached to the root, to units or to accounts by id."""
        number = new_id("", f"{self.id}/{name}", len(self.policies), 10).lower()
        policy = OrganizationPolicy(f"p-{number}", name, content, targets=set(targets))
        self.policies[policy.id] = policy
        return policy

    def has(self, target: str) -> bool:
        """Is the id that of the root, of a unit or of an account?"""
        return target in self.units or target in self.members

    def delegate(self, account_id: str, *services: str) -> None:
        """Make an account a delegated administrator of these services."""
        for service in services:
            self.administrators.setdefault(service, []).append(account_id)

    def accounts_under(self, unit_ids: Iterable[str]) -> list[Member]:
        """Return the accounts in these units and in the units below them."""
        wanted = set(unit_ids)
        while more := {u.id for u in self.units.values() if u.parent in wanted} - wanted:
            wanted |= more
        return [member for member in self.members.values() if member.parent in wanted]

    def administers(self, account_id: str, service: str | None = None) -> bool:
        """Is the account the management account, or a delegated administrator (of `service`)?"""
        lists = [ids for name, ids in self.administrators.items() if service in (None, name)]
        return account_id == self.management or any(account_id in ids for ids in lists)

    def arn(self, kind: str, *parts: str) -> str:
        """Return the ARN of something in the organization."""
        place = f"arn:{self.partition}:organizations::{self.management}"
        return f"{place}:{kind}/{'/'.join((self.id, *parts))}"

    def describe(self, member: Member) -> dict[str, Any]:
        """Return an account as Organizations sends it."""
        return {
            "Id": member.id,
            "Arn": self.arn("account", member.id),
            "Email": f"{member.id}@example.com",
            "Name": member.name,
            "Status": member.status,
            "JoinedMethod": "CREATED",
            "JoinedTimestamp": member.joined.timestamp(),
        }


def organization_of(account_id: str) -> Organization | None:
    """Return the organization of an account, after doing what is due in it."""
    organization = _BY_ACCOUNT.get(account_id)
    if organization is not None:
        organization.agenda.settle()
    return organization


def forget_organizations() -> None:
    """Forget every organization; the cloud that closes does it."""
    _BY_ACCOUNT.clear()


_BY_ACCOUNT: dict[str, Organization] = {}
