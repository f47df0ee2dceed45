"""What a handler's import takes, by whose code it is."""

import re
import subprocess
import sys
from collections import Counter

OWNERS = {
    "rule": "own code",
    "rdklib": "rdklib",
    **dict.fromkeys(
        ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six"), "boto3"
    ),
}
REST = "Python"
LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def read_import_times(*runs: str) -> Counter[str]:
    """Return microseconds by owner, from what `python -X importtime` prints in several runs.

    Each module counts with its quickest import: other work on the machine only adds to it.
    """
    quickest = dict[str, int]()
    for told in runs:
        for line in told.splitlines():
            if found := LINE.match(line):
                name, time = found[2], int(found[1])
                quickest[name] = min(time, quickest.get(name, time))
    times = Counter[str]()
    for name, time in quickest.items():
        times[OWNERS.get(name.partition(".")[0], REST)] += time
    return times


def measure_import(module: str, times: int = 5) -> Counter[str]:
    """Return what several imports of a module took at best, each in a new process."""
    told = (
        subprocess.run(
            [sys.executable, "-X", "importtime", "-c", f"import {module}"],
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        ).stderr
        for _ in range(times)
    )
    return read_import_times(*told)
