"""The demo tells its whole story, through the deployed path, and the README shows it as it is."""

import subprocess
import sys

import pytest

from rollout.__main__ import main
from rollout.commands import demo
from rule.decision import NON_COMPLIANT
from tests.support.paths import ROOT
from tools.readme import excerpt, put_section


@pytest.fixture(scope="module")
def told() -> subprocess.CompletedProcess[str]:
    """The demo, run as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "rollout", "demo"], capture_output=True, text=True, check=False
    )


def test_every_verdict_of_the_demo_is_the_expected_one(
    told: subprocess.CompletedProcess[str],
) -> None:
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.endswith("\nEvery verdict was the expected one.\n")


def test_the_readme_shows_what_the_demo_prints(told: subprocess.CompletedProcess[str]) -> None:
    readme = (ROOT / "README.md").read_text()
    assert put_section(readme, "demo", excerpt(told.stdout)) == readme, "run make readme"


@pytest.mark.slow
def test_a_right_verdict_for_a_wrong_reason_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "IDLE", (NON_COMPLIANT, "It starts in the future."))
    assert main(["demo"]) == 1
    assert capsys.readouterr().out.endswith("\nSome verdicts were not the expected ones.\n")
