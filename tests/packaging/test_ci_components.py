"""What other pipelines include: the GitHub Action and the GitLab component, their commands run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rollout.commands.test_prevent import CLEAN, TEMPLATE
from tests.support.checkout import commit, copy_checkout
from tests.support.checkout import run as run_in
from tests.support.paths import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INSTALL, CHECK = ACTION["runs"]["steps"]
SOURCE = """\
resource "aws_iam_user_login_profile" "p" { user = "ann" }
resource "aws_iam_access_key" "k" { user = "ann" }
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a finding, and a program where the install step puts it."""
    program = tmp_path / "runner" / "no-setup-access-key" / "bin" / "no-setup-access-key"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m rollout "$@"\n')
    program.chmod(0o755)
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "stack.yaml").write_text(TEMPLATE)
    (repository / "a b.yaml").write_text(CLEAN)
    return repository


def run(place: Path, script: str, **environment: str) -> tuple[int, str]:
    runner = place.parent / "runner"
    path = f"{runner}/no-setup-access-key/bin:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=place,
        env={**os.environ, "PATH": path, "RUNNER_TEMP": str(runner), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def run_action(place: Path, **inputs: str) -> tuple[int, str]:
    given = {name: inputs.get(name, told["default"]) for name, told in ACTION["inputs"].items()}
    return run(place, CHECK["run"], **{name.upper(): value for name, value in given.items()})


def test_the_action_annotates_the_line_of_the_key(place: Path) -> None:
    code, out = run_action(place)
    assert code == 1
    assert out.startswith("::error file=stack.yaml,line=5,title=")


def test_the_action_takes_files_with_blanks_options_and_a_file_for_its_report(place: Path) -> None:
    code, out = run_action(
        place, files="a b.yaml\n", format="json", output="o.json", options="--kind\ncloudformation"
    )
    assert (code, out, json.loads((place / "o.json").read_text())) == (0, "", [])


def test_the_action_runs_nothing_that_stands_in_an_input(place: Path) -> None:
    run_action(place, files="$(touch made)\n`touch made`\n; touch made")
    assert not (place / "made").exists()


def test_the_action_uses_nobody_elses_action_and_installs_what_is_locked_by_hash() -> None:
    assert not any("uses" in step for step in ACTION["runs"]["steps"])
    assert INSTALL["run"].count(" install ") == 1
    assert '--require-hashes -r "$GITHUB_ACTION_PATH/requirements-prevent.txt"' in INSTALL["run"]
    for name in ("cfn-lint", "pathspec", "pyyaml", "tfparse"):
        assert f"\n{name}==" in "\n" + (ROOT / "requirements-prevent.txt").read_text()


@pytest.mark.slow
def test_what_the_action_s_install_step_installs_is_what_its_check_step_runs(
    place: Path, tmp_path: Path
) -> None:
    checkout = tmp_path / "action"
    checkout.mkdir()
    copy_checkout(checkout)
    shutil.rmtree(tmp_path / "runner")
    (tmp_path / "runner").mkdir()
    (place / "main.tf").write_text(SOURCE)
    code, out = run(place, INSTALL["run"], GITHUB_ACTION_PATH=str(checkout))
    if code and not (tmp_path / "runner/no-setup-access-key/bin/no-setup-access-key").exists():
        pytest.skip(f"pip cannot install here: {out}")
    assert code == 0
    code, out = run_action(place)
    found = sorted(line.partition(",title=")[0] for line in out.splitlines() if "::error" in line)
    assert found == ["::error file=main.tf,line=2", "::error file=stack.yaml,line=5"]
    assert code == 1


def test_the_gitlab_component_s_whole_script_runs_the_commit_that_is_named(
    place: Path, tmp_path: Path
) -> None:
    checkout, image = tmp_path / "component", tmp_path / "image"
    checkout.mkdir()
    image.mkdir()
    copy_checkout(checkout)
    named = run_in(checkout, "git", "rev-parse", "HEAD").stdout.strip()
    (checkout / "rollout" / "__main__.py").write_text("raise SystemExit('a later commit')")
    commit(checkout)
    head, jobs = yaml.safe_load_all((ROOT / "templates" / "prevent.yml").read_text())
    script = "\n".join(jobs["no-setup-access-key"]["script"])
    given = {"source": str(checkout), "commit": named, "files": "."}
    for name in head["spec"]["inputs"]:
        script = script.replace(f"$[[ inputs.{name} ]]", given.get(name, ""))
    script = script.replace(script.split("PYTHONPATH=")[1].split()[0], str(tmp_path / "clone"))
    # What pip would fetch is borrowed from this Python.
    (image / "pip").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    (image / "python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    for each in image.iterdir():
        each.chmod(0o755)
    code, out = run(place, f'PATH="{image}:$PATH"\n{script}')
    job: dict[str, Any] = jobs["no-setup-access-key"]
    report = json.loads((place / job["artifacts"]["reports"]["codequality"]).read_text())
    assert code == 1, out
    assert [(e["location"], e["severity"]) for e in report] == [
        ({"path": "stack.yaml", "lines": {"begin": 5}}, "major")
    ]
    assert len(report[0]["fingerprint"]) == 32
    assert (tmp_path / "asked").read_text().split()[:4] == [
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
    ]
