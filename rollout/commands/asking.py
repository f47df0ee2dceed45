"""Asking the operator: what is about to change is shown, and goes on only with his word."""

import sys

from rollout.deployment.plan import Plan
from rollout.errors import Refused
from rollout.output.question import agrees, is_somebody_there
from rule.counted import count


def confirm(yes: bool, what: str, sentence: str) -> None:
    """Let the operator type the name of what it is about. Raises Refused."""
    if yes:
        return
    if is_somebody_there():
        print(f"{sentence} Type {what} to go on: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() == what:
            return
    raise Refused(f"{sentence} Nothing was changed. Type {what} when asked, or give --yes.")


def ask_for_deletion(yes: bool, plan: Plan, place: str, days: str, findings: str) -> None:
    """Say what switching deletion on means, and let `place` be typed for it. Raises Refused.

    `findings` says how many stand now.
    """
    accounts = len(plan.rows) - len(plan.lost)
    sentence = (
        "From now on AWS Config makes inactive, and"
        f" {count(int(days), 'day')} later deletes, every offending key in"
        f" {count(accounts, 'account')}; {findings}. report and evaluate show whose they are."
    )
    if yes:
        print(sentence, file=sys.stderr)
    confirm(yes, place, sentence)


def ask_for_changes(yes: bool, plan: Plan) -> None:
    """Ask for what a plan changes of a standing deployment, as it was shown. Raises Refused."""
    told = tell_plan_changes(plan)
    if told and not agrees(f"{told} Go on?", yes=yes):
        raise Refused(
            f"The deployment stands, and a change of it needs your word: {told} Answer yes, or give"
            " --yes."
        )


def tell_plan_changes(plan: Plan) -> str:
    """Return what a plan changes of a standing deployment, in sentences; "" for nothing."""
    if not plan.stands:
        return ""
    told = []
    if plan.lost:
        names = ", ".join(map(str, plan.lost))
        where = count(len(plan.lost), "account")
        told.append(f"This takes the rule and its results out of {where}: {names}.")
    if plan.gained:
        names = ", ".join(map(str, plan.gained))
        told.append(f"{count(len(plan.gained), 'account')} left out so far get the rule: {names}.")
    changed = [f"{name} from {now} to {then}" for name, now, then in plan.parameters]
    if changed:
        told.append(f"This changes {', '.join(changed)}.")
    return " ".join(told)
