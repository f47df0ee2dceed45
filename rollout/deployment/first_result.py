"""The first result of a new rule: AWS Config has started its function, and that under its role.

AWS documents that it may report no runs of a rule with a Lambda function (FACTS 4), so a stored
result counts as well. An account without console users may show neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollout.aws.session import NotSeen, Session
from rollout.aws.waiting import pause
from rollout.deployment.health import read_rule_runs
from rollout.organization.accounts import Account
from rollout.organization.members import Members
from rollout.output.fault import Fault
from rollout.packs.readback import read_rule_name

LONGEST = 1200.0
"""Seconds: a new rule is evaluated within minutes."""
SETTLED = 300.0
"""Seconds after which a failure is believed: Lambda tries twice again within about three minutes,
and a new role's permissions take a while."""


@dataclass(frozen=True)
class FirstResult:
    """What was seen of a rule's first run: whether it succeeded, else how it failed, or nothing."""

    seen: bool
    failure: str = ""


def read_first_result(session: Session, pack: str) -> FirstResult:
    """Return what there is of the rule's first run in an account; three calls."""
    rule = read_rule_name(session, pack)
    runs = read_rule_runs(session, rule)
    if runs and runs.success:
        return FirstResult(seen=True)
    stored = session.config.get_compliance_details_by_config_rule(ConfigRuleName=rule, Limit=1)
    if stored["EvaluationResults"]:
        return FirstResult(seen=True)
    if runs and runs.failure:
        return FirstResult(seen=False, failure=runs.message or "no reason given")
    return FirstResult(seen=False)


def await_first_results(
    members: Members, accounts: Sequence[Account], packs: Mapping[str, str], minutes: float
) -> dict[str, FirstResult | NotSeen]:
    """Return what came of the first run in each account; `packs` are their packs' names by id.

    Waits until each has a result, or has failed for five minutes, and at most twenty minutes.
    """
    found = dict[str, FirstResult | NotSeen]()
    failing_since = dict[str, float]()
    for waited in pause(min(minutes * 60, LONGEST)):
        open_still = [each for each in accounts if not _has_result(found.get(each.id))]
        found |= members.look(
            open_still, lambda session: read_first_result(session, packs[session.account])
        )
        for each in open_still:
            seen = found[each.id]
            if isinstance(seen, FirstResult) and seen.failure:
                failing_since.setdefault(each.id, waited)
            else:
                failing_since.pop(each.id, None)
        if all(
            _has_result(found[each.id])
            or (each.id in failing_since and waited - failing_since[each.id] >= SETTLED)
            for each in accounts
        ):
            break
    return found


def judge_first_results(
    check: str, accounts: Sequence[Account], found: Mapping[str, FirstResult | NotSeen]
) -> tuple[Fault, ...]:
    """Return a fault for each account in which the rule has not run with success."""
    faults = []
    for account in accounts:
        result = found[account.id]
        if isinstance(result, NotSeen):
            faults.append(Fault(account.id, check, f"{account}: not seen: {result.why}"))
        elif result.failure:
            text = f"{account}: the rule's first run failed: {result.failure}"
            faults.append(Fault(account.id, check, text))
        elif not result.seen:
            text = (
                f"{account}: AWS reports no run of the rule, and it has no result yet. Look again"
                " later with status, or try a canary that has console users"
            )
            faults.append(Fault(account.id, check, text))
    return tuple(faults)


def _has_result(found: FirstResult | NotSeen | None) -> bool:
    return isinstance(found, FirstResult) and found.seen
