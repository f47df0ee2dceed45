"""How the emulator's modules hold on to each other, read from their source."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.paths import ROOT

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "emulator").rglob("*.py"))
}
MOTO_SERVICES = ("awslambda", "cloudformation", "config", "iam", "organizations", "ssm")


@cache
def parse(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def read(name: str) -> str:
    """Return the source of a module."""
    return MODULES[name].read_text(encoding="utf-8")


def imports(tree: ast.AST) -> Iterator[str]:
    """Give the name of every module that is imported anywhere in a tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_import_goes_in_a_circle() -> None:
    graph = {name: {*imports(parse(path))} & {*MODULES} for name, path in MODULES.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_every_import_stands_at_the_top_of_its_module() -> None:
    # A child interpreter imports what its parent names.
    inside = [
        (name, found)
        for name, path in MODULES.items()
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef) and not name.startswith("emulator.child.")
        for found in imports(node)
    ]
    assert inside == []


def test_no_import_is_for_types_only() -> None:
    assert [name for name in MODULES if "TYPE_CHECKING" in read(name)] == []


def test_the_emulator_imports_nothing_of_the_product() -> None:
    found = {each.split(".")[0] for path in MODULES.values() for each in imports(parse(path))}
    assert found & {"rollout", "rule", "guardrails", "tools", "tests"} == set()


def test_the_emulator_knows_no_name_of_the_product() -> None:
    names = re.compile(
        "no.?setup|CodeBucket|CodeKey|users_seen|QuarantineDays|GraceHours", re.IGNORECASE
    )
    assert [(name, found[0]) for name in MODULES if (found := names.search(read(name)))] == []


def test_moto_finds_each_service_by_the_folder_of_its_models() -> None:
    for service in MOTO_SERVICES:
        assert {f"emulator.{service}.models", f"emulator.{service}.urls"} <= {*MODULES}
    assert [name for name in MODULES if "_url_module" in read(name)] == []


def test_a_profile_of_this_machine_that_is_not_there_stops_no_import() -> None:
    environment = {**os.environ, "AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, "-c", "import emulator"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
