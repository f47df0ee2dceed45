import io
import sys

import pytest

from rollout.output.progress import Fault, Story


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def tell(story: Story) -> int:
    with story.line("first") as line:
        line.end("fine")
    with story.line("second") as line:
        line.find([Fault("somewhere: broken", "mend it"), Fault("elsewhere: broken")])
    story.changed("the first")
    return story.close({})


def test_a_name_its_dots_its_result_and_the_faults_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell(Story("table")) == 1
    assert capsys.readouterr().out == (
        f"first {'.' * 67} fine\n"
        f"second {'.' * 66} 2 FAULTS\n"
        "    somewhere: broken\n"
        "        run: mend it\n"
        "    elsewhere: broken\n"
        "2 faults. Changed: the first.\n"
    )


def test_the_name_is_out_before_the_work_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with Story("table").line("slow"):
        assert capsys.readouterr().out == f"slow {'.' * 68} "


def test_a_line_that_is_stopped_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), Story("table").line("slow"):
        raise KeyboardInterrupt
    assert capsys.readouterr().out.endswith(" STOPPED\n")


def test_a_terminal_gets_colour_unless_no_color_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", coloured := Terminal())
    tell(Story("table"))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", plain := Terminal())
    tell(Story("table"))
    assert "\x1b[32mfine" in coloured.getvalue()
    assert "\x1b[3" not in plain.getvalue()
