"""What a run of the rule found, in figures: for its metrics, and for the process check."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rule.decision import COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE
from rule.readers import Judged
from rule.standing import WAITING, Standing


@dataclass(frozen=True)
class Tally:
    """What a scheduled run found in an account, in users with a console password.

    `whole` is false where somebody could not be read.
    """

    rule: str
    account: str
    at: datetime
    users: int
    findings: int
    excepted: int = 0
    waiting: int = 0
    quarantined: int = 0
    whole: bool = True


def count_verdicts(judged: Iterable[Judged]) -> dict[str, int]:
    """Return how many users are a finding or excepted, and how many have a key that waits."""
    counts = dict.fromkeys(("NonCompliant", "Excepted", "Waiting", "Quarantined"), 0)
    for each in judged:
        standings = [key.standing for key in each.verdict.keys]
        counts["NonCompliant"] += each.verdict.compliance == NON_COMPLIANT
        counts["Excepted"] += each.verdict.compliance == COMPLIANT and bool(each.verdict.offending)
        counts["Waiting"] += any(standing in WAITING for standing in standings)
        counts["Quarantined"] += Standing.IN_QUARANTINE in standings
    return counts


def sum_up(
    judged: Iterable[Judged],
    counts: Mapping[str, int],
    event: Mapping[str, str],
    at: datetime,
    *,
    whole: bool,
) -> Tally:
    """Return what a scheduled run found; `counts` are of its verdicts, the event names the rule."""
    return Tally(
        rule=event["configRuleName"],
        account=event["accountId"],
        at=at,
        users=sum(each.verdict.compliance != NOT_APPLICABLE for each in judged),
        findings=counts["NonCompliant"],
        excepted=counts["Excepted"],
        waiting=counts["Waiting"],
        quarantined=counts["Quarantined"],
        whole=whole,
    )
