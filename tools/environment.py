"""Sets up .venv with exactly what a lock holds; nothing is resolved. `make` runs it.

It runs on whatever Python `make` was given, before anything is installed: it imports only the
standard library, and an older Python can read it and is refused in a sentence. What was interrupted
is done anew: the mark that says "ready" is written last.
"""

import subprocess
import sys
from pathlib import Path

VENV = Path(".venv")
LOCKS = {"demo": "requirements-demo.txt", "dev": "requirements-dev.txt"}
NEEDED = (3, 11)
NO_NETWORK = (
    "No matching distribution found",
    "Max retries exceeded",
    "Temporary failure in name resolution",
    "Failed to establish a new connection",
    "timed out",
)
"""What pip says when it reaches no package index; it never says it in so many words."""


class NotReady(Exception):
    """The environment cannot be set up; the text says why and what to do."""


def set_up(kind: str) -> None:
    """Make .venv anew with what the lock of this kind holds. Raises NotReady."""
    if sys.version_info[:2] < NEEDED:
        version = ".".join(str(part) for part in sys.version_info[:2])
        raise NotReady(
            f"This is Python {version}, and 3.11 or later is needed: name a newer one with"
            " make PYTHON=python3.12"
        )
    if VENV.is_symlink():
        raise NotReady(
            f"{VENV} is a link to {VENV.readlink()}: setting up would empty that folder."
            " Remove the link and try again."
        )
    said = run_quietly(sys.executable, "-m", "venv", "--clear", str(VENV))
    if said is not None:
        raise NotReady(
            f"Python's venv module cannot make {VENV} (on Debian: apt-get install python3-venv):"
            f" {said}"
        )
    install(kind)
    (VENV / f".ready-{kind}").touch()


def install(kind: str) -> None:
    """Install a lock. Raises NotReady."""
    pip = (str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "--quiet")
    exactly = ("--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", LOCKS[kind])
    said = run_quietly(*pip, *exactly)
    if said is None:
        return
    if any(each in said for each in NO_NETWORK):
        raise NotReady(
            "The packages cannot be fetched: pip reaches no package index. It takes them from"
            " PyPI, or from the index and the proxy that pip's own configuration names."
        )
    raise NotReady(f"pip cannot install {LOCKS[kind]}: {said}")


def run_quietly(*command: str) -> "str | None":
    """Run a command; return None, or in one line what it said when it failed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode == 0:
        return None
    return " ".join(done.stdout.decode(errors="replace").split()) or "it does not say why"


def main(kind: str) -> int:
    """Set up what is named, "demo" or "dev"; return 1 when that cannot be done."""
    print(f"Setting up {VENV} ({kind}), a minute or so ...", flush=True)
    try:
        set_up(kind)
    except NotReady as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
