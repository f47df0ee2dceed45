"""docs/benchmarks.md, written from what was measured."""

import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tools.benchmark.run import Measured
from tools.benchmark.server import Setting

Runs = Mapping[str, Measured]
"""What each reader took of one account, by the reader's name."""

INTRODUCTION = """\
Every ratio is of two runs that followed each other; times of different rows are not to be compared.
Call counts and peaks are under test (tests/tools/benchmark), times are not.

An account server of its own (tools/benchmark) answers IAM and AWS Config over HTTP, in a process of
its own. **The floor** is a sequential reader that does the least that finds the keys: the report,
ListUsers by 1,000, two calls for each suspect's key, one PutEvaluations for 100 users. It proves
neither password nor tags nor whose the name is by now. **The plain loop** reads each user, one
after the other. Wall, CPU and peak are the whole process's, imports in it. The steady run is our
next one on the same account; "-" is what was left out as too long (`--longest`).
"""
NOT_THROTTLED = "Not measured in this run (`--throttled`)."


@dataclass(frozen=True)
class Case:
    """One account, what the readers took of it, and what our next run took."""

    setting: Setting
    first: Runs
    steady: Measured | None = None


def describe_machine() -> str:
    """Return what the figures were measured on."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} processors ({platform.machine()}), Python {platform.python_version()},"
        f" {platform.system()}, load {load:.1f} at the end: other work ran beside it"
    )


def divide(one: float, other: float) -> str:
    """Return a ratio as text."""
    return f"{one / other:.2f}" if other else "-"


def write_row(case: Case) -> str:
    """Return one row of the first table."""
    setting, floor, ours = case.setting, case.first["floor"], case.first["ours"]
    loop = case.first.get("plain loop")
    cells = [
        f"{setting.users:,}",
        f"{setting.share:g} %",
        f"{setting.latency * 1000:g} ms",
        f"{ours.asked:,} / {floor.asked:,}",
        f"{loop.asked:,}" if loop else "-",
        f"{floor.wall:.1f} s / {ours.wall:.1f} s = {divide(floor.wall, ours.wall)}",
        divide(loop.wall, ours.wall) if loop else "-",
        f"{ours.cpu:.2f} s / {floor.cpu:.2f} s = {divide(ours.cpu, floor.cpu)}",
        f"{ours.peak:.0f} MB",
        f"{sum(ours.put.values()):,}",
        f"{case.steady.asked:,}, {sum(case.steady.put.values()):,} put" if case.steady else "-",
    ]
    return f"| {' | '.join(cells)} |"


def write_actions(case: Case) -> Iterable[str]:
    """Yield what was called, by action, in one case."""
    floor, ours = (Counter(case.first[name].calls) for name in ("floor", "ours"))
    yield f"{case.setting.users:,} users, {case.setting.share:g} % suspects, the first run:\n"
    yield "| action | ours | floor |\n|---|---|---|"
    for action in sorted(ours.keys() | floor.keys()):
        yield f"| {action} | {ours[action]:,} | {floor[action]:,} |"


def write_throttled(cases: Iterable[Case]) -> Iterable[str]:
    """Yield what became of runs that IAM throttles."""
    yield "| users, suspects | throttled at | wall | IAM calls, refused | put | ended |"
    yield "|---|---|---|---|---|---|"
    for case in cases:
        setting, ours = case.setting, case.first["ours"]
        rate = setting.in_all or setting.per_action
        how = "in all" if setting.in_all else "per action"
        iam = sum(count for name, count in ours.calls.items() if name.startswith("iam:"))
        refused = sum(ours.throttled.values())
        ended = ours.error.partition(":")[0] or "yes"
        yield (
            f"| {setting.users:,}, {setting.share:g} % | {rate:g} a second {how} |"
            f" {ours.wall:.0f} s | {iam:,}, {refused:,} | {sum(ours.put.values()):,} | {ended} |"
        )


def write_page(
    cases: list[Case], throttled: list[Case], imports: Mapping[str, Counter[str]], day: date
) -> str:
    """Return the whole page."""
    owners = ("own code", "rdklib", "boto3", "Python")
    lines = [
        "# What a scheduled run costs",
        "",
        f"Written by `make bench` on {day}: {describe_machine()}.",
        "",
        INTRODUCTION,
        "| users | suspects | latency | calls, ours / floor | plain loop's | wall, floor / ours |"
        " loop / ours | CPU, ours / floor | peak | put | steady run |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *map(write_row, cases),
        "",
        "## Calls by action",
        "",
        *write_actions(max(cases, key=lambda each: (each.setting.users, each.setting.share))),
        "",
        "## When IAM throttles",
        "",
        *(
            write_throttled(throttled)
            if throttled
            else ["Not measured in this run (`--throttled`)."]
        ),
        "",
        "## Cold start",
        "",
        "Milliseconds of import by whose code it is, each module's best of five:",
        "",
        f"| handler | {' | '.join(owners)} | own code and rdklib |",
        "|---|---|---|---|---|---|",
    ]
    for module, times in imports.items():
        share = (times["own code"] + times["rdklib"]) / times.total()
        cells = " | ".join(f"{times[owner] / 1000:.0f}" for owner in owners)
        lines.append(f"| {module} | {cells} | {share:.0%} |")
    return "\n".join(lines) + "\n"
