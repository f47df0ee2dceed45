"""What has become of stack and pack in each account, in the words of the table: pure."""

from collections.abc import Sequence

from rollout.organization.accounts import Account
from rollout.output.progress import Fault
from rollout.packs.organization import AccountPack, PackState
from rollout.stacks.stack_set import (
    Instance,
)

FUNCTION_IS_MISSING = ("insufficientpermissions", "lambda", "function", "no export named")
"""What AWS's reason holds where the pack came before the function (M: the code is documented for
PutConformancePack; what an account's status says is not)."""


def check_instances(accounts: Sequence[Account], instances: dict[str, Instance]) -> list[Fault]:
    """Return a fault for each account whose stack is not up to date."""
    faults = []
    for account in accounts:
        instance = instances.get(account.id)
        if instance is None:
            faults.append(Fault(f"{account}: StackSets made no stack and say nothing"))
        elif instance.state != "current":
            reason = instance.reason or "no reason given"
            faults.append(Fault(f"{account}: the stack is {instance.state}: {reason}"))
    return faults


def check_packs(accounts: Sequence[Account], state: PackState) -> list[Fault]:
    """Return a fault for each account in which the pack does not stand."""
    faults = []
    for account in accounts:
        pack = state.accounts.get(account.id)
        if pack is None:
            faults.append(Fault(f"{account}: AWS Config shows no status of the pack"))
        elif pack.state != "ok":
            faults.append(Fault(f"{account}: {pack.word}: {pack.reason or 'no reason given'}"))
    return faults


def state_of(part: Instance | AccountPack | None) -> str:
    """Return the state of a stack or a pack in an account, "" where there is none."""
    return part.state if part else ""


def shout(state: str, good: str) -> str:
    """Return a state for the table: in capitals where it is not the good one."""
    return state if state == good else (state or "missing").upper()
