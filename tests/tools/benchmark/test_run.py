"""What a run costs in calls and memory, beside the floor; times are not under test."""

from collections.abc import Iterator

import pytest

from tools.benchmark.run import Bench, open_bench
from tools.benchmark.server import Setting


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """An account server for all tests of this module."""
    with open_bench() as opened:
        yield opened


def test_a_run_makes_the_floors_calls_and_one_for_each_suspect(bench: Bench) -> None:
    setting = Setting(1000, 5)
    floor, ours = bench.run("floor", setting), bench.run("ours", setting)
    assert (floor.error, ours.error) == ("", "")
    assert ours.calls == {
        "iam:GetCredentialReport": 2,
        "iam:GenerateCredentialReport": 1,
        "iam:GetAccountAuthorizationDetails": 2,
        "iam:GetLoginProfile": 50,
        "iam:ListAccessKeys": 50,
        "iam:GetAccessKeyLastUsed": 50,
        "config:GetComplianceDetailsByConfigRule": 1,
        "config:PutEvaluations": 8,
    }
    assert ours.asked <= floor.asked + 50
    assert ours.put == {"COMPLIANT": 713, "NON_COMPLIANT": 50}


@pytest.mark.slow
def test_ten_steady_runs_put_the_findings_and_nothing_else(bench: Bench) -> None:
    setting = Setting(200, 5)
    bench.run("ours", setting)
    for _ in range(10):
        assert bench.run("ours", setting, keep=True).put == {"NON_COMPLIANT": 10}


@pytest.mark.slow
def test_five_thousand_users_fit_into_the_functions_memory(bench: Bench) -> None:
    setting = Setting(5000, 5)
    floor, ours = bench.run("floor", setting), bench.run("ours", setting)
    assert ours.asked <= floor.asked + 250
    assert ours.peak < 128


@pytest.mark.slow
def test_a_run_that_iam_throttles_slows_down_and_ends(bench: Bench) -> None:
    ours = bench.run("ours", Setting(100, 100, in_all=40))
    assert ours.error == ""
    assert ours.put == {"NON_COMPLIANT": 100}
    assert sum(ours.throttled.values()) > 0


def test_a_run_without_time_puts_what_the_report_decides(bench: Bench) -> None:
    ours = bench.run("ours", Setting(200, 5), seconds=30)
    assert ours.error.startswith("OutOfTime: 0 of 10 users were read live")
    assert ours.put == {"COMPLIANT": 143}
