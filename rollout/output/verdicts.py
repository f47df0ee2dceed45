"""Verdicts as a person or a program reads them: table, JSON or CSV."""

import csv
import json
from collections import Counter
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rollout.output.progress import PIPE_WIDTH
from rule.account import Judged
from rule.decision import COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE
from rule.facts import NOT_READ, utc

FORMATS = ("table", "json", "csv")
COLOURS = {NON_COMPLIANT: "bold red", COMPLIANT: "green", NOT_APPLICABLE: "dim"}


def write_verdicts(judged: list[Judged], form: str, everybody: bool, out: TextIO) -> None:
    """Write the verdicts, sorted by user; the table has NOT_APPLICABLE only for `everybody`."""
    judged = sorted(judged, key=lambda each: each.user.name)
    if form == "json":
        json.dump([describe(each) for each in judged], out, indent=2)
        out.write("\n")
    elif form == "csv":
        write_csv(judged, out)
    else:
        write_table(judged, everybody, out)


def describe(judged: Judged) -> dict[str, Any]:
    """Return one user's object of the JSON array."""
    user, verdict = judged.user, judged.verdict
    offending = {key.id for key in verdict.offending}
    return {
        "user": user.name,
        "user_id": user.id,
        "arn": user.arn,
        "compliance": verdict.compliance,
        "annotation": verdict.annotation,
        "keys": [
            {
                "id": key.id,
                "created": utc(key.created),
                "active": key.status == "Active",
                # null is "never used". What no verdict depends on is not asked for, and says so.
                "last_used": (
                    key.last_used.value
                    if key.last_used is NOT_READ
                    else key.last_used and utc(key.last_used)
                ),
                "offending": key.id in offending,
            }
            for key in user.keys
        ],
    }


def write_csv(judged: list[Judged], out: TextIO) -> None:
    """Write one line a user under a header."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["user", "compliance", "annotation", "offending_keys"])
    for each in judged:
        offending = ", ".join(key.id for key in each.verdict.offending)
        writer.writerow(
            [each.user.name, each.verdict.compliance, each.verdict.annotation, offending]
        )


def write_table(judged: list[Judged], everybody: bool, out: TextIO) -> None:
    """Write a table for a person, and below it how many users have which verdict."""
    shown = [each for each in judged if everybody or each.verdict.compliance != NOT_APPLICABLE]
    write_rows(
        [(each.user.name, each.verdict.compliance, each.verdict.annotation) for each in shown], out
    )
    counts = Counter(each.verdict.compliance for each in judged)
    parts = [f"{counts[word]} {word}" for word in COLOURS]
    hidden = "" if len(shown) == len(judged) else " (not shown; --all shows them)"
    users = "1 user" if len(judged) == 1 else f"{len(judged)} users"
    out.write(f"{users}: {', '.join(parts)}{hidden}.\n")


def write_rows(rows: list[tuple[str, str, str]], out: TextIO) -> None:
    """Write user, compliance and sentence as aligned columns, coloured on a terminal."""
    if not rows:
        return
    console = Console(file=out, highlight=False, width=None if out.isatty() else PIPE_WIDTH)
    table = Table("USER", "COMPLIANCE", "WHY", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for user, compliance, why in rows:
        # Text, as square brackets and colons would mean something to rich.
        table.add_row(Text(user), Text(compliance, style=COLOURS[compliance]), Text(why))
    with console.capture() as captured:
        console.print(table)
    out.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())


def has_finding(judged: list[Judged]) -> bool:
    """Is somebody NON_COMPLIANT?"""
    return any(each.verdict.compliance == NON_COMPLIANT for each in judged)
