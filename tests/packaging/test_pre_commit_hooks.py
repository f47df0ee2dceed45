"""The hooks as a team meets them: the real pre-commit installs this repository and runs them."""

import csv
import sys
from pathlib import Path

import pytest

from tests.rollout.commands.test_prevent import (
    CLEAN,
    ONE_PLAN,
    PLAN,
    PLAN_MESSAGE,
    TEMPLATE,
    TEMPLATE_MESSAGE,
    closing,
)
from tests.support.checkout import commit, copy_checkout, run

pytestmark = pytest.mark.slow

SOURCE = """\
resource "aws_iam_user_login_profile" "p" { user = "ann" }
resource "aws_iam_access_key" "k" { user = "ann" }
"""
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commit of this work tree, as pre-commit would clone it."""
    return copy_checkout(tmp_path_factory.mktemp("hooks"))


def run_hook(repository: Path, folder: Path, hook: str) -> tuple[int, str]:
    """Run one hook on every file of a folder; skip where pip cannot install at all.

    What it needs is installed as pre-commit does it, and not borrowed from this machine.
    """
    revision = run(repository, "git", "rev-parse", "HEAD").stdout.strip()
    (folder / ".pre-commit-config.yaml").write_text(
        f"repos:\n- repo: {repository}\n  rev: {revision}\n  hooks:\n  - id: {hook}\n"
    )
    commit(folder)
    done = run(
        folder,
        *(str(Path(sys.executable).with_name("pre-commit")), "run", "--all-files", "--color=never"),
        PRE_COMMIT_HOME=str(repository.parent / hook),
    )
    if "No matching distribution found" in done.stdout:
        pytest.skip("pip cannot install here: it reaches no registry")
    return done.returncode, done.stdout


def list_installed(repository: Path, hook: str) -> dict[str, int]:
    """Return the packages that a hook installed, and their bytes."""
    (place,) = (repository.parent / hook).glob("repo*/py_env-*/lib/*/site-packages")
    return {
        each.name.partition("-")[0]: sum(
            int(size) for *_, size in csv.reader((each / "RECORD").open()) if size
        )
        for each in place.glob("*.dist-info")
        if not each.name.startswith(("pip-", "setuptools-", "wheel-"))
    }


def test_the_hook_for_cloudformation_refuses_the_template_and_nothing_else(
    repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "stack.template").write_text(TEMPLATE)
    (tmp_path / "clean.yaml").write_text(CLEAN)
    (tmp_path / "plan.json").write_text(PLAN)
    (tmp_path / "workflow.yml").write_text("on: push\n")
    code, out = run_hook(repository, tmp_path, "no-setup-access-key-cloudformation")
    assert f"\n\nstack.template:5: {TEMPLATE_MESSAGE}\n" in out
    # plan.json and the workflow, and pre-commit's own configuration.
    assert closing(1, "2 files judged (2 templates)", 3) in out
    assert code == 1
    installed = list_installed(repository, "no-setup-access-key-cloudformation")
    assert not {"boto3", "botocore", "rich", "rdklib", "tfparse"} & set(installed)
    assert sum(installed.values()) < 90 * MEGABYTE


def test_the_hook_for_terraform_refuses_the_plan_and_nothing_else(
    repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "stack.json").write_text('{"Resources": {}}')
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "plan.json").write_text(PLAN)
    code, out = run_hook(repository, tmp_path, "no-setup-access-key-terraform")
    assert f"\n\nplan.json:1: {PLAN_MESSAGE}\n" + closing(1, ONE_PLAN, 2) in out
    assert code == 1
    installed = list_installed(repository, "no-setup-access-key-terraform")
    assert sorted(installed) == ["iam_user_no_setup_access_key", "pathspec", "pyyaml"]
    assert sum(installed.values()) < 6 * MEGABYTE


def test_a_repository_without_findings_passes(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "clean.yaml").write_text(CLEAN)
    code, out = run_hook(repository, tmp_path, "no-setup-access-key-cloudformation")
    assert code == 0, out
    assert out.endswith("Passed\n")


def test_the_hook_for_source_judges_the_folder_of_a_changed_file(
    repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(SOURCE)
    code, out = run_hook(repository, tmp_path, "no-setup-access-key-terraform-source")
    assert closing(1, "1 file judged (1 source file)") in out
    assert code == 1
    installed = list_installed(repository, "no-setup-access-key-terraform-source")
    assert sum(installed.values()) < 70 * MEGABYTE
