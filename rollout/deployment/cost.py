"""What AWS Config may charge a month: an estimate from above, at a price of FACTS 4 (M)."""

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.aws.session import NotSeen

DOLLARS_PER_EVALUATION = 0.001
RUNS_A_MONTH = {
    "One_Hour": 720,
    "Three_Hours": 240,
    "Six_Hours": 120,
    "Twelve_Hours": 60,
    "TwentyFour_Hours": 30,
}
ASSUMED_USERS = 10
"""Users with a password in an account of which nothing is known."""


@dataclass(frozen=True)
class Cost:
    """Dollars a month, if every result were put in every run, and how that was reckoned."""

    most: float
    first_run: float
    sentence: str


def estimate_cost(
    account_ids: list[str], users: Mapping[str, int] | NotSeen, frequency: str
) -> Cost:
    """Return the estimate; users on record count as if each had a password."""
    runs = RUNS_A_MONTH[frequency]
    known = {} if isinstance(users, NotSeen) else users
    counted = sum(known.get(account, ASSUMED_USERS) for account in account_ids)
    assumed = sum(account not in known for account in account_ids)
    most = counted * runs * DOLLARS_PER_EVALUATION
    first = counted * DOLLARS_PER_EVALUATION
    basis = f"{len(account_ids)} accounts, {counted} users with a password"
    if assumed:
        basis += f" ({ASSUMED_USERS} assumed in each of {assumed} accounts)"
    return Cost(
        most,
        first,
        f"at most ${most:,.2f} a month: {basis}, {runs} runs a month,"
        f" ${DOLLARS_PER_EVALUATION} an evaluation. Without --report-unchanged only new and changed"
        f" results are put: about ${first:,.2f} for the first run and little after.",
    )
