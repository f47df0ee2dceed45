"""Files of every sort that people have at hand, each with the answer that it must get."""

import csv
import json
import shlex

import pytest

from rollout.__main__ import main
from tests.support.paths import CASES

TOLD = CASES / "guardrails" / "told"
with (TOLD / "cases.tsv").open() as table:
    ROWS = list(csv.DictReader(table, delimiter="\t"))


@pytest.mark.parametrize("row", ROWS, ids=[f"{r['file(s)']}: {r['why']}" for r in ROWS])
def test_a_file_gets_the_answer_that_it_must(
    row: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = [*shlex.split(row["command"]), "--format", "json", "--now", "2026-11-28"]
    code = main([*command, str(TOLD / row["file(s)"])])
    keys = [finding["key"] for finding in json.loads(capsys.readouterr().out)]
    assert code == int(row["rc"])
    if row["findings"] != "-":
        assert keys == row["findings"].split(",")
    elif code != 1:
        assert keys == []
