import io
import sys

import pytest

from rollout.output.fault import Fault, Result, Unseen
from rollout.output.run import Run
from rollout.output.tables import Cell, Column
from rollout.output.teller import Teller


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


FAULTS = (Fault("1", "second", "1 one: broken", "mend it"), Fault("", "second", "broken"))


def tell(run: Run) -> int:
    with run.line("first", "first") as line:
        line.end(Result("first", "first", good="fine"))
    with run.line("second", "second") as line:
        line.end(Result("second", "second", faults=FAULTS))
    run.changed("the first")
    return run.close({})


def test_a_name_its_dots_its_result_and_the_faults_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell(Run("deploy", "table")) == 1
    assert capsys.readouterr().out == (
        f"first {'.' * 67} fine\n"
        f"second {'.' * 66} 2 FAULTS\n"
        "    1 one: broken\n"
        "        run: mend it\n"
        "    broken\n"
        "2 faults. Changed: the first.\n"
    )


def test_a_newer_result_of_a_check_replaces_the_older_and_no_other() -> None:
    run = Run("deploy", "table")
    with run.line("pack", "pack") as line:
        line.end(Result("pack", "pack", faults=(Fault("1", "pack", "1 one: no pack"),)))
    with run.line("recorder", "recorder") as line:
        line.end(Result("recorder", "recorder", faults=(Fault("1", "recorder", "1 one: stopped"),)))
    with run.line("pack", "pack, once more") as line:
        line.end(Result("pack", "pack, once more"))
    assert run.faults == (Fault("1", "recorder", "1 one: stopped"),)


def test_what_was_not_seen_is_data_and_not_a_colour() -> None:
    run = Run("check", "table")
    hidden = Unseen("1", "recorder", "no role")
    with run.line("recorder", "recorder") as line:
        line.end(Result("recorder", "recorder", unseen=(hidden,), part="1 ok, 1 not seen"))
    assert (run.unseen, run.faults, run.results["recorder"].word) == (
        (hidden,),
        (),
        "1 ok, 1 not seen",
    )


def test_what_a_line_tells_in_between_repeats_its_name_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    teller = Teller("table")
    with teller.line("slow", "slow"), teller.follow("stacks") as follow:
        follow.show({}, 0, 2)
        follow.show({"1 one": "stack failed"}, 1, 2)
        follow.show({"1 one": "stack failed"}, 2, 2)
    name = f"slow {'.' * 68} "
    assert capsys.readouterr().out == (
        f"{name}\n"
        "        0 of 2 stacks\n"
        "        1 one: stack failed\n"
        "        2 of 2 stacks\n"
        f"{name}ok\n"
    )


def test_a_line_that_is_stopped_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Teller("table").line("slow", "slow"):
        raise KeyboardInterrupt
    assert capsys.readouterr().out.endswith(" STOPPED\n")


def test_only_what_is_bad_is_painted_as_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    columns = [Column("ACCOUNT", identifies=True), Column("LAST SUCCESS"), Column("PACK")]
    row: list[Cell | str] = ["PROD", "2026-09-01T12:00:00Z", Cell("failed", bad=True)]
    Teller("table").table(columns, [row])
    told = screen.getvalue()
    assert "\x1b[1;31mfailed" in told
    assert told.count("\x1b[1;31m") == 1


@pytest.mark.parametrize("width", [40, 80, 120])
def test_identifiers_are_never_cut(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(sys, "stdout", screen := Terminal())
    name = "firstname.lastname-contractor@example.com"
    columns = [
        Column("ACCOUNT", identifies=True),
        Column("NAME", identifies=True),
        *(Column(f"COLUMN {each}") for each in range(6)),
    ]
    rows = [[account, name, *["2026-09-01T12:00:00Z"] * 6] for account in ("333300000001",)]
    Teller("table").table(columns, rows)
    told = screen.getvalue()
    assert "333300000001" in told
    assert "…" not in told
    start = len("333300000001  ")
    names = [line[start:].split("  ")[0].strip() for line in told.splitlines()]
    assert name in "".join(names)
