"""How stack, pack and runs stand in each account: typed rows, and the faults in them; pure.

"Fine", the exit code, the table and the json come from these rows and their faults.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rollout.aws.session import NotSeen
from rollout.deployment.estate import Estate
from rollout.deployment.health import Health
from rollout.names import DOCUMENT
from rollout.organization.accounts import Account
from rollout.output.fault import Fault
from rollout.packs.state import PackIs
from rollout.stacks.leftovers import tell_leftover
from rollout.stacks.stack import StackIs
from rule.counted import count
from rule.live import RESOURCE_TYPE

FUNCTION_IS_MISSING = ("insufficientpermissions", "lambda", "function", "no export named")
"""What AWS's reason holds where the pack came before the function (M: the code is documented for
PutConformancePack; what an account's status says is not)."""


class TestIs(StrEnum):
    """What came of the smoke test in an account."""

    __test__ = False  # not pytest's

    PASSED = "ok"
    FAILED = "failed"
    NOT_SEEN = "not seen"


@dataclass(frozen=True)
class AccountState:
    """One account's row."""

    account: Account
    stack: StackIs
    pack: PackIs
    test: TestIs
    faults: tuple[Fault, ...]

    @property
    def seen(self) -> bool:
        """Was everything in this account looked at?"""
        return self.test is not TestIs.NOT_SEEN and self.stack is not StackIs.NOT_SEEN

    @property
    def fine(self) -> bool:
        """Is nothing wrong with this account, and was everything looked at?"""
        return self.seen and not self.faults

    def describe(self) -> dict[str, object]:
        """Return it for the document."""
        return {
            "account": self.account.id,
            "name": self.account.name,
            "stack": self.stack.value,
            "pack": self.pack.value,
            "test": self.test.value,
            "seen": self.seen,
            "fine": self.fine,
        }


def describe_states(
    estate: Estate,
    accounts: Iterable[Account],
    tested: Mapping[str, str | NotSeen],
    faults: Iterable[Fault],
) -> tuple[AccountState, ...]:
    """Return the row of each account; those that are not fine last."""
    found = list(faults)
    rows = [
        AccountState(
            account=account,
            stack=estate.stack_in(account),
            pack=estate.pack.find(account.id),
            test=judge_test(tested.get(account.id, NotSeen("not tested"))),
            faults=tuple(each for each in found if each.account == account.id),
        )
        for account in accounts
    ]
    return tuple(sorted(rows, key=lambda row: (bool(row.faults), not row.seen, row.account.id)))


def judge_test(answer: str | NotSeen) -> TestIs:
    """Return what the smoke test's answer means: an empty one is a pass."""
    if isinstance(answer, NotSeen):
        return TestIs.NOT_SEEN
    return TestIs.FAILED if answer else TestIs.PASSED


def judge_stacks(check: str, estate: Estate, accounts: Iterable[Account]) -> tuple[Fault, ...]:
    """Return a fault for each account whose stack does not stand as it is meant."""
    faults = []
    for account in accounts:
        state = estate.stack_in(account)
        if state in (StackIs.CURRENT, StackIs.NOT_SEEN):
            continue
        instance = estate.stack_set.instances.get(account.id)
        text, mend = f"{account}: the stack is {state}", ""
        if account == estate.here and estate.has_stack_here():
            text += f": {estate.stack.status or 'StackSets do not reach this account'}"
            text += f": {estate.stack.reason}" if estate.stack.reason else ""
        elif instance is None:
            text = f"{account}: StackSets made no stack and say nothing"
        else:
            text += f": {instance.reason or 'no reason given'}"
            told, mend = tell_leftover(instance.reason)
            text += told
        faults.append(Fault(account.id, check, text, mend))
    return tuple(faults)


def judge_packs(check: str, estate: Estate, accounts: Iterable[Account]) -> tuple[Fault, ...]:
    """Return a fault for each account in which the pack does not stand."""
    faults = []
    for account in accounts:
        row, state = estate.pack.accounts.get(account.id), estate.pack.find(account.id)
        if state is PackIs.MISSING or row is None:
            faults.append(
                Fault(account.id, check, f"{account}: AWS Config shows no status of the pack")
            )
        elif state is not PackIs.OK:
            reason = row.reason or "no reason given"
            faults.append(Fault(account.id, check, f"{account}: {row.word}: {reason}"))
    return tuple(faults)


def judge_stray(check: str, estate: Estate, account: Account) -> tuple[Fault, ...]:
    """Return a fault where an account has the pack and no function for it."""
    if account.id not in estate.pack.holders() or estate.stack_in(account) is not StackIs.MISSING:
        return ()
    text = (
        f"{account}: it has the pack but no function; it joined elsewhere since: deploy there, or"
        " --exclude it"
    )
    return (Fault(account.id, check, text),)


def judge_health(check: str, account: Account, health: Health) -> tuple[Fault, ...]:
    """Return what is not fine with the runs in an account."""
    told: list[tuple[str, str]] = []
    runs = health.runs
    if health.recorder.fault:
        told.append((f"{health.recorder.fault}: changes of users are not seen", ""))
    if runs and runs.failed:
        told.append((f"the rule's last run failed: {runs.message}", ""))
    if health.overdue:
        hours = int(health.overdue.total_seconds() // 3600)
        since = "the last successful run" if runs and runs.success else "it was activated"
        told.append(
            (
                f"the rule has not run with success for {count(hours, 'hour')}, since {since}; it"
                f" is to run every {health.rule.frequency or 'TwentyFour_Hours'}",
                f"aws configservice start-config-rules-evaluation --config-rule-names"
                f" {health.rule.name}",
            )
        )
    if health.errors:
        times = count(health.errors, "time")
        told.append((f"the function failed {times} in the last day; its log says why", ""))
    for each in health.remediations:
        if each.given_up:
            mend = (
                "aws configservice delete-remediation-exceptions --config-rule-name"
                f" {health.rule.name} --resource-keys"
                f" ResourceType={RESOURCE_TYPE},ResourceId={each.resource}"
            )
            text = f"AWS Config has given up the remediation of {each.user}: {each.why}"
            told.append((f"{text}; once that is mended, in that account:", mend))
        else:
            told.append((f"the remediation of {each.user} failed: {each.why}", ""))
    runbook = health.runbook
    if runbook is None:
        told.append(("the runbook is not there", ""))
    elif runbook.default != runbook.latest:
        told.append(
            (
                f"the runbook's default version is {runbook.default}, its latest"
                f" {runbook.latest}; in that account:",
                f"aws ssm update-document-default-version --name {DOCUMENT}"
                f" --document-version {runbook.latest}",
            )
        )
    return tuple(Fault(account.id, check, f"{account}: {text}", mend) for text, mend in told)


def came_too_early(estate: Estate, account: Account) -> bool:
    """Did the pack fail in an account because its function was not there yet?"""
    row = estate.pack.accounts.get(account.id)
    if row is None or row.state is not PackIs.FAILED:
        return False
    return any(word in row.reason.lower() for word in FUNCTION_IS_MISSING)
