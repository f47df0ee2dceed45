"""The check of a template where the machine lacks something: a readable home, or cfn-lint."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rollout.commands.test_prevent import TEMPLATE, TEMPLATE_MESSAGE, closing
from tests.support.paths import ROOT

WITHOUT_CFN_LINT = (
    "import sys; sys.modules['cfnlint'] = None\n"
    "from rollout.__main__ import main; sys.exit(main(sys.argv[1:]))"
)


def prevent(
    folder: Path, *before: str, code: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the verb in a process of its own on stack.yaml."""
    (folder / "stack.yaml").write_text(TEMPLATE)
    how = ("-c", code) if code else ("-m", "rollout")
    return subprocess.run(
        [*before, sys.executable, *how, "prevent", "stack.yaml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_home_that_nobody_may_read_does_not_stop_the_run(tmp_path: Path) -> None:
    before: tuple[str, ...] = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root reads every home, and there is no setpriv to stop it")
        before = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")
    home = tmp_path / "home"
    home.mkdir(mode=0o000)
    # XDG_CACHE_HOME, where a machine sets it, would hide the home.
    cache = str(home / "cache")
    done = prevent(tmp_path, *before, HOME=str(home), XDG_CACHE_HOME=cache)
    finding = f"stack.yaml:5: {TEMPLATE_MESSAGE}\n" + closing(1, "1 file judged (1 template)")
    assert (done.returncode, done.stdout, done.stderr) == (1, finding, "")


def test_without_cfn_lint_a_template_with_a_key_is_not_judged_and_does_not_pass(
    tmp_path: Path,
) -> None:
    done = prevent(tmp_path, code=WITHOUT_CFN_LINT)
    assert (done.returncode, done.stdout) == (2, closing(0, "0 files judged", not_judged=1))
    assert done.stderr == (
        "stack.yaml: it takes cfn-lint to judge, and cfnlint is not installed here: pip install"
        " cfn-lint.\n"
    )
