"""Which accounts are meant: pure, from the organization and the options.

A StackSet knows organizational units, a pack only accounts to leave out; both are kept to the same
set of accounts here. AWS leaves suspended accounts out by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass

from rollout.errors import Refused
from rollout.organization.accounts import Account, Organization
from rule.counted import count

MAX_EXCLUDED = 1000
"""Of PutOrganizationConformancePack's ExcludedAccounts (botocore's model)."""


@dataclass(frozen=True)
class Targets:
    """The accounts that are to have the rule, and how AWS is told so."""

    accounts: tuple[Account, ...]
    """Active accounts that get function and pack, the management account among them if wanted."""
    excluded: tuple[str, ...]
    """The pack's ExcludedAccounts."""
    left_out: tuple[str, ...]
    """Members in these units that the StackSet leaves out."""
    units: tuple[str, ...]
    """The StackSet's OrganizationalUnitIds."""
    management: Account | None
    """The management account when it is wanted: it gets an ordinary stack."""

    @property
    def members(self) -> tuple[Account, ...]:
        """The accounts that the StackSet reaches."""
        return tuple(each for each in self.accounts if each != self.management)


def choose_targets(
    organization: Organization, caller: str, exclude: Collection[str], units: Collection[str]
) -> Targets:
    """Return the targets. Raises Refused for what AWS cannot do, saying what to do instead."""
    known = {account.id for account in organization.accounts}
    if unknown := sorted(set(exclude) - known):
        raise Refused(f"--exclude {' '.join(unknown)}: no such account in {organization.id}.")
    if unknown := sorted(set(units) - {unit.id for unit in organization.units}):
        raise Refused(f"--ou {' '.join(unknown)}: no such unit in {organization.id}.")
    chosen = tuple(units) or (organization.root,)
    left_out = set(exclude) | organization.outside(tuple(units))
    if len(left_out) > MAX_EXCLUDED:
        raise Refused(
            f"{count(len(left_out), 'account')} would have to be left out, and a conformance pack"
            f" can leave out at most {MAX_EXCLUDED:,}. Choose larger units with --ou."
        )
    management = organization.management
    if caller != management and management not in left_out:
        raise Refused(
            f"A delegated administrator cannot deploy to the management account"
            f" {organization.find(management)}. Add --exclude {management}."
        )
    accounts = tuple(
        each for each in organization.accounts if each.active and each.id not in left_out
    )
    if not accounts:
        raise Refused("No account is left to deploy to. Leave out fewer.")
    return Targets(
        accounts=accounts,
        excluded=tuple(sorted(left_out)),
        left_out=tuple(sorted(set(exclude) - {management})),
        units=chosen,
        management=next((each for each in accounts if each.id == management), None),
    )
