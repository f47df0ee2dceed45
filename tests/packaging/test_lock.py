"""The locks are the whole truth: what they hold is all that is installed, and nothing is resolved.

Where a lock lacks an extra or a hash, pip takes the newest release of the day, and a stranger's
release breaks this project for whoever comes new. Hence `pip install --no-deps --require-hashes`,
and these tests.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.paths import ROOT
from tools.locks import HOOKS, Locked, follow_requirements, put_pins, read_asked, read_lock

LOCKS = {
    "requirements.txt": (),
    "requirements-demo.txt": ("demo",),
    "requirements-dev.txt": ("dev",),
}
"""The extras and groups of pyproject.toml that each lock holds besides the dependencies."""


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
    assert find_faults(read_lock(ROOT / name), follow_requirements(read_asked(groups))) == []


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


@pytest.mark.slow
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


def test_the_hooks_install_what_they_need_as_it_is_locked_and_no_more() -> None:
    assert put_pins(HOOKS.read_text()) == HOOKS.read_text(), "run .venv/bin/python -m tools.locks"
    names = {
        hook["id"].removeprefix("no-setup-access-key-"): [
            pin.partition("==")[0] for pin in hook["additional_dependencies"]
        ]
        for hook in yaml.safe_load(HOOKS.read_text())
    }
    options = ["--no-deps", "--no-compile"]
    assert names["terraform"] == [*options, "pathspec", "pyyaml"]
    source = ["cffi", "pathspec", "pycparser", "pyyaml", "tfparse"]
    assert names["terraform-source"] == options + source
    assert {"cfn-lint", "sympy"} < set(names["cloudformation"])
    assert not {"boto3", "tfparse", "rich"} & set(names["cloudformation"])
