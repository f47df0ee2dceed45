"""What a deployment would change: pure, from the facts. `plan` shows it and `deploy` follows it."""

from dataclasses import dataclass

from rollout.deployment.preflight import Facts
from rollout.organization.accounts import Account

CREATE, UPDATE, AGAIN, KEEP, REMOVE, NONE = (
    "create",
    "update",
    "try again",
    "unchanged",
    "REMOVE",
    "-",
)


@dataclass(frozen=True)
class Row:
    """What happens in one account: to its stack and to its pack."""

    account: Account
    stack: str
    pack: str


@dataclass(frozen=True)
class Changes:
    """What happens, in the order in which it does."""

    bucket: str
    code: str
    stack_set: str
    stack: str
    pack: str
    rows: tuple[Row, ...]
    parameters: tuple[tuple[str, str, str], ...]
    """Parameters of pack and stacks that change: name, now, then."""
    pack_first: bool
    """Whether the pack goes before the code: this checkout knows fewer parameters."""

    @property
    def any(self) -> bool:
        """Is there anything to do?"""
        steps = (self.bucket, self.code, self.stack_set, self.stack, self.pack)
        return any(step not in (KEEP, NONE) for step in steps) or any(
            each not in (KEEP, NONE) for row in self.rows for each in (row.stack, row.pack)
        )

    @property
    def removed(self) -> tuple[Account, ...]:
        """The accounts that have the rule now and would lose it."""
        return tuple(row.account for row in self.rows if row.pack == REMOVE)


def compute_changes(facts: Facts) -> Changes:
    """Return what `deploy` has to change."""
    rows = tuple(compute_row(facts, account) for account in list_accounts(facts))
    return Changes(
        bucket=CREATE if not facts.bucket.exists else UPDATE if facts.bucket.lacks else KEEP,
        code=KEEP if facts.code_there else CREATE,
        stack_set=compute_stack_set(facts),
        stack=compute_stack(facts) if facts.stacked_here else NONE,
        pack=compute_pack(facts),
        rows=rows,
        parameters=compute_parameters(facts),
        pack_first=bool(facts.pack_state.parameters.keys() - facts.pack.parameters.keys()),
    )


def list_accounts(facts: Facts) -> list[Account]:
    """Return the accounts that are meant, and those that have the pack without being meant."""
    accounts = list(facts.accounts)
    meant = {each.id for each in accounts}
    if facts.organization:
        others = sorted(facts.pack_state.accounts.keys() - meant)
        accounts += [facts.organization.find(each) for each in others]
    return accounts


def compute_row(facts: Facts, account: Account) -> Row:
    """Return what happens in one account."""
    here = facts.stacked_here and account == facts.here
    pack = facts.pack_state.accounts.get(account.id)
    if account not in facts.accounts:
        return Row(account, NONE, REMOVE if account.id in facts.excluded else KEEP)
    if here:
        stack = compute_stack(facts)
    else:
        instance = facts.stack_set.instances.get(account.id)
        stack = KEEP if instance and instance.state == "current" else AGAIN
        if instance is None:
            stack = CREATE
        elif compute_stack_set(facts) == UPDATE:
            stack = UPDATE
    if pack is None:
        return Row(account, stack, CREATE)
    if compute_pack(facts) == UPDATE:
        return Row(account, stack, UPDATE)
    return Row(account, stack, KEEP if pack.state == "ok" else AGAIN)


def compute_stack_set(facts: Facts) -> str:
    """Return what happens to the StackSet itself."""
    if facts.organization is None or not (facts.targets and facts.targets.members):
        return NONE
    if not facts.stack_set.exists:
        return CREATE
    differs = facts.stack_set.differs(facts.template, facts.stack_parameters)
    return UPDATE if differs else KEEP


def compute_stack(facts: Facts) -> str:
    """Return what happens to the ordinary stack of this account."""
    if not facts.stack.status:
        return CREATE
    if facts.stack.differs(facts.template, facts.stack_parameters):
        return UPDATE
    return KEEP if facts.stack.state == "current" else AGAIN


def compute_pack(facts: Facts) -> str:
    """Return what happens to the pack itself."""
    if not facts.pack_state.exists:
        return CREATE
    return UPDATE if facts.pack_state.differs(facts.pack, facts.excluded) else KEEP


def compute_parameters(facts: Facts) -> tuple[tuple[str, str, str], ...]:
    """Return the parameters that change from what stands: name, now, then."""
    now = {**facts.pack_state.parameters}
    then = {**facts.pack.parameters}
    stacked = facts.stack_set if facts.stack_set.exists else facts.stack
    now |= stacked.parameters
    then |= {**stacked.parameters, **facts.stack_parameters}
    return tuple(
        (name, now.get(name, "(none)"), then.get(name, "(none)"))
        for name in sorted(now.keys() | then.keys())
        if now.get(name) != then.get(name)
    )
