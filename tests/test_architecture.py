"""The house stays as docs/architecture.md says: each folder has a row, each import goes one way."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT

PACKAGES = ("rule", "guardrails", "rollout", "emulator", "tools")
MAY_IMPORT = {
    "rule": {"rule"},
    "guardrails": {"guardrails", "rule"},
    "emulator": {"emulator"},
    "rollout": {"rollout", "rule", "guardrails", "emulator"},
}
LONGER = {
    # cfn-lint loads a rule from one file.
    "guardrails/cloudformation/rules/console_user_key.py",
}
MAX_LINES = 250


def modules(package: str) -> Iterator[Path]:
    return (file.relative_to(ROOT) for file in sorted((ROOT / package).rglob("*.py")))


def name(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """Yield the modules of ours that a module imports when it is imported."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for each in node.names:
                whole = f"{node.module}.{each.name}"
                yield whole if (ROOT / f"{whole.replace('.', '/')}.py").exists() else node.module
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    upward = {
        (str(file), each)
        for file in modules(package)
        for each in imports(file)
        if each.partition(".")[0] in (*PACKAGES, "tests")
        and each.partition(".")[0] not in MAY_IMPORT[package]
    }
    assert upward == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_no_import_goes_in_a_circle(package: str) -> None:
    names = {name(file) for file in modules(package)}
    graph = {
        name(file): {each for each in imports(file) if each in names} - {name(file)}
        for file in modules(package)
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)


def test_nothing_below_the_verbs_imports_a_verb_or_argparse() -> None:
    below = [
        file for file in modules("rollout") if file.parts[1] not in ("commands", "__main__.py")
    ]
    assert {
        (str(file), each)
        for file in below
        for each in imports(file)
        if each.startswith(("rollout.commands", "argparse"))
    } == set()


def test_every_module_is_short_enough_to_hold_one_subject() -> None:
    lengths = {
        str(file): len((ROOT / file).read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for file in modules(package)
        if str(file) not in LONGER
    }
    assert {file: lines for file, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_folder_has_its_row_in_the_page() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w/]+)/`", page))
    folders = {
        str(file.relative_to(ROOT).parent) for file in ROOT.glob("rollout/*/__init__.py")
    } | set(PACKAGES)
    assert folders - named == set()
    assert {each for each in named if not (ROOT / each).is_dir()} <= {
        "cloudformation",
        "terraform",
        "formats",
        "scp",
        "journeys",
        "packaging",
        "templates",
        "support",
        "cases",
    }
