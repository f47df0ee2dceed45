"""docs/cost.md, written from the model in rollout/deployment/cost.py."""

from pathlib import Path

from rollout.deployment.cost import (
    ITEMS_A_FINDING,
    PRICES,
    READ,
    SECONDS_A_REMEDIATION,
    SECONDS_A_RUN,
    Size,
    reckon,
)

COST_PAGE = Path(__file__).parents[1] / "docs" / "cost.md"
EXAMPLES = ((1, 20, 1), (1, 5000, 250), (300, 100, 5), (300, 100, 50))
"""Accounts, users of each, findings of each."""
SHARE = 0.8
TEXT = """\
# What it costs

Written by `make docs` from `rollout/deployment/cost.py`, which `plan` reckons with, too. Estimates
from above: free tiers and discounts are left out, beyond the last tier that is known its price
stays. No bill was seen.

AWS Config charges **each result put**. A run puts what is new or has changed, and every finding
again, until it is mended, so that a failed remediation is tried again. So what costs is not the
number of users, but findings that stand, times the runs a month: 300 accounts with 50 findings
each are {daily} a month with the default frequency of one run a day, and {hourly} with one an hour.
An hourly run finds what the change events miss a few hours earlier, and nothing else: the default
is one a day. A fresh result once a day whatever the frequency was weighed
(docs/decisions/0012-a-fresh-result-for-every-finding.md).

{share:.0%} of the users have a password in each of these:

| accounts | users | findings | frequency | first run | mended, once | results, a month |\
 with ReportUnchanged | functions, a month |
|---|---|---|---|---|---|---|---|---|
{rows}

- **First run**: everybody with a password gets a result, once.
- **Mended**: two automations of one step for each finding, {items} configuration items of its user.
- **Functions**: a run is reckoned with {run} s, a remediation with {remediation} s.
- **CloudTrail**: nothing; the first copy of management events is free, and no trail is needed.
- What the recorder charges for users it records anyway is not the rule's.

| price of | dollars | read at |
|---|---|---|
{prices}

Prices as of {read}, us-east-1. The rule is in a conformance pack; the price list gives a result of
a pack's rule the same tiers as a rule's, and no source says that both are charged for one result.
"""


def dollars(amount: float) -> str:
    """Return an amount; small ones are not nothing."""
    return "< $0.01" if 0 < amount < 0.01 else f"${amount:,.2f}"


def write_cost_page() -> str:
    """Return docs/cost.md."""
    rows = list[str]()
    for accounts, users, findings in EXAMPLES:
        for frequency in ("TwentyFour_Hours", "One_Hour"):
            bill = reckon(Size(accounts, users, SHARE, findings, frequency))
            amounts = (bill.first_run, bill.mending, bill.results, bill.everything, bill.functions)
            cells = [f"{accounts:,}", f"{users:,}", f"{findings:,}", f"{frequency}"]
            rows.append(f"| {' | '.join([*cells, *map(dollars, amounts)])} |")
    daily, hourly = (
        reckon(Size(300, 100, SHARE, 50, frequency)).results
        for frequency in ("TwentyFour_Hours", "One_Hour")
    )
    return TEXT.format(
        daily=f"${daily:,.0f}",
        hourly=f"${hourly:,.0f}",
        share=SHARE,
        rows="\n".join(rows),
        items=ITEMS_A_FINDING,
        run=SECONDS_A_RUN,
        remediation=SECONDS_A_REMEDIATION,
        prices="\n".join(
            f"| {each.what} | {each.dollars:.10f} | {each.source} |" for each in PRICES
        ),
        read=READ,
    )


def main() -> None:
    """Write the page."""
    COST_PAGE.write_text(write_cost_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
