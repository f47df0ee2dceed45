"""A copy of this work tree, as somebody has it who has just cloned it."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.support.paths import ROOT

IDENTITY = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")


def run(folder: Path, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, as if no make had started this one."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        command,
        cwd=folder,
        env={**own, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def copy_checkout(folder: Path) -> Path:
    """Copy what git has or would take of this work tree, and commit it there."""
    listed = run(ROOT, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.stdout.split("\0")):
        source, target = ROOT / name, folder / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    commit(folder)
    return folder


def commit(folder: Path) -> str:
    """Commit everything in a folder and return the commit's id."""
    for arguments in (("init", "-q"), ("add", "."), (*IDENTITY, "commit", "-qm", "All")):
        done = run(folder, "git", *arguments)
        assert done.returncode == 0, done.stderr
    return run(folder, "git", "rev-parse", "HEAD").stdout.strip()
