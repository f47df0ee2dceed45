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


def read_import_times(told: str) -> Counter[str]:
    """Return microseconds by owner, from what `python -X importtime` prints."""
    times = Counter[str]()
    for line in told.splitlines():
        if found := LINE.match(line):
            times[OWNERS.get(found[2].partition(".")[0], REST)] += int(found[1])
    return times


def measure_import(module: str, times: int = 5) -> Counter[str]:
    """Return the quickest of several imports of a module, each in a new process."""
    told = (
        subprocess.run(
            [sys.executable, "-X", "importtime", "-c", f"import {module}"],
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        ).stderr
        for _ in range(times)
    )
    return min((read_import_times(each) for each in told), key=Counter.total)
