"""The hooks as a team meets them: the real pre-commit installs this repository and runs them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_prevent import CLEAN, PLAN, PLAN_MESSAGE, TEMPLATE, TEMPLATE_MESSAGE

ROOT = Path(__file__).parents[1]
LIBRARIES = Path(pytest.__file__).parents[1]


def run(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose hooks are those of this one, as it stands in the work tree."""
    source = tmp_path_factory.mktemp("source")
    for name in ("guardrails", "rollout", "rule", "pyproject.toml", "README.md", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", source)
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "Hooks")):
        assert run(source, "git", *arguments).returncode == 0
    return source


def try_hook(hooks: Path, folder: Path, hook: str) -> subprocess.CompletedProcess[str]:
    """Run one hook on every file of a folder; skip where pip cannot install at all."""
    assert run(folder, "git", "init", "-q").returncode == 0
    assert run(folder, "git", "add", ".").returncode == 0
    pre_commit = str(Path(sys.executable).with_name("pre-commit"))
    done = run(
        folder,
        *(pre_commit, "try-repo", str(hooks), hook, "--all-files", "--color=never"),
        PRE_COMMIT_HOME=str(hooks.parent / "pre-commit"),
        # This package alone is installed; what it depends on is that of the machine.
        PIP_NO_DEPS="1",
        PYTHONPATH=str(LIBRARIES),
    )
    if "Could not find a version that satisfies the requirement setuptools" in done.stdout:
        pytest.skip("pip cannot install here: it reaches no registry for setuptools")
    return done


def test_the_hook_for_cloudformation_refuses_the_template_and_nothing_else(
    hooks: Path, tmp_path: Path
) -> None:
    (tmp_path / "stack.template").write_text(TEMPLATE)
    (tmp_path / "clean.yaml").write_text(CLEAN)
    (tmp_path / "plan.json").write_text(PLAN)
    (tmp_path / "workflow.yml").write_text("on: push\n")
    done = try_hook(hooks, tmp_path, "no-setup-access-key-cloudformation")
    assert f"stack.template:5: {TEMPLATE_MESSAGE}\n1 finding.\n" in done.stdout
    assert done.returncode == 1


def test_the_hook_for_terraform_refuses_the_plan_and_nothing_else(
    hooks: Path, tmp_path: Path
) -> None:
    (tmp_path / "stack.json").write_text('{"Resources": {}}')
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "plan.json").write_text(PLAN)
    done = try_hook(hooks, tmp_path, "no-setup-access-key-terraform")
    assert f"plan.json:1: {PLAN_MESSAGE}\n1 finding.\n" in done.stdout
    assert done.returncode == 1


def test_a_repository_without_findings_passes(hooks: Path, tmp_path: Path) -> None:
    (tmp_path / "clean.yaml").write_text(CLEAN)
    done = try_hook(hooks, tmp_path, "no-setup-access-key-cloudformation")
    assert done.returncode == 0, done.stdout
    assert "Passed" in done.stdout
