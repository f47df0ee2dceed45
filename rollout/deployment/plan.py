"""The plan: from what stands and what is meant to a list of steps; pure.

`plan` prints these steps and the executor runs them: they are the same list.
"""

from dataclasses import dataclass
from enum import StrEnum

from rollout.deployment.estate import Estate
from rollout.deployment.intent import Intent
from rollout.deployment.reservation import describe_limit, find_due
from rollout.names import PACK, STACK, STACK_SET
from rollout.organization.accounts import Account
from rollout.packs.state import PackIs
from rollout.packs.template import ADDED, AUTOMATIC
from rollout.stacks.stack import StackIs


class Part(StrEnum):
    """What a step is about; also the check under which its result is kept."""

    BUCKET = "bucket"
    CODE = "code"
    STACK_SET = "stack-set"
    STACKS = "stacks"
    STACK = "stack"
    RESERVATION = "reservation"
    PACK = "pack"


class Change(StrEnum):
    """What a step does."""

    WAIT = "wait for what runs"
    CREATE = "create"
    COMPLETE = "complete"
    UPLOAD = "upload"
    UPDATE = "update"
    AGAIN = "try again"
    KEEP = "unchanged"
    REMOVE = "remove"
    NONE = "-"


DONE = {
    Change.WAIT: "waited for",
    Change.CREATE: "created",
    Change.COMPLETE: "completed",
    Change.UPLOAD: "uploaded",
    Change.UPDATE: "updated",
    Change.AGAIN: "tried again",
}
"""How it is told once it is done."""


@dataclass(frozen=True)
class Step:
    """One thing that is done; `accounts` are those it is done for, by id."""

    part: Part
    change: Change
    what: str
    accounts: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedAccount:
    """What happens in one account: to its stack and to its pack."""

    account: Account
    stack: Change
    pack: Change


@dataclass(frozen=True)
class Plan:
    """What is done, in order, and what it comes to in each account."""

    steps: tuple[Step, ...]
    rows: tuple[PlannedAccount, ...]
    parameters: tuple[tuple[str, str, str], ...]
    """Parameters of pack and stacks that change: name, now, then."""
    gained: tuple[Account, ...]
    """Accounts that were left out and would get the rule."""
    pack_first: bool
    """Whether the pack goes before the code: this checkout knows fewer parameters."""
    stands: bool
    """Whether a pack stands already."""

    @property
    def lost(self) -> tuple[Account, ...]:
        """The accounts that have the rule now and would lose it."""
        return tuple(row.account for row in self.rows if row.pack is Change.REMOVE)

    @property
    def starts_deleting(self) -> bool:
        """Would AWS Config remediate by itself from now on?"""
        return any(name == AUTOMATIC and then == "true" for name, _, then in self.parameters)


def make_plan(estate: Estate, intent: Intent) -> Plan:
    """Return what `deploy` has to do."""
    wanted = {each.id for each in intent.targets.accounts}
    strangers = sorted(estate.pack.holders() - wanted)
    stack_set, here = plan_stack_set(estate, intent), plan_stack(estate, intent)
    pack = plan_pack(estate, intent)
    rows = [plan_account(estate, intent, each) for each in intent.targets.accounts]
    for each in strangers:
        change = Change.REMOVE if each in intent.targets.excluded else Change.KEEP
        rows.append(PlannedAccount(estate.find(each), Change.NONE, change))
    first = bool(estate.pack.parameters.keys() - intent.pack.parameters.keys() - ADDED.keys())
    code = [*plan_package(estate, intent), *stack_set, *here, *plan_reservation(estate, intent)]
    steps = [*pack, *code] if first else [*code, *pack]
    waits = [each for each in steps if each.change is Change.WAIT]
    return Plan(
        steps=tuple(waits + [each for each in steps if each.change is not Change.WAIT]),
        rows=tuple(rows),
        parameters=compare_parameters(estate, intent),
        gained=find_gained(estate, intent),
        pack_first=first,
        stands=estate.pack.exists,
    )


def plan_package(estate: Estate, intent: Intent) -> list[Step]:
    """Return the steps for bucket and code."""
    steps, bucket = [], estate.bucket
    if not bucket.exists or bucket.lacks:
        change = Change.COMPLETE if bucket.exists else Change.CREATE
        steps.append(Step(Part.BUCKET, change, f"bucket {bucket.name}"))
    if not estate.code_version:
        steps.append(Step(Part.CODE, Change.UPLOAD, f"code {intent.code.name}"))
    return steps


