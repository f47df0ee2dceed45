"""`make bench`: measures our run beside the floor and the plain loop, and writes the page."""

import argparse
import sys
from datetime import UTC, datetime
from itertools import product
from math import inf
from pathlib import Path

from tools.benchmark.cold_start import measure_import
from tools.benchmark.page import Case, write_page
from tools.benchmark.run import Bench, Measured, open_bench
from tools.benchmark.server import Setting

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks.md"
HANDLERS = ("rule.evaluator", "rule.remediation")
SECONDS_A_CALL = 0.003
THROTTLED = (
    Setting(300, 100, latency=0.05, in_all=10),
    Setting(5000, 100, latency=0.05, per_action=20),
    Setting(5000, 100, latency=0.05, in_all=20),
)


def estimate_seconds(reader: str, setting: Setting) -> float:
    """Return about how long a sequential reader takes."""
    suspects = setting.users * setting.share / 100
    calls = 2 * suspects if reader == "floor" else 3 * setting.users
    return calls * (setting.latency + SECONDS_A_CALL)


def measure(bench: Bench, setting: Setting, longest: float) -> Case | None:
    """Return what the readers took, None where the floor would take too long to compare with."""
    if estimate_seconds("floor", setting) > longest:
        return None
    first = dict[str, Measured]()
    readers = ["floor", "ours"]
    if estimate_seconds("plain loop", setting) <= longest:
        readers.insert(1, "plain loop")
    for reader in readers:
        first[reader] = bench.run(reader, setting)
    return Case(setting, first, bench.run("ours", setting, keep=True))


def parse_cell(text: str) -> Setting:
    """Return the account that USERS,PERCENT,MS names."""
    users, share, milliseconds = map(float, text.split(","))
    return make_setting(int(users), share, milliseconds)


def make_setting(users: int, share: float, milliseconds: float) -> Setting:
    """Return an account; where calls take time, so does making the report."""
    latency = milliseconds / 1000
    return Setting(users, share, latency, report_seconds=1.0 if latency else 0.0)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m tools.benchmark", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[200, 1000, 5000])
    parser.add_argument("--suspects", type=float, nargs="+", default=[1, 5, 50, 100])
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 20, 50], metavar="MS")
    parser.add_argument(
        "--longest", type=float, default=1800, help="leave out what takes more seconds than this"
    )
    parser.add_argument(
        "--cell",
        type=parse_cell,
        action="append",
        default=[],
        metavar="USERS,PERCENT,MS",
        help="measure this one as well, however long it takes",
    )
    parser.add_argument("--throttled", action="store_true", help="throttle, too: half an hour more")
    arguments = parser.parse_args()
    cases, throttled = list[Case](), list[Case]()
    with open_bench() as bench:
        table = product(arguments.users, arguments.suspects, arguments.latency)
        settings = [make_setting(*each) for each in table]
        for setting in dict.fromkeys(settings + arguments.cell):
            longest = inf if setting in arguments.cell else arguments.longest
            print(f"{setting}", file=sys.stderr)
            if case := measure(bench, setting, longest):
                cases.append(case)
        for setting in THROTTLED if arguments.throttled else ():
            print(f"{setting}", file=sys.stderr)
            throttled.append(Case(setting, {"ours": bench.run("ours", setting)}))
    cases.sort(key=lambda each: (each.setting.users, each.setting.share, each.setting.latency))
    imports = {handler: measure_import(handler) for handler in HANDLERS}
    PAGE.write_text(write_page(cases, throttled, imports, datetime.now(UTC).date()))


if __name__ == "__main__":
    main()
