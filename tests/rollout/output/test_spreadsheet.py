import csv
import io

import pytest

from rollout.output.report import write_report
from rollout.output.spreadsheet import write_cells
from tests.support.surveys import make_hostile, make_survey


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("-2", "'-2"),
        ("@SUM", "'@SUM"),
        ("\tx", "'\tx"),
        (" =1", "' =1"),
        ("a=1", "a=1"),
        ("ben.idle@example.com", "ben.idle@example.com"),
        (None, ""),
    ],
)
def test_a_cell_that_begins_like_a_formula_is_text(cell: str | None, written: str) -> None:
    out = io.StringIO(newline="")
    write_cells(out, [[cell, "x"]])
    assert next(csv.reader(io.StringIO(out.getvalue()))) == [written, "x"]


def test_no_cell_of_a_report_is_a_formula_and_an_ordinary_one_is_as_it_is() -> None:
    for survey in (make_hostile(), make_survey()):
        out = io.StringIO(newline="")
        write_report(survey, "csv", True, out)
        rows = list(csv.DictReader(io.StringIO(out.getvalue())))
        assert len(rows) == len(survey.findings) + len(survey.not_read)
        cells = [cell for row in rows for cell in row.values()]
        assert not [each for each in cells if each.startswith(("=", "+", "-", "@", "\t"))]
    assert rows[0]["user"] == "ben.idle"
