"""The page that the benchmark writes."""

from collections import Counter
from datetime import date

from tools.benchmark.cold_start import read_import_times
from tools.benchmark.page import Case, write_page
from tools.benchmark.run import Measured
from tools.benchmark.server import Setting

FLOOR = Measured(40.0, 2.0, 60.0, "", {"iam:ListUsers": 5, "iam:ListAccessKeys": 15}, {}, {"X": 9})
OURS = Measured(
    10.0, 2.5, 75.0, "", {"iam:ListAccessKeys": 30}, {"iam:ListAccessKeys": 4}, {"X": 8}
)


def test_import_times_are_told_by_owner() -> None:
    told = "import time: self [us] | cumulative | x\nimport time:  5 |  9 | rule.live\n"
    told += "import time:  7 |  9 |   botocore.utils\nimport time:  2 |  9 | rdklib\n"
    told += "import time:  1 |  9 | json\n"
    slower = told.replace("7 |", "70 |").replace("  1 |", "  0 |")
    expected = {"own code": 5, "boto3": 7, "rdklib": 2, "Python": 0}
    assert read_import_times(told, slower) == expected


def test_ratios_are_of_the_same_run_and_a_failed_run_says_how() -> None:
    case = Case(Setting(5000, 5, 0.05), {"floor": FLOOR, "ours": OURS}, OURS)
    failed = Measured(**vars(OURS) | {"error": "OutOfTime: 3 of 5"})
    throttled = Case(Setting(300, 100, in_all=10), {"ours": failed})
    imports = {"rule.evaluator": Counter({"own code": 10_000, "rdklib": 1_000, "boto3": 89_000})}
    page = write_page([case], [throttled], imports, date(2026, 11, 28))
    assert (
        "| 5,000 | 5 % | 50 ms | 30 / 20 | - | 40.0 s / 10.0 s = 4.00 | - |"
        " 2.50 s / 2.00 s = 1.25 | 75 MB | 8 | 30, 8 put |"
    ) in page
    assert "| 300, 100 % | 10 a second in all | 10 s | 30, 4 | 8 | OutOfTime |" in page
    assert "| rule.evaluator | 10 | 1 | 89 | 0 | 11% |" in page
