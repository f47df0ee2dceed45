"""Which version this is, and which commit it was built from."""

import subprocess
from pathlib import Path

from rollout.names import find_file
from rule import __version__

UNKNOWN = "commit unknown"


def describe_version() -> str:
    """Return version and commit, such as "0.1.0 (commit 0123456789ab)".

    What is installed carries the commit it was built from; a checkout asks git, which adds
    "-dirty" where files differ from it.
    """
    return f"{__version__} ({read_commit()})"


def read_commit() -> str:
    """Return "commit ..." or, without git or its data, that it is unknown."""
    built_from = find_file("commit.txt")
    if built_from.is_file():
        return f"commit {built_from.read_text(encoding='ascii').strip()}"
    folder = Path(str(built_from)).parent
    if not (folder / ".git").exists():
        return UNKNOWN
    command = ("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*")
    try:
        asked = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return UNKNOWN
    return f"commit {asked.stdout.strip()}"