def plan_stack_set(estate: Estate, intent: Intent) -> list[Step]:
    """Return the steps for the StackSet and its stacks."""
    members = intent.targets.members
    if estate.organization is None or not members:
        return []
    what, present = f"StackSet {STACK_SET}", estate.stack_set
    steps = []
    if present.running:
        steps.append(Step(Part.STACK_SET, Change.WAIT, what))
    missing = tuple(each.id for each in members if each.id not in present.instances)
    broken = tuple(
        each.id
        for each in members
        if each.id in present.instances and present.instances[each.id].state is not StackIs.CURRENT
    )
    differs = present.exists and present.differs(intent.template, intent.stack_parameters)
    if not present.exists:
        steps.append(Step(Part.STACK_SET, Change.CREATE, what))
    elif differs:
        steps.append(Step(Part.STACK_SET, Change.UPDATE, what, tuple(present.instances)))
    if missing:
        steps.append(Step(Part.STACKS, Change.CREATE, f"stacks of {what}", missing))
    if broken and not differs:
        steps.append(Step(Part.STACKS, Change.AGAIN, f"stacks of {what}", broken))
    return steps


def plan_stack(estate: Estate, intent: Intent) -> list[Step]:
    """Return the steps for the ordinary stack of this account."""
    if not intent.stacked_here:
        return []
    change = change_stack(estate, intent)
    if change is Change.KEEP:
        return []
    what = f"stack {STACK} in {estate.here}"
    return [Step(Part.STACK, change, what, (estate.here.id,))]


def change_stack(estate: Estate, intent: Intent) -> Change:
    """Return what happens to the ordinary stack."""
    stack = estate.stack
    if stack.state is StackIs.RUNNING:
        return Change.WAIT
    if not stack.status:
        return Change.CREATE
    if stack.state is not StackIs.CURRENT:
        return Change.AGAIN
    differs = stack.differs(intent.template, intent.stack_parameters)
    return Change.UPDATE if differs else Change.KEEP


def plan_reservation(estate: Estate, intent: Intent) -> list[Step]:
    """Return the step that bounds the function, before the pack has it judge everybody."""
    wanted = intent.reserved
    if wanted is None:
        return []
    due = find_due(intent.targets.accounts, estate.reservations, wanted)
    return [Step(Part.RESERVATION, Change.UPDATE, describe_limit(wanted), due)] if due else []


def plan_pack(estate: Estate, intent: Intent) -> list[Step]:
    """Return the steps for the pack."""
    state, what = estate.pack, f"conformance pack {PACK}"
    accounts = tuple(each.id for each in intent.targets.accounts)
    steps = []
    if state.moving or state.is_settling(accounts):
        steps.append(Step(Part.PACK, Change.WAIT, what, accounts))
    if not state.exists:
        steps.append(Step(Part.PACK, Change.CREATE, what, accounts))
    elif state.differs(intent.pack, intent.targets.excluded):
        steps.append(Step(Part.PACK, Change.UPDATE, what, accounts))
    elif bad := tuple(
        each for each in accounts if state.find(each) not in (PackIs.OK, PackIs.RUNNING)
    ):
        steps.append(Step(Part.PACK, Change.AGAIN, what, bad))
    return steps


def plan_account(estate: Estate, intent: Intent, account: Account) -> PlannedAccount:
    """Return what the steps come to in one account that is meant."""
    steps = plan_stack_set(estate, intent)
    if account == intent.targets.management:
        steps = plan_stack(estate, intent)
    pack = find_change(plan_pack(estate, intent), account)
    if pack in (Change.UPDATE, Change.AGAIN) and account.id not in estate.pack.holders():
        pack = Change.CREATE
    return PlannedAccount(account, find_change(steps, account), pack)


def find_change(steps: list[Step], account: Account) -> Change:
    """Return what the last of these steps does in an account."""
    found = [each.change for each in steps if account.id in each.accounts]
    return found[-1] if found else Change.KEEP


def find_gained(estate: Estate, intent: Intent) -> tuple[Account, ...]:
    """Return the accounts that were left out by decision and are not any more."""
    before = set(estate.pack.excluded) if estate.pack.exists else set()
    return tuple(
        each
        for each in intent.targets.accounts
        if each.id in before and each.id not in estate.pack.holders()
    )


def compare_parameters(estate: Estate, intent: Intent) -> tuple[tuple[str, str, str], ...]:
    """Return the parameters that change from what stands: name, now, then."""
    stacked = estate.stack_set if estate.stack_set.exists else estate.stack
    now = {**estate.pack.parameters, **stacked.parameters}
    then = {**intent.pack.parameters, **stacked.parameters, **intent.stack_parameters}
    return tuple(
        (name, now.get(name) or "(none)", then.get(name) or "(none)")
        for name in sorted(now.keys() | then.keys())
        if now.get(name, "") != then.get(name, "")
    )
