"""A day has one form, wherever a person writes one."""

from datetime import date

import pytest

from rule.day import parse_day


def test_a_day_is_written_year_month_day() -> None:
    assert parse_day("2026-12-31") == date(2026, 12, 31)


@pytest.mark.parametrize(
    "text",
    [
        "20261231",
        "2026-W53-4",
        "2026W534",
        "2026-12-31T00:00:00Z",
        "2026-1-1",
        "2026-13-01",
        "2026-02-30",
        "31-12-2026",
        "٢٠٢٦-12-31",
        " 2026-12-31",
        "2026-12-31\n",
        "----------",
        "tomorrow",
        "",
    ],
)
def test_nothing_else_is_a_day(text: str) -> None:
    assert parse_day(text) is None
