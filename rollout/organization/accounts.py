"""The organization as Organizations describes it: accounts, units, trust and who administers what.

Any member may call DescribeOrganization; the lists are for the management account and delegated
administrators alone (AWS Organizations API reference).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from rollout.aws.session import Desk, NotSeen, try_read
from rollout.errors import Refused

STACKSETS = "member.org.stacksets.cloudformation.amazonaws.com"
CONFIG = "config-multiaccountsetup.amazonaws.com"
SERVICES = {STACKSETS: "StackSets", CONFIG: "AWS Config"}
MAX_PAGE = 20


@dataclass(frozen=True, order=True)
class Account:
    """An account; `unit` is the id of what it is directly in, "" where that was not read."""

    id: str
    name: str
    active: bool = True
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


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

    def path(self, unit_id: str) -> str:
        """Return the path of a unit by id."""
        return next((unit.path for unit in self.units if unit.id == unit_id), "")


def read_organization(
    desk: Desk, *, with_units: bool = False, with_trust: bool = False
) -> Organization:
    """Return the organization of the desk's account; units cost two calls each, trust four in all.

    Raises Refused where there is none, or where the account may not list its accounts.
    """
    client = desk.client("organizations")
    try:
        described = client.describe_organization()["Organization"]
    except client.exceptions.AWSOrganizationsNotInUseException as error:
        raise Refused(
            f"{desk.label} is in no organization. Use --account-only for this account alone."
        ) from error
    (root,) = desk.pages("organizations", "list_roots", "Roots")
    units: tuple[Unit, ...] = ()
    if with_units:
        units = tuple(read_units(desk, Unit(root["Id"], "", "")))
        accounts = tuple(each for unit in units for each in read_accounts(desk, unit.id))
    else:
        accounts = tuple(read_accounts(desk, ""))
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
        trusted=try_read(lambda: read_trusted(desk)),
        stacksets_access=try_read(lambda: read_stacksets_access(desk, described)),
        administrators={
            service: try_read(lambda service=service: read_administrators(desk, service))  # type: ignore[misc]
            for service in SERVICES
        },
    )


def read_accounts(desk: Desk, parent: str) -> list[Account]:
    """Return the accounts directly in a unit, or with "" all of the organization."""
    operation = "list_accounts_for_parent" if parent else "list_accounts"
    asked = {"ParentId": parent} if parent else {}
    found = desk.pages(
        "organizations", operation, "Accounts", **asked, PaginationConfig={"PageSize": MAX_PAGE}
    )
    # Status goes away in favour of State (botocore's model marks it); either may be missing.
    return [
        Account(
            each["Id"],
            each["Name"],
            each.get("State", each.get("Status")) == "ACTIVE",
            parent,
        )
        for each in found
    ]


def read_units(desk: Desk, parent: Unit) -> list[Unit]:
    """Return a unit and every unit below it."""
    found = desk.pages(
        "organizations",
        "list_organizational_units_for_parent",
        "OrganizationalUnits",
        ParentId=parent.id,
        PaginationConfig={"PageSize": MAX_PAGE},
    )
    units = [parent]
    for each in found:
        path = f"{parent.path}/{each['Name']}" if parent.path else each["Name"]
        units += read_units(desk, Unit(each["Id"], path, parent.id))
    return units


def read_trusted(desk: Desk) -> frozenset[str]:
    """Return the service principals that have trusted access."""
    found = desk.pages(
        "organizations",
        "list_aws_service_access_for_organization",
        "EnabledServicePrincipals",
        PaginationConfig={"PageSize": MAX_PAGE},
    )
    return frozenset(each["ServicePrincipal"] for each in found)


def read_stacksets_access(desk: Desk, described: Mapping[str, str]) -> str:
    """Return ENABLED, DISABLED or DISABLED_PERMANENTLY, as CloudFormation sees its own access.

    Trusted access that was switched on in Organizations alone lacks what StackSets need (AWS
    CloudFormation user guide, "Activate trusted access for StackSets").
    """
    management = described["MasterAccountId"] == desk.account
    call_as = "SELF" if management else "DELEGATED_ADMIN"
    answer = desk.client("cloudformation").describe_organizations_access(CallAs=call_as)
    return str(answer["Status"])


def read_administrators(desk: Desk, service: str) -> tuple[Account, ...]:
    """Return the delegated administrators of a service."""
    found = desk.pages(
        "organizations",
        "list_delegated_administrators",
        "DelegatedAdministrators",
        ServicePrincipal=service,
        PaginationConfig={"PageSize": MAX_PAGE},
    )
    return tuple(Account(each["Id"], each["Name"]) for each in found)
