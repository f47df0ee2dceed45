"""What both functions print of a run: a summary, and metrics in CloudWatch's embedded format.

By print, not logging: Lambda would wrap the line, and the metrics in it would be lost.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

NAMESPACE = "iam-user-no-setup-access-key"


def print_run(
    message: str,
    summary: Mapping[str, Any],
    dimension: tuple[str, str],
    counts: Mapping[str, int],
    seconds: float,
) -> None:
    """Print one JSON line that says what was done, and one with the metrics.

    `dimension` is the name and value that the metrics carry; `counts` are the metrics.
    """
    metrics = {**counts, "Milliseconds": round(seconds * 1000)}
    print(json.dumps({"level": "INFO", "message": message, **summary, **metrics}))
    print_metrics(dimension, metrics)


def print_metrics(dimension: tuple[str, str], metrics: Mapping[str, int]) -> None:
    """Print the line with the metrics."""
    units = {"Milliseconds": "Milliseconds"}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[dimension[0]]],
        "Metrics": [{"Name": name, "Unit": units.get(name, "Count")} for name in metrics],
    }
    envelope = {"Timestamp": time.time_ns() // 1_000_000, "CloudWatchMetrics": [directive]}
    print(json.dumps({"_aws": envelope, dimension[0]: dimension[1], **metrics}))
