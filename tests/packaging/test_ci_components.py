"""What other pipelines include: the GitHub Action and the GitLab component, their commands run."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rollout.commands.test_prevent import CLEAN, TEMPLATE
from tests.support.paths import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
INSTALL, CHECK = ACTION["runs"]["steps"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository with a finding, and the program where the install step puts it."""
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
    assert '--require-hashes -r "$GITHUB_ACTION_PATH/requirements-prevent.txt"' in INSTALL["run"]
    for name in ("cfn-lint", "pathspec", "pyyaml", "tfparse"):
        assert f"\n{name}==" in "\n" + (ROOT / "requirements-prevent.txt").read_text()


def test_the_gitlab_component_writes_a_code_quality_report(place: Path) -> None:
    head, jobs = yaml.safe_load_all((ROOT / "templates" / "prevent.yml").read_text())
    job: dict[str, Any] = jobs["no-setup-access-key"]
    script = job["script"][-1]
    for name, told in head["spec"]["inputs"].items():
        script = script.replace(f"$[[ inputs.{name} ]]", told.get("default", ""))
    code, _ = run(place, script)
    report = json.loads((place / job["artifacts"]["reports"]["codequality"]).read_text())
    assert code == 1
    assert [(e["location"], e["severity"]) for e in report] == [
        ({"path": "stack.yaml", "lines": {"begin": 5}}, "major")
    ]
    assert len(report[0]["fingerprint"]) == 32
