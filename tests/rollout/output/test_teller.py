from dataclasses import dataclass

import pytest

from rollout.output.fault import Fault, Result, Unseen
from rollout.output.progress import advance
from rollout.output.run import Run
from rollout.output.tables import Cell, Column
from rollout.output.teller import Teller
from tests.support.terminal import open_terminal

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
    assert tell(Run("deploy", "text")) == 1
    assert capsys.readouterr().out == (
        f"first {'.' * 67} fine\n"
        f"second {'.' * 66} 2 FAULTS\n"
        "    1 one: broken\n"
        "        run: mend it\n"
        "    broken\n"
        "2 faults. Changed: the first.\n"
    )


def test_a_newer_result_of_a_check_replaces_the_older_and_no_other() -> None:
    run = Run("deploy", "text")
    with run.line("pack", "pack") as line:
        line.end(Result("pack", "pack", faults=(Fault("1", "pack", "1 one: no pack"),)))
    with run.line("recorder", "recorder") as line:
        line.end(Result("recorder", "recorder", faults=(Fault("1", "recorder", "1 one: stopped"),)))
    with run.line("pack", "pack, once more") as line:
        line.end(Result("pack", "pack, once more"))
    assert run.faults == (Fault("1", "recorder", "1 one: stopped"),)


def test_what_was_not_seen_is_data_and_not_a_colour() -> None:
    run = Run("check", "text")
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
    teller = Teller("text")
    with teller.line("slow", "slow"), teller.follow("stack") as follow:
        follow.show({}, 0, 2)
        follow.show({"1 one": "stack failed"}, 1, 2)
        follow.show({"1 one": "stack failed"}, 2, 2)
    name = f"slow {'.' * 68} "
    assert capsys.readouterr().out == (
        f"{name}\n"
        "        0 of 2 stacks\n"
        "        1 one: stack failed\n"
        "        2 of 2 stacks, 1 failed\n"
        f"{name}ok\n"
    )


def test_a_line_that_is_stopped_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Teller("text").line("slow", "slow"):
        raise KeyboardInterrupt
    assert capsys.readouterr().out.endswith(" STOPPED\n")


def test_only_what_is_bad_is_painted_as_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    columns = [Column("ACCOUNT", identifies=True), Column("LAST SUCCESS"), Column("PACK")]
    row: list[Cell | str] = ["PROD", "2026-09-01T12:00:00Z", Cell("failed", bad=True)]
    with open_terminal(100) as terminal:
        Teller("text").table(columns, [row])
    assert "\x1b[1;31mfailed" in terminal.text
    assert terminal.text.count("\x1b[1;31m") == 1


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(Teller, "clock", staticmethod(clock))
    return clock


def test_a_pipe_gets_one_line_a_failure_and_a_count_every_half_minute(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Teller("text").follow("stack") as follow:
        for done in range(101):
            failed = {"1 one": "stack failed"} if done >= 20 else {}
            follow.show(failed, done, 100)
            clock.now += 1
        follow.show(failed, 100, 100)
    assert capsys.readouterr().out.splitlines() == [
        "        0 of 100 stacks",
        "        1 one: stack failed",
        "        30 of 100 stacks, 1 failed, 0:00:30",
        "        60 of 100 stacks, 1 failed, 0:01:00",
        "        90 of 100 stacks, 1 failed, 0:01:30",
        "        100 of 100 stacks, 1 failed",
    ]


def test_a_pipe_hears_every_half_minute_of_work_that_does_not_move(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Teller("text").follow("pack") as follow:
        for _ in range(8):
            follow.show({}, 3, 5)
            clock.now += 10
    assert capsys.readouterr().out.splitlines() == [
        "        3 of 5 packs",
        "        3 of 5 packs, 0:00:30",
        "        3 of 5 packs, 0:01:00",
    ]


def test_looking_into_many_accounts_is_counted_in_the_line_that_is_open(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with Teller("text").line("recorders", "recorders"):
        for done in (1, 150, 304):
            clock.now += 20
            advance(done, 304)
    advance(1, 2)
    name = f"recorders {'.' * 63} "
    assert capsys.readouterr().out.splitlines() == [
        name,
        "        150 of 304 accounts, 0:00:40",
        f"{name}ok",
    ]


def test_a_terminal_has_one_row_that_says_how_far_it_is_and_is_gone_at_the_end(
    clock: Clock,
) -> None:
    with open_terminal(60) as terminal:
        teller = Teller("text")
        with teller.line("pack", "conformance pack in 304 accounts"):
            assert teller._row
            clock.now = 3
            silent = teller._row.draw().plain
            with teller.follow("pack") as follow:
                follow.show({}, 150, 304)
                moving = teller._row.draw().plain
                follow.show({"1 one": "pack failed"}, 151, 304)
                clock.now = 3700
                late = teller._row.draw().plain
    assert (silent, moving, late) == (
        "conformance pack in 304 accounts ... 0:00:03",
        "conformance pack in 304 accounts ... 150 of 304, 0:00:03",
        "conformance pack in 304… ... 151 of 304, 1 failed, 1:01:40",
    )
    assert terminal.lines == [
        "conformance pack in 304 accounts ...",
        "        1 one: pack failed",
        "conformance pack in 304 accounts ................ ok",
        "",
    ]


def test_a_row_under_way_has_no_colour_of_an_error() -> None:
    with open_terminal(60) as terminal:
        teller = Teller("text")
        with teller.line("pack", "pack"), teller.follow("pack") as follow:
            follow.show({}, 1, 2)
            assert teller._row
            teller._row._live.refresh()
    assert "1 of 2" in terminal.text
    assert "\x1b[31m" not in terminal.text
    assert "\x1b[1;31m" not in terminal.text


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_word_is_torn_at_the_edge_of_a_terminal(width: int) -> None:
    reason = "InsufficientPermissions: the function cannot be invoked (aws lambda get-policy)."
    fault = Fault("1", "pack", f"444455556666 sandbox: {reason}", f"aws {'x' * 200}")
    with open_terminal(width) as terminal:
        teller = Teller("text")
        with teller.line(
            "pack", "the conformance pack of the organization in 304 accounts"
        ) as line:
            line.end(Result("pack", "", good="a result of several words"))
        teller.tell_faults([fault])
    assert max(map(len, terminal.lines)) <= width
    told = " ".join(" ".join(terminal.lines).split())
    assert fault.text in told
    assert "a result of several words" in told
    assert "(aws lambda get-policy)." in "\n".join(terminal.lines)
