"""A survey's sums, exit code, stale accounts and what has changed since an earlier one."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rollout.findings.finding import State
from rollout.findings.survey import Held, UnitSum, compare_findings, find_stale, is_production
from tests.support.surveys import BANK, NOW, SANDBOX, SHOP, UNITS, make_survey

SURVEY = make_survey()


def test_sums_are_of_the_top_units_and_of_all() -> None:
    assert SURVEY.sums == (
        UnitSum("(root)", 1, 0, 0, 0, 0, 0),
        UnitSum("production", 2, 290, 3, 0, 1, 1),
        UnitSum("testing", 1, 5402, 1, 1, 0, 0),
        UnitSum("all", 4, 5692, 4, 1, 1, 1),
    )


@pytest.mark.parametrize(
    ("states", "missing", "stale", "code"),
    [
        ((State.FINDING,), True, True, 1),
        ((), True, False, 3),
        ((), False, True, 3),
        ((State.UNKNOWN,), False, False, 3),
        ((State.WAITING, State.EXCEPTION, State.QUARANTINE), False, False, 0),
    ],
)
def test_the_exit_code_says_found_not_read_or_fine(
    states: tuple[State, ...], missing: bool, stale: bool, code: int
) -> None:
    findings = tuple(replace(SURVEY.findings[0], state=state) for state in states)
    survey = replace(
        SURVEY,
        findings=findings,
        not_read=SURVEY.not_read if missing else (),
        stale=SURVEY.stale if stale else (),
    )
    assert survey.exit_code == code


def test_what_is_not_read_now_is_neither_gone_nor_still_there() -> None:
    before = SURVEY.in_state(State.FINDING)
    held = {id: each for id, each in SURVEY.held.items() if id != BANK.id}
    now = replace(SURVEY, held=held, findings=(before[0], replace(before[1], user_id="AIDANEW")))
    since = compare_findings(now, "2026-11-20", before)
    assert [each.user_id for each in since.new] == ["AIDANEW"]
    assert sorted(each.user for each in since.gone) == sorted(
        each.user for each in before[1:] if each.account != BANK.id
    )
    assert (since.still, since.not_known) == (1, 1)


def test_an_account_is_stale_only_where_the_last_run_is_known() -> None:
    held = {
        SHOP.id: Held(1, judged=NOW - timedelta(hours=49)),
        BANK.id: Held(1, judged=NOW - timedelta(hours=48)),
        SANDBOX.id: Held(1),
    }
    stale = find_stale((SHOP, BANK, SANDBOX), held, NOW, timedelta(hours=48))
    assert [(each.account, each.why) for each in stale] == [
        (SHOP, "last judged 2026-11-25 11:00 UTC")
    ]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("unit=prod*", True),
        ("unit=REGULATED", True),
        ("name=b?nk", True),
        ("Environment=prod*", True),
        ("Environment=dev", False),
        ("Other=*", False),
        ("name=shop", False),
    ],
)
def test_production_is_told_by_unit_name_or_tag(pattern: str, expected: bool) -> None:
    tags = {"Environment": "Production"}
    assert is_production(BANK, UNITS[BANK.unit], tags, [pattern]) is expected
