"""What stands, read once: check, plan, deploy and status all work from it.

A frozen value; each reader returns it with one part more, or with that part read anew.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from botocore.exceptions import ClientError

from rollout.aws.failures import tell_error
from rollout.aws.session import NotSeen, Session, open_session, try_read
from rollout.code.bucket import Bucket, find_code_version, read_bucket
from rollout.deployment.quotas import Counts, has_function, read_counts
from rollout.deployment.region import list_regions, open_home
from rollout.deployment.request import Caller
from rollout.deployment.reservation import Reservations, read_reservation
from rollout.organization.accounts import Account, Organization, read_alias, read_organization
from rollout.organization.control_policies import Policies, Suffice, read_control_policies
from rollout.organization.members import Members
from rollout.organization.recorder import Recorder, read_recorder, read_users_by_account
from rollout.packs.account import read_account_pack
from rollout.packs.organization import read_pack
from rollout.packs.state import PackState
from rollout.stacks.stack import Stack, StackIs, read_stack
from rollout.stacks.stack_set import StackSet, read_stack_set

NOBODY_LOOKED = NotSeen("nobody looked")
NO_STACK, NO_STACK_SET, NO_PACK = Stack(), StackSet(exists=False), PackState(exists=False)
NO_BUCKET = Bucket("", exists=False)


@dataclass(frozen=True)
class Estate:
    """What stands, as far as it was read; without an organization, in this account alone."""

    session: Session
    here: Account
    organization: Organization | None
    recorder: Recorder
    members: Members
    stack: Stack = NO_STACK
    stack_set: StackSet = NO_STACK_SET
    pack: PackState = NO_PACK
    refusal: str = ""
    """Why AWS would not show StackSet and pack."""
    function_exists: bool = False
    """Whether a function of our name is here that no stack of ours made."""
    recorders: Mapping[str, Recorder | NotSeen] = field(default_factory=dict)
    users: Mapping[str, int] | NotSeen = NOBODY_LOOKED
    """IAM users on record by account, as an aggregator has them."""
    bucket: Bucket = NO_BUCKET
    code_version: str = ""
    """The version of this checkout's code in the bucket, "" where it is not there."""
    counts: Counts | NotSeen = NOBODY_LOOKED
    policies: Mapping[str, Policies] | NotSeen = NOBODY_LOOKED
    """The service control policies that reach each account, as far as they were needed."""
    reservations: Reservations = field(default_factory=dict)
    """Where it was decided how many runs of the function there may be at once."""

    @property
    def place(self) -> str:
        """What is administered: the organization's id, or this account's."""
        return self.organization.id if self.organization else self.session.account

    @property
    def active(self) -> tuple[Account, ...]:
        """The accounts that AWS has not suspended; without an organization, this one."""
        if self.organization is None:
            return (self.here,)
        return tuple(each for each in self.organization.accounts if each.active)

    def find(self, account_id: str) -> Account:
        """Return an account by its id."""
        return self.organization.find(account_id) if self.organization else self.here

    def has_stack_here(self) -> bool:
        """Does an ordinary stack stand for this account?"""
        management = self.organization is None or self.here.id == self.organization.management
        return management or bool(self.stack.status)

    def stack_in(self, account: Account) -> StackIs:
        """Return how the stack stands in an account."""
        if account == self.here and self.has_stack_here():
            return self.stack.state
        if account.id in self.stack_set.instances:
            return self.stack_set.instances[account.id].state
        management = self.organization and account.id == self.organization.management
        return StackIs.NOT_SEEN if management else StackIs.MISSING


def read_estate(caller: Caller, *, with_units: bool = False, with_trust: bool = False) -> Estate:
    """Return who calls from where, and the organization. Raises Refused."""
    session, recorder = open_home(caller)
    if caller.account_only:
        organization = None
        here = Account(session.account, read_alias(session))
    else:
        organization = read_organization(session, with_units=with_units, with_trust=with_trust)
        here = organization.find(session.account)
    session.label = str(here)
    members = Members(session, caller.member_role, caller.verb)
    return Estate(session, here, organization, recorder, members)


