"""What the project says of itself agrees with itself."""

import re
import tomllib

import yaml

from rollout.commands import VERBS
from rule import __version__
from tests.support.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
GITHUB = ROOT / ".github"


def test_ci_runs_ci_run_and_nothing_else_on_every_python_that_is_promised() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows" / "ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    promised = re.findall(r":: (3\.\d+)", " ".join(PROJECT["classifiers"]))
    assert job["strategy"]["matrix"]["python"] == promised


def test_the_forms_ask_for_what_a_report_needs() -> None:
    asked = {
        file.stem: yaml.safe_load(file.read_text())["body"]
        for file in (GITHUB / "ISSUE_TEMPLATE").glob("*-*.yml")
    }
    assert {"row", "parameters"} <= {each.get("id") for each in asked["wrong-verdict"]}
    assert "status --format json" in str(asked["stuck-roll-out"])


def test_the_page_on_prevention_names_the_version_that_is_released() -> None:
    page = (ROOT / "docs" / "prevent.md").read_text()
    revisions = re.findall(r"iam-user-no-setup-access-key\n +rev: [0-9a-f]{40} # (\S+)", page)
    told = re.findall(r"git rev-parse '(\S+)\^{commit}'", page)
    assert (revisions, told) == ([f"v{__version__}"], [f"v{__version__}"])


def test_every_make_target_is_in_its_help() -> None:
    text = (ROOT / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()
    assert {each for each in targets if each != "help" and f"make {each} " not in text} == set()


def test_every_file_of_github_is_valid_yaml() -> None:
    for file in GITHUB.rglob("*.yml"):
        assert yaml.safe_load(file.read_text())


def test_the_security_page_says_what_every_verb_changes() -> None:
    page = (ROOT / "SECURITY.md").read_text()
    assert {verb for verb in VERBS if f"`{verb}`" not in page} == set()
