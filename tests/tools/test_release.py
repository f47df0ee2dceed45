"""A release is made of a commit, offline, and is whole for somebody who gets dist/ alone."""

import sys
from pathlib import Path

import pytest

from rule import __version__
from tests.support.checkout import IDENTITY, copy_checkout, run
from tools.release import NotReleased, cut_notes

CHANGELOG = """\
# Changelog

## [Unreleased]

- Coming.

## [0.2.0] - 2026-12-01

### Added

- A second thing.

## [0.1.0] - 2026-11-28

- A first thing.
"""


@pytest.mark.parametrize(
    ("version", "notes"),
    [("0.2.0", "### Added\n\n- A second thing.\n"), ("0.1.0", "- A first thing.\n")],
)
def test_the_notes_are_the_version_s_own_section(version: str, notes: str) -> None:
    assert cut_notes(CHANGELOG, version) == notes


@pytest.mark.parametrize("version", ["0.3.0", "0.1", "Unreleased"])
def test_a_version_without_a_section_is_not_released(version: str) -> None:
    with pytest.raises(NotReleased, match=f"CHANGELOG.md has no section for {version}"):
        cut_notes(CHANGELOG, version)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy_checkout(tmp_path_factory.mktemp("release"))
    run(folder, "git", "branch", "-M", "main")
    changelog = folder / "CHANGELOG.md"
    text = changelog.read_text()
    if f"## [{__version__}]" not in text:
        heading = f"## [Unreleased]\n\n## [{__version__}] - 2026-11-28\n"
        changelog.write_text(text.replace("## [Unreleased]\n", heading, 1))
        run(folder, "git", *IDENTITY, "commit", "-qam", "Release")
    return folder


def release(folder: Path) -> tuple[int, str]:
    identity = {f"GIT_COMMITTER_{name}": "t@example.com" for name in ("NAME", "EMAIL")}
    done = run(folder, sys.executable, "-m", "tools.release", **identity)
    return done.returncode, done.stdout + done.stderr


def test_neither_another_branch_nor_a_changed_file_is_released(checkout: Path) -> None:
    run(checkout, "git", "switch", "-qc", "mine")
    assert release(checkout) == (1, "This is the branch mine: release from main.\n")
    run(checkout, "git", "switch", "-q", "main")
    (checkout / "notes.txt").write_text("x")
    assert release(checkout) == (1, "main is not clean: commit or remove notes.txt first.\n")
    (checkout / "notes.txt").unlink()
    assert run(checkout, "git", "tag").stdout == ""


@pytest.mark.slow
def test_the_release_is_tagged_and_dist_holds_all_of_it(checkout: Path) -> None:
    code, said = release(checkout)
    assert code == 0, said
    assert said.startswith(f"v{__version__} is tagged, and nothing is pushed. In dist/:\n")
    name = f"iam_user_no_setup_access_key-{__version__}"
    (package,) = (checkout / "dist").glob("*.zip")
    assert sorted(file.name for file in (checkout / "dist").iterdir()) == sorted(
        [
            package.name,
            f"{name}-py3-none-any.whl",
            f"{name}.tar.gz",
            *("template.yaml", "conformance-pack.yaml", "parameters.json"),
            *("RELEASE_NOTES.md", "SHA256SUMS"),
        ]
    )
    checked = run(checkout / "dist", "sha256sum", "--check", "SHA256SUMS")
    assert checked.stdout.count(": OK\n") == 7
    assert run(checkout, "git", "status", "--porcelain").stdout == ""
    assert run(checkout, "git", "tag").stdout == f"v{__version__}\n"
    assert release(checkout) == (
        1,
        f"v{__version__} is there already: raise __version__ in rule/__init__.py.\n",
    )
