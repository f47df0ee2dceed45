"""Tells what no step of a deployment was about, so that everything that is meant was looked at."""

from rollout.deployment.estate import Estate
from rollout.deployment.intent import Intent
from rollout.deployment.plan import Part
from rollout.deployment.state import judge_packs, judge_stacks
from rollout.names import PACK, STACK, STACK_SET
from rollout.output.fault import Result
from rollout.output.run import Run
from rule.counted import count


def tell_unchanged(run: Run, estate: Estate, intent: Intent) -> None:
    """Tell a line for each part that this run has no result of."""
    targets = intent.targets
    here = [estate.here] if intent.stacked_here else []
    for part, what, accounts, judge in (
        (Part.STACKS, f"StackSet {STACK_SET}", targets.members, judge_stacks),
        (Part.STACK, f"stack {STACK}", here, judge_stacks),
        (Part.PACK, f"conformance pack {PACK}", targets.accounts, judge_packs),
    ):
        if not accounts or part in run.results:
            continue
        where = str(estate.here) if part is Part.STACK else count(len(accounts), "account")
        title = f"{what} in {where}"
        with run.line(part, title) as line:
            faults = judge(part, estate, accounts)
            line.end(Result(part, title, good="unchanged", faults=faults))
