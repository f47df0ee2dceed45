"""What the rule costs a month, reckoned in one place: for `plan` and for docs/cost.md.

Prices are data, with source and date; nobody here has seen a bill (FACTS 4: M).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.aws.session import NotSeen
from rule.counted import count

RUNS_A_MONTH = {
    "One_Hour": 720,
    "Three_Hours": 240,
    "Six_Hours": 120,
    "Twelve_Hours": 60,
    "TwentyFour_Hours": 30,
}
ASSUMED_USERS = 10
"""Users with a password in an account of which nothing is known."""
EXAMPLE_FINDINGS = 100


@dataclass(frozen=True)
class Price:
    """Dollars for one of something, and where that was read."""

    what: str
    dollars: float
    source: str


READ = "2026-11-28"
EVALUATION_TIERS = (
    (
        100_000,
        Price(
            "one of an account's first 100,000 results a month",
            0.001,
            "vantage.sh/blog/aws-config-pricing",
        ),
    ),
    (500_000, Price("one of the next 400,000", 0.0008, "vantage.sh/blog/aws-config-pricing")),
)
EVALUATION = EVALUATION_TIERS[0][1].dollars
LAMBDA_PRICES = "docs.aws.amazon.com/whitepapers/latest/how-aws-pricing-works/lambda.html"
LAMBDA_REQUEST = Price("a run of a function", 0.20 / 1e6, LAMBDA_PRICES)
LAMBDA_SECOND = Price(
    "a second of a function at 512 MB (x86_64; arm64, the default, is a fifth cheaper)",
    0.0000166667 / 2,
    f"{LAMBDA_PRICES}, cloudchipr.com/blog/aws-lambda-pricing",
)
AUTOMATION_PRICES = (
    "CrowdStrike's page on the costs of CrowdStrike-FalconSensorDeploy, as of 2025-06-26"
)
"""AWS's own price list was not to be had. The free tier that the page names is gone for who is new
since 2025-08-14 (Systems Manager's user guide), and left out here for everybody."""
STEP = Price("a step of an automation", 0.002, AUTOMATION_PRICES)
STEP_SECOND = Price("a second of a script in an automation", 0.00003, AUTOMATION_PRICES)
ITEM = Price(
    "a configuration item (a tag put or removed makes one)",
    0.003,
    "vantage.sh/blog/aws-config-pricing",
)
PRICES = (
    *(price for _, price in EVALUATION_TIERS),
    ITEM,
    LAMBDA_REQUEST,
    LAMBDA_SECOND,
    STEP,
    STEP_SECOND,
)
SECONDS_A_RUN = 10
"""More than a run of 5,000 users with 5 % suspects took at 50 ms a call (docs/benchmarks.md)."""
SECONDS_A_REMEDIATION = 20
REMEDIATIONS_A_FINDING = 2
"""One quarantines, one deletes."""
ITEMS_A_FINDING = 3
"""Its quarantine begins, stands, and its tag goes."""


@dataclass(frozen=True)
class Size:
    """An organization as the model sees it; figures are of one account, all accounts alike."""

    accounts: int
    users: int
    share_with_password: float
    findings: int
    frequency: str


@dataclass(frozen=True)
class Bill:
    """Dollars: once, and a month by what charges them."""

    first_run: float
    mending: float
    results: float
    everything: float
    functions: float


def price_results(results: float) -> float:
    """Return what so many results of one account in one month cost."""
    dollars, before = 0.0, 0
    for end, price in EVALUATION_TIERS:
        dollars += max(0.0, min(results, end) - before) * price.dollars
        before = end
    return dollars + max(0.0, results - before) * EVALUATION_TIERS[-1][1].dollars


def reckon(size: Size) -> Bill:
    """Return the bill.

    `results`: findings are put again in every run until they are mended, so that a failed
    remediation is tried again. `everything`: with ReportUnchanged, everybody with a password is.
    `mending` is what it costs once to quarantine and delete every finding's key.
    """
    runs = RUNS_A_MONTH[size.frequency]
    reported = size.users * size.share_with_password
    seconds = SECONDS_A_REMEDIATION * LAMBDA_SECOND.dollars
    remediation = STEP.dollars + SECONDS_A_REMEDIATION * STEP_SECOND.dollars + seconds
    run = LAMBDA_REQUEST.dollars + SECONDS_A_RUN * LAMBDA_SECOND.dollars
    mended = REMEDIATIONS_A_FINDING * remediation + ITEMS_A_FINDING * ITEM.dollars
    return Bill(
        first_run=size.accounts * price_results(reported),
        mending=size.accounts * size.findings * mended,
        results=size.accounts * price_results(size.findings * runs),
        everything=size.accounts * price_results(reported * runs),
        functions=size.accounts * runs * run,
    )


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
    counts = [known.get(account, ASSUMED_USERS) for account in account_ids]
    bills = [reckon(Size(1, count, 1.0, 0, frequency)) for count in counts]
    most = sum(bill.everything for bill in bills)
    first = sum(bill.first_run for bill in bills)
    findings = reckon(Size(1, 0, 0.0, EXAMPLE_FINDINGS, frequency)).results
    assumed = sum(account not in known for account in account_ids)
    basis = f"{count(len(account_ids), 'account')}, {count(sum(counts), 'user')} with a password"
    if assumed:
        basis += f" ({ASSUMED_USERS} assumed in each of {count(assumed, 'account')})"
    return Cost(
        most,
        first,
        f"at most ${most:,.2f} a month: {basis}, {count(runs, 'run')} a month, ${EVALUATION}"
        " an evaluation."
        f" Without --report-unchanged about ${first:,.2f} for the first run; after it new and"
        f" changed results, and every finding again in every run until it is mended:"
        f" ${findings:,.2f} a month for {EXAMPLE_FINDINGS} findings.",
    )
