import re
from io import StringIO

import pytest

from rollout.output.tables import Cell, Column, open_console, write_table
from rollout.output.teller import Teller
from tests.support.terminal import open_terminal

COLUMNS = (
    Column("ACCOUNT", identifies=True),
    Column("USER", identifies=True),
    Column("SINCE"),
    Column("KEY", identifies=True),
    Column("STATE"),
    Column("REASON"),
)
USERS = (
    "firstname.lastname-contractor@partner.example.com",
    "firstname.lastname-contractor@other.example.com",
)
ROWS = [
    [
        f"33330000000{at} shop",
        user,
        "2026-09-01T12:00:00Z",
        f"AKIAIOSFODNN7EXAMPL{at}",
        Cell("FAILED", bad=True),
        "the supplier reads from this key until its own release in autumn",
    ]
    for at, user in enumerate(USERS)
]
WHOLE = re.compile(r"AKIA\w+|\d{4}-\d{2}-\d{2}T[\d:]+Z|33330000000\d")


def draw(width: int, rows: list[list[Cell | str]], columns: tuple[Column, ...] = COLUMNS) -> str:
    with open_terminal(width) as terminal:
        Teller("text").table(columns, rows)
    return "\n".join(terminal.lines).rstrip()


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_date_number_key_or_name_is_cut_or_torn(width: int) -> None:
    told = draw(width, ROWS)
    assert "…" not in told
    for row in ROWS:
        for cell in row[:4]:
            assert all(word in told.split() for word in str(cell).split())
    assert max(map(len, told.splitlines())) <= width


def test_a_name_longer_than_the_terminal_runs_on_and_loses_nothing() -> None:
    told = draw(40, ROWS)
    assert set(WHOLE.findall(told)) == set(WHOLE.findall(draw(200, ROWS)))
    assert all(user in told.replace("\n", "") for user in USERS)


def test_rows_that_find_no_room_become_lines_of_their_own() -> None:
    assert draw(60, [[*ROWS[0][:1], "ben", *ROWS[0][2:]]]).splitlines() == [
        "333300000000 shop  ben  AKIAIOSFODNN7EXAMPL0",
        "    SINCE: 2026-09-01T12:00:00Z",
        "    STATE: FAILED",
        "    REASON: the supplier reads from this key until its own",
        "        release in autumn",
    ]


def test_sentences_give_way_before_those_that_a_row_is_about() -> None:
    columns = (COLUMNS[0], COLUMNS[2], COLUMNS[5])
    rows = [[ROWS[0][0], ROWS[0][2], ROWS[0][5]]]
    assert draw(64, rows, columns).splitlines() == [
        "ACCOUNT            SINCE                 REASON",
        "333300000000 shop  2026-09-01T12:00:00Z  the supplier reads from",
        "                                         this key until its own",
        "                                         release in autumn",
    ]


def test_a_table_in_a_pipe_is_the_one_that_rich_would_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = [Column("ACCOUNT", identifies=True), Column("USERS", right=True), Column("WHY")]
    rows = [
        ["333300000001", "7", Cell("idle", bad=True)],
        ["東京", "1,234", ""],
        ["e\u0301ric", "", "[bold]:smile: and a sentence that is longer than the others"],
    ]
    plain, drawn = StringIO(), StringIO()
    write_table(open_console(plain), columns, rows)
    monkeypatch.setattr("rollout.output.tables.fits", lambda *_: False)
    write_table(open_console(drawn), columns, rows)
    assert plain.getvalue() == drawn.getvalue()
    assert plain.getvalue().splitlines()[1] == "333300000001      7  idle"


def test_cells_of_more_than_one_line_are_left_to_rich() -> None:
    out = StringIO()
    write_table(open_console(out), [Column("A"), Column("B")], [["one\ntwo", "three"]])
    assert [line.split() for line in out.getvalue().splitlines()] == [
        ["A", "B"],
        ["one", "three"],
        ["two"],
    ]
