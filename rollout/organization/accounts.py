"""The organization as Organizations describes it: accounts, units, trust and who administers what.

Any member may call DescribeOrganization; the lists are for the management account and delegated
administrators alone (AWS Organizations API reference).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rollout.aws.session import NotSeen, Session, try_read
from rollout.errors import NotThere, Refused

if TYPE_CHECKING:
    from types_boto3_cloudformation.literals import CallAsType
    from types_boto3_organizations.type_defs import (
        ListAccountsForParentResponseTypeDef,
        ListAccountsResponseTypeDef,
        PaginatorConfigTypeDef,
    )

STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"
CONFIG = "config-multiaccountsetup.amazonaws.com"
TRUSTED_SERVICES = {STACKSETS: "StackSets", CONFIG: "AWS Config"}
ACCOUNTS_PAGE: "PaginatorConfigTypeDef" = {"PageSize": 20}
"""AWS's most."""


@dataclass(frozen=True, order=True)
class Account:
    """An account; `unit` is the id of what it is directly in, "" where that was not read."""

    id: str
    name: str = ""
    active: bool = True
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.id} {self.name}".rstrip()


@dataclass(frozen=True)
class Unit:
    """An organizational unit or the root: `path` is the names from below the root down."""

    id: str
    path: str
    parent: str


@dataclass(frozen=True)
class Organization:
    """What one gathering found; `units` is empty where they were not asked for."""

    id: str
    management: str
    all_features: bool
    root: str
    accounts: tuple[Account, ...]
    units: tuple[Unit, ...] = ()
    trusted: frozenset[str] | NotSeen = frozenset()
    stacksets_access: str | NotSeen = ""
    administrators: Mapping[str, tuple[Account, ...] | NotSeen] = field(default_factory=dict)

    def find(self, account_id: str) -> Account:
        """Return an account; one that is not in the organization has no name."""
        for account in self.accounts:
            if account.id == account_id:
                return account
        return Account(account_id, "(not in the organization)", active=False)

    def under(self, unit_ids: tuple[str, ...]) -> frozenset[str]:
        """Return the ids of these units and of all units below them."""
        found = set(unit_ids)
        while more := {unit.id for unit in self.units if unit.parent in found} - found:
            found |= more
        return frozenset(found)

    def outside(self, unit_ids: tuple[str, ...]) -> frozenset[str]:
        """Return the ids of the accounts in none of these units; none are, without units."""
        if not unit_ids:
            return frozenset()
        inside = self.under(unit_ids)
        return frozenset(each.id for each in self.accounts if each.unit not in inside)

    def path(self, unit_id: str) -> str:
        """Return the path of a unit by id."""
        return next((unit.path for unit in self.units if unit.id == unit_id), "")


def read_organization(
    session: Session, *, with_units: bool = False, with_trust: bool = False
) -> Organization:
    """Return the organization of the account; units cost two calls each, trust four in all.

    Raises Refused where there is none, or where the account may not list its accounts.
    """
    client = session.organizations
    try:
        described = client.describe_organization()["Organization"]
    except client.exceptions.AWSOrganizationsNotInUseException as error:
        raise Refused(
            f"{session.label} is in no organization. Use --account-only for this account alone."
        ) from error
    roots = [
        each for page in client.get_paginator("list_roots").paginate() for each in page["Roots"]
    ]
    if not roots:
        raise NotThere(f"{session.label}: AWS Organizations shows no root of the organization yet.")
    root = roots[0]
    units: tuple[Unit, ...] = ()
    if with_units:
        units = tuple(read_units(session, Unit(root["Id"], "", "")))
        accounts = tuple(each for unit in units for each in read_accounts(session, unit.id))
    else:
        accounts = tuple(read_accounts(session, ""))
    organization = Organization(
        id=described["Id"],
        management=described["MasterAccountId"],
        all_features=described["FeatureSet"] == "ALL",
        root=root["Id"],
        accounts=tuple(sorted(accounts)),
        units=units,
    )
    if not with_trust:
        return organization
    return replace(
        organization,
        trusted=try_read(lambda: read_trusted(session)),
        stacksets_access=try_read(
            lambda: read_stacksets_access(session, described["MasterAccountId"])
        ),
        administrators={
            service: try_read(lambda service=service: read_administrators(session, service))  # type: ignore[misc]
            for service in TRUSTED_SERVICES
        },
    )


def read_accounts(session: Session, parent: str) -> list[Account]:
    """Return the accounts directly in a unit, or with "" all of the organization."""
    client = session.organizations
    pages: Iterable[ListAccountsResponseTypeDef | ListAccountsForParentResponseTypeDef]
    if parent:
        pages = client.get_paginator("list_accounts_for_parent").paginate(
            ParentId=parent, PaginationConfig=ACCOUNTS_PAGE
        )
    else:
        pages = client.get_paginator("list_accounts").paginate(PaginationConfig=ACCOUNTS_PAGE)
    # Status goes away in favour of State (botocore's model marks it); either may be missing.
    return [
        Account(
            each["Id"],
            each["Name"],
            each.get("State", each.get("Status")) == "ACTIVE",
            parent,
        )
        for page in pages
        for each in page["Accounts"]
    ]


def read_units(session: Session, parent: Unit) -> list[Unit]:
    """Return a unit and every unit below it."""
    pages = session.organizations.get_paginator("list_organizational_units_for_parent").paginate(
        ParentId=parent.id, PaginationConfig=ACCOUNTS_PAGE
    )
    units = [parent]
    for each in [unit for page in pages for unit in page["OrganizationalUnits"]]:
        path = f"{parent.path}/{each['Name']}" if parent.path else each["Name"]
        units += read_units(session, Unit(each["Id"], path, parent.id))
    return units


def read_trusted(session: Session) -> frozenset[str]:
    """Return the service principals that have trusted access."""
    pages = session.organizations.get_paginator(
        "list_aws_service_access_for_organization"
    ).paginate(PaginationConfig=ACCOUNTS_PAGE)
    return frozenset(
        each["ServicePrincipal"] for page in pages for each in page["EnabledServicePrincipals"]
    )


def read_stacksets_access(session: Session, management: str) -> str:
    """Return ENABLED, DISABLED or DISABLED_PERMANENTLY, as CloudFormation sees its own access.

    Trusted access that was switched on in Organizations alone lacks what StackSets need (AWS
    CloudFormation user guide, "Activate trusted access for StackSets").
    """
    call_as: CallAsType = "SELF" if management == session.account else "DELEGATED_ADMIN"
    return session.cloudformation.describe_organizations_access(CallAs=call_as)["Status"]


def read_administrators(session: Session, service: str) -> tuple[Account, ...]:
    """Return the delegated administrators of a service."""
    pages = session.organizations.get_paginator("list_delegated_administrators").paginate(
        ServicePrincipal=service, PaginationConfig=ACCOUNTS_PAGE
    )
    return tuple(
        Account(each["Id"], each["Name"])
        for page in pages
        for each in page["DelegatedAdministrators"]
    )


def read_alias(session: Session) -> str:
    """Return the account's alias; Organizations knows names, but a plain account may not ask."""
    try:
        aliases = session.iam.list_account_aliases()["AccountAliases"]
    except (Refused, ClientError):
        aliases = []
    return aliases[0] if aliases else "(no alias)"
