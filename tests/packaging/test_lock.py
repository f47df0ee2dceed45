"""The locks are the whole truth: what they hold is all that is installed, and nothing is resolved.

Where a lock lacks an extra or a hash, pip takes the newest release of the day, and a stranger's
release breaks this project for whoever comes new. Hence `pip install --no-deps --require-hashes`,
and these tests.
"""

import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT

LOCKS = {
    "requirements.txt": (),
    "requirements-demo.txt": ("demo",),
    "requirements-dev.txt": ("dev",),
}
"""The extras and groups of pyproject.toml that each lock holds besides the dependencies."""


class Locked(NamedTuple):
    """One line of a lock."""

    requirement: Requirement
    hashes: int


def read_lock(file: Path) -> dict[str, list[Locked]]:
    """Return what is locked, by name; a name may stand there once for each range of Pythons."""
    found = dict[str, list[Locked]]()
    for entry in file.read_text().replace("\\\n", " ").splitlines():
        words = entry.partition(" #")[0]
        if not words.strip() or words.lstrip().startswith("#"):
            continue
        text, *hashes = words.split("--hash=sha256:")
        requirement = Requirement(text)
        found.setdefault(canonicalize_name(requirement.name), []).append(
            Locked(requirement, len(hashes))
        )
    return found


def read_asked(groups: tuple[str, ...]) -> list[Requirement]:
    """Return what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    lines = list(project["project"]["dependencies"])
    for group in groups:
        lines += (project["project"]["optional-dependencies"] | project["dependency-groups"])[group]
    return [Requirement(line) for line in lines]


def follow(asked: list[Requirement]) -> list[Requirement]:
    """Return these requirements and, with their extras, all that they need on this Python."""
    seen = dict[tuple[str, str], Requirement]()
    waiting = [(each, "") for each in asked]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if (requirement.name, str(requirement)) in seen:
            continue
        seen[requirement.name, str(requirement)] = requirement
        try:
            needs = [Requirement(line) for line in requires(requirement.name) or ()]
        except PackageNotFoundError:
            pytest.fail(f"{requirement.name} is needed and not installed: make venv")
        waiting += [(need, each) for need in needs for each in ("", *requirement.extras)]
    return list(seen.values())


def find_faults(lock: dict[str, list[Locked]], asked: list[Requirement]) -> list[str]:
    """Return what pip would resolve anew with this lock, in one sentence each."""
    faults = []
    for each in (locked for entries in lock.values() for locked in entries):
        pins = [specifier.operator for specifier in each.requirement.specifier]
        if pins != ["=="] or not each.hashes:
            faults.append(f"{each.requirement} is not one version with its hashes.")
    for requirement in asked:
        entries = lock.get(canonicalize_name(requirement.name), [])
        held = [each.requirement for each in entries if _applies(each.requirement)]
        if len(held) != 1:
            faults.append(f"{requirement} is asked for and locked {len(held)} times.")
        elif lost := requirement.extras - held[0].extras:
            faults.append(f"{held[0]} lost {', '.join(sorted(lost))} of {requirement}.")
        elif not requirement.specifier.contains(_version(held[0]), prereleases=True):
            faults.append(f"{held[0]} is locked, {requirement} is asked for.")
    return faults


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def _version(requirement: Requirement) -> str:
    (specifier,) = requirement.specifier
    return specifier.version


@pytest.mark.parametrize(("name", "groups"), LOCKS.items())
def test_a_lock_holds_each_package_with_its_extras_one_version_and_hashes(
    name: str, groups: tuple[str, ...]
) -> None:
    assert find_faults(read_lock(ROOT / name), follow(read_asked(groups))) == []


def test_a_lost_extra_a_lost_package_and_a_lost_hash_are_found(tmp_path: Path) -> None:
    (tmp_path / "lock.txt").write_text(
        "coverage==7.17.3 \\\n    --hash=sha256:12\nrich==14.1\nmoto==5.2.5 --hash=sha256:34\n"
    )
    asked = [Requirement(each) for each in ("coverage[toml]>=7.6", "boto3", "moto==5.2.6")]
    assert find_faults(read_lock(tmp_path / "lock.txt"), asked) == [
        "rich==14.1 is not one version with its hashes.",
        "coverage==7.17.3 lost toml of coverage[toml]>=7.6.",
        "boto3 is asked for and locked 0 times.",
        "moto==5.2.5 is locked, moto==5.2.6 is asked for.",
    ]


def test_pip_finds_no_fault_in_what_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "No broken requirements found.\n", done.stdout


def test_make_resolves_the_locks_with_their_extras() -> None:
    (line,) = [x for x in (ROOT / "Makefile").read_text().splitlines() if "uv pip compile" in x]
    assert line.startswith("LOCK := ")
    assert "--generate-hashes --no-strip-extras" in line


def test_the_demo_s_lock_holds_what_the_development_lock_holds() -> None:
    demo, everything = (read_lock(ROOT / f"requirements-{name}.txt") for name in ("demo", "dev"))
    # The release and its files; for which extras and Pythons is each lock's own affair.
    releases = [
        {
            name: {(str(each.requirement.specifier), each.hashes) for each in entries}
            for name, entries in lock.items()
        }
        for lock in (demo, everything)
    ]
    assert {name: each for name, each in releases[0].items() if each != releases[1][name]} == {}
