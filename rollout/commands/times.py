"""Days and times as an option takes them: one form of each, written as people write dates."""

import argparse
import re
from contextlib import suppress
from datetime import UTC, date, datetime

from rule.day import parse_day
from rule.report_row import LAST_YEAR

FIRST_YEAR = 2006
"""When AWS began; no key is older."""
TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
"""Of the forms of ISO 8601, the one with dashes and colons."""


def read_day(text: str) -> date:
    """Return the day. Raises argparse's error for what is none."""
    if day := parse_day(text):
        return day
    raise argparse.ArgumentTypeError(f'"{text}" is no date such as 2026-12-31')


def parse_moment(text: str) -> datetime:
    """Return the time; without an offset it is UTC. Raises argparse's error for what is none."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text if TIME.fullmatch(text) else "")
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        if FIRST_YEAR <= moment.year < LAST_YEAR:
            return moment
    such = "2026-01-31T12:00:00Z or 2026-01-31"
    raise argparse.ArgumentTypeError(f'"{text}" is no time such as {such}')
