"""The service control policies that reach an account: its own, and those of every unit above it.

Whoever may list accounts may ask for them as well: the management account and delegated
administrators (AWS Organizations API reference, ListPoliciesForTarget and DescribePolicy).
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from rollout.aws.session import Session
from rollout.organization.accounts import ACCOUNTS_PAGE, Organization, read_organization
from rollout.output.progress import advance


@dataclass(frozen=True)
class ControlPolicy:
    """A policy, with its text as it was written."""

    id: str
    name: str
    content: str

    def __str__(self) -> str:
        return f"{self.id} {self.name}"


Policies = tuple[ControlPolicy, ...]
Suffice = Callable[[Policies, Collection[str]], bool]
"""Whether policies do for these accounts, so that nobody looks further down."""


class Reader:
    """Reads the policies of each target once, and the text of each policy once."""

    def __init__(self, session: Session) -> None:
        self._client = session.organizations
        self._attached: dict[str, Policies] = {}
        self._policies: dict[str, ControlPolicy] = {}

    def read(self, target: str) -> Policies:
        """Return what is attached to the root, a unit or an account itself."""
        if target not in self._attached:
            pages = self._client.get_paginator("list_policies_for_target").paginate(
                TargetId=target, Filter="SERVICE_CONTROL_POLICY", PaginationConfig=ACCOUNTS_PAGE
            )
            # AWS's own deny nothing: there is but FullAWSAccess.
            found = [each for page in pages for each in page["Policies"] if not each["AwsManaged"]]
            self._attached[target] = tuple(
                self._describe(each["Id"]) for each in sorted(found, key=lambda one: one["Id"])
            )
        return self._attached[target]

    def _describe(self, policy_id: str) -> ControlPolicy:
        if policy_id not in self._policies:
            policy = self._client.describe_policy(PolicyId=policy_id)["Policy"]
            name = policy["PolicySummary"]["Name"]
            self._policies[policy_id] = ControlPolicy(policy_id, name, policy["Content"])
        return self._policies[policy_id]


def read_control_policies(
    session: Session,
    organization: Organization,
    account_ids: Collection[str],
    suffice: Suffice,
) -> Mapping[str, Policies]:
    """Return the policies that reach each account, the root's first; not below what suffices.

    Costs one call where the root's suffice; else the units, a call for each on the way, and one
    for each account that needs more.
    """
    reader = Reader(session)
    above = reader.read(organization.root)
    if suffice(above, account_ids):
        return dict.fromkeys(account_ids, above)
    if not organization.units:
        organization = read_organization(session, with_units=True)
    found = {}
    for done, account_id in enumerate(account_ids, start=1):
        reach = above
        way = find_way(organization, organization.find(account_id).unit)
        for target in (*way, account_id):
            if suffice(reach, [account_id]):
                break
            reach += reader.read(target)
        found[account_id] = reach
        advance(done, len(account_ids))
    return found


def find_way(organization: Organization, unit_id: str) -> list[str]:
    """Return the units from below the root down to this one."""
    parents = {unit.id: unit.parent for unit in organization.units}
    way: list[str] = []
    while unit_id and unit_id != organization.root:
        way.insert(0, unit_id)
        unit_id = parents.get(unit_id, "")
    return way