def read_where_it_stands(caller: Caller) -> Estate:
    """Return the organization and the pack, in the Region where that stands.

    Nothing else is asked, so that no other fault is in the way. Raises Refused.
    """
    session = open_session(caller.profile, caller.region)
    organization = None if caller.account_only else read_organization(session)
    here = organization.find(session.account) if organization else Account(session.account, "")
    session.label = str(here)
    for region in list_regions(session, caller):
        there = session.move(region)
        members = Members(there, caller.member_role, caller.verb)
        estate = Estate(there, here, organization, Recorder(exists=False), members)
        estate = read_pack_anew(estate)
        if estate.pack.exists:
            break
    return estate


def read_estate_units(estate: Estate) -> Estate:
    """Return it with every account's unit: two calls a unit."""
    if estate.organization is None or estate.organization.units:
        return estate
    again = read_organization(estate.session, with_units=True)
    known = replace(estate.organization, accounts=again.accounts, units=again.units)
    return replace(estate, organization=known, here=known.find(estate.here.id))


def read_members_anew(estate: Estate) -> Estate:
    """Return it with the accounts that belong to the organization by now."""
    if estate.organization is None:
        return estate
    again = read_organization(estate.session, with_units=bool(estate.organization.units))
    known = replace(estate.organization, accounts=again.accounts, units=again.units)
    return replace(estate, organization=known, here=known.find(estate.here.id))


def read_deployment(estate: Estate) -> Estate:
    """Return it with stack, StackSet and pack."""
    session, organization = estate.session, estate.organization
    estate = replace(estate, stack=read_stack(session), refusal="")
    try:
        if organization:
            estate = replace(estate, stack_set=read_stack_set(session, organization))
        estate = read_pack_anew(estate)
    except ClientError as error:
        # Without trusted access or all features AWS refuses to look as well.
        return replace(estate, refusal=tell_error(error))
    return estate


def read_pack_anew(estate: Estate) -> Estate:
    """Return it with the pack as it stands now."""
    read = read_pack if estate.organization else read_account_pack
    return replace(estate, pack=read(estate.session))


def read_function(estate: Estate) -> Estate:
    """Return it with whether somebody else's function has our name."""
    stacked = estate.stack.status or estate.here.id in estate.stack_set.instances
    return replace(estate, function_exists=not stacked and has_function(estate.session))


def read_recorders(estate: Estate, accounts: tuple[Account, ...]) -> Estate:
    """Return it with the recorders of these accounts, or with what an aggregator says of them."""
    others = [each for each in accounts if each.id != estate.session.account]
    estate = replace(estate, users=try_read(lambda: read_users_by_account(estate.session)))
    if not estate.members.role:
        return estate
    return replace(estate, recorders=estate.members.look(others, read_recorder))


def read_users_here(estate: Estate) -> Estate:
    """Return it with how many IAM users this account has, where it is alone: one call."""
    if estate.organization:
        return estate
    session = estate.session
    counted = try_read(lambda: session.iam.get_account_summary()["SummaryMap"]["Users"])
    users = counted if isinstance(counted, NotSeen) else {session.account: counted}
    return replace(estate, users=users)


def read_reservations(estate: Estate, accounts: tuple[Account, ...]) -> Estate:
    """Return it with what is reserved for the function in these accounts."""
    return replace(estate, reservations=estate.members.look(accounts, read_reservation))


def read_code(estate: Estate, bucket: str, key: str) -> Estate:
    """Return it with the bucket and the version of the code in it."""
    session = estate.session
    organization_id = estate.organization.id if estate.organization else ""
    found = read_bucket(session, bucket, organization_id)
    if not found.exists or found.faults:
        return replace(estate, bucket=found, code_version="")
    return replace(estate, bucket=found, code_version=find_code_version(session, bucket, key))


def read_quotas(estate: Estate) -> Estate:
    """Return it with what is counted against AWS Config's quotas."""
    in_organization = estate.organization is not None
    return replace(estate, counts=try_read(lambda: read_counts(estate.session, in_organization)))


def read_policies(estate: Estate, account_ids: Collection[str], suffice: Suffice) -> Estate:
    """Return it with the service control policies that reach these accounts."""
    organization = estate.organization
    if organization is None:
        why = "with --account-only AWS Organizations is not asked"
        return replace(estate, policies=NotSeen(why))
    found = try_read(
        lambda: read_control_policies(estate.session, organization, account_ids, suffice)
    )
    return replace(estate, policies=found)
