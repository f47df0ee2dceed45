"""The cost model, against sums made by hand."""

import pytest

from rollout.aws.session import NotSeen
from rollout.deployment.cost import RUNS_A_MONTH, Size, estimate_cost, price_results, reckon


@pytest.mark.parametrize(
    ("frequency", "dollars"), [("TwentyFour_Hours", 450.0), ("One_Hour", 10_800.0)]
)
def test_three_hundred_accounts_with_fifty_findings_each(frequency: str, dollars: float) -> None:
    """300 x 50 x 30 runs x $0.001, and 720 runs."""
    assert reckon(Size(300, 100, 0.8, 50, frequency)).results == pytest.approx(dollars)


def test_an_account_without_findings_pays_for_its_first_run_and_its_functions() -> None:
    """80 results x $0.001; 30 runs x ($0.0000002 + 10 s x $0.00000833335)."""
    bill = reckon(Size(1, 100, 0.8, 0, "TwentyFour_Hours"))
    assert bill.first_run == pytest.approx(0.08)
    assert (bill.mending, bill.results) == (0, 0)
    assert bill.everything == pytest.approx(2.4)
    assert bill.functions == pytest.approx(0.002506, rel=1e-3)


def test_a_finding_is_mended_once_by_two_automations_and_three_items() -> None:
    """2 x ($0.002 + 20 s x $0.00003 + 20 s x $0.00000833335) + 3 x $0.003."""
    bill = reckon(Size(1, 1, 1.0, 1, "TwentyFour_Hours"))
    assert bill.mending == pytest.approx(0.014533, rel=1e-3)


@pytest.mark.parametrize(
    ("results", "dollars"), [(0, 0), (100_000, 100), (100_001, 100.0008), (600_000, 500)]
)
def test_results_cost_less_by_tiers(results: int, dollars: float) -> None:
    assert price_results(results) == pytest.approx(dollars)


def test_every_frequency_of_the_rule_is_known() -> None:
    assert sorted(RUNS_A_MONTH.values()) == [30, 60, 120, 240, 720]


def test_the_sentence_says_what_findings_cost_in_every_run() -> None:
    told = estimate_cost(["1", "2"], {"1": 40}, "One_Hour").sentence
    assert told == (
        "at most $36.00 a month: 2 accounts, 50 users with a password (10 assumed in each of 1"
        " account), 720 runs a month, $0.001 an evaluation. Without --report-unchanged about $0.05"
        " for the first run; after it new and changed results, and every finding again in every run"
        " until it is mended: $72.00 a month for 100 findings."
    )
    assert "20 users with a password (10 assumed" in (
        estimate_cost(["1", "2"], NotSeen("no aggregator"), "One_Hour").sentence
    )
