"""Makes a release on this machine: a tag, and in dist/ all that somebody gets who gets no checkout.

Nothing is pushed and nothing is fetched. What is built is the commit, not the work tree, and the
tag is put last: a release that fails leaves none.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rule import __version__

DIST = Path("dist")
TEMPLATES = ("template.yaml", "conformance-pack.yaml", "parameters.json")
NOTES = "RELEASE_NOTES.md"
SUMS = "SHA256SUMS"


class NotReleased(Exception):
    """There is no release; the text says what to do first."""


def run_command(*command: str, folder: Path | None = None, **environment: str) -> str:
    """Return what a command says. Raises NotReleased."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["it does not say why"]
        raise NotReleased(f"{' '.join(command[:3])} failed: {said[-1]}")
    return done.stdout.strip()


def check_main(tag: str) -> None:
    """Raise NotReleased where this is not a clean main, or the tag is there already."""
    branch = run_command("git", "rev-parse", "--abbrev-ref", "HEAD")
    if branch != "main":
        raise NotReleased(f"This is the branch {branch}: release from main.")
    changed = run_command("git", "status", "--porcelain").splitlines()
    if changed:
        raise NotReleased(f"main is not clean: commit or remove {changed[0][2:].strip()} first.")
    if run_command("git", "tag", "--list", tag):
        raise NotReleased(f"{tag} is there already: raise __version__ in rule/__init__.py.")


def cut_notes(changelog: str, version: str) -> str:
    """Return the section of a version without its heading. Raises NotReleased without one."""
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n"
    found = re.search(rf"{heading}(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise NotReleased(
            f"CHANGELOG.md has no section for {version}: give what is under Unreleased the"
            f" heading ## [{version}] - and the day."
        )
    return found[1].strip() + "\n"


def build(checkout: Path, dist: Path) -> None:
    """Put the package, wheel, sdist and templates of a checkout into dist. Raises NotReleased."""
    when = run_command("git", "log", "-1", "--format=%ct", folder=checkout)
    code = run_command(sys.executable, "-m", "rollout.code.package", folder=checkout)
    run_command(
        *(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(dist.resolve())),
        folder=checkout,
        SOURCE_DATE_EPOCH=when,
    )
    for file in (checkout / code, *(checkout / name for name in TEMPLATES)):
        shutil.copy(file, dist / file.name)


def write_sums(dist: Path) -> None:
    """Write the SHA-256 of each file, as sha256sum --check reads it."""
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
        for file in sorted(dist.iterdir())
    ]
    (dist / SUMS).write_text("".join(lines), encoding="utf-8")


def release(version: str) -> str:
    """Make the release and return its tag. Raises NotReleased."""
    tag = f"v{version}"
    check_main(tag)
    notes = cut_notes(Path("CHANGELOG.md").read_text(encoding="utf-8"), version)
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder, "checkout")
        run_command("git", "clone", "--quiet", "--no-hardlinks", ".", str(checkout))
        build(checkout, DIST)
    (DIST / NOTES).write_text(notes, encoding="utf-8")
    write_sums(DIST)
    run_command("git", "tag", "--annotate", tag, "--message", f"{tag}\n\n{notes}")
    return tag


def main() -> int:
    """Make the release of this version; return 1 when it cannot be made."""
    try:
        tag = release(__version__)
    except NotReleased as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{tag} is tagged, and nothing is pushed. In {DIST}/:")
    for file in sorted(DIST.iterdir()):
        print(f"    {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
