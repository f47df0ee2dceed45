"""The pages on prevention: what they show is what the commands say and the tools accept."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import yaml
from cfnlint.api import lint

from guardrails.cloudformation.check import check_template
from guardrails.cloudformation.rules.console_user_key import ConsoleUserKey
from guardrails.exemption import read_exemptions
from guardrails.terraform.source import check_source
from rollout.__main__ import main
from tests.guardrails.cloudformation.test_guard import run_guard
from tests.guardrails.scp.test_scp import PLACEHOLDERS
from tests.rollout.commands.test_prevent import CLEAN, PLAN, TEMPLATE
from tests.support.paths import ROOT

TODAY = date(2026, 9, 1)
PAGES = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]


def read(page: str) -> str:
    return (ROOT / "docs" / page).read_text()


def find_blocks(page: str, language: str, section: str = "") -> list[str]:
    """Return the code blocks of a language, of one section or of the whole page."""
    text = read(page)
    if section:
        text = re.split(rf"^## {re.escape(section)}$", text, flags=re.MULTILINE)[1]
        text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_the_example_s_output_is_the_command_s_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stack.yaml").write_text(TEMPLATE)
    command, _, output = find_blocks("prevent.md", "console")[0].partition("\n")
    assert command.startswith("$ no-setup-access-key ")
    assert main(shlex.split(command)[2:]) == 1
    assert capsys.readouterr().out == output


def test_every_command_line_shown_is_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("templates").mkdir()
    for name in ("stack.yaml", "templates/*.yaml"):
        Path(name).write_text(CLEAN)
    Path("plan.json").write_text(PLAN)
    for name in (
        "cdk.out/stack.template.json",
        ".serverless/cloudformation-template-update-stack.json",
    ):
        Path(name).parent.mkdir()
        Path(name).write_text('{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}')
    shown = re.findall(r"(?:no-setup-access-key|rollout) (prevent [^`\n>]+)", read("prevent.md"))
    assert len(shown) == 6
    assert {main(shlex.split(line)) for line in shown} == {0, 1}


def test_the_snippet_for_pre_commit_is_valid_and_names_hooks_that_exist(tmp_path: Path) -> None:
    snippet = find_blocks("prevent.md", "yaml", "pre-commit")[0]
    (tmp_path / "config.yaml").write_text(snippet)
    pre_commit = Path(sys.executable).with_name("pre-commit")
    run = subprocess.run(
        [pre_commit, "validate-config", tmp_path / "config.yaml"],
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "pre-commit")},
        check=False,
    )
    assert run.returncode == 0
    offered = {h["id"] for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {h["id"] for h in yaml.safe_load(snippet)["repos"][0]["hooks"]} == offered


@pytest.mark.parametrize("way", ["the file", "the command line"])
def test_the_snippets_for_cfn_lint_bring_the_rule(tmp_path: Path, way: str) -> None:
    (tmp_path / "stack.yaml").write_text(TEMPLATE)
    arguments = ["stack.yaml"]
    if way == "the file":
        snippet = find_blocks("prevent.md", "yaml", "cfn-lint")[0]
        (tmp_path / ".cfnlintrc").write_text(snippet)
    else:
        line = find_blocks("prevent.md", "sh", "cfn-lint")[0]
        arguments = shlex.split(line)[1:]
        (tmp_path / "guardrails").symlink_to(ROOT / "guardrails")
    run = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *arguments, "--format", "parseable"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"stack.yaml:5:3:5:6:{ConsoleUserKey.id}:" in run.stdout, run.stderr


def test_the_snippet_for_gitlab_is_yaml_that_installs_and_runs() -> None:
    text = json.dumps(yaml.safe_load(find_blocks("prevent.md", "yaml", "GitLab CI")[0]))
    assert text.index("pip install") < text.index("python -P -m rollout prevent")


def test_the_snippet_for_code_scanning_uploads_what_the_action_writes() -> None:
    job = yaml.safe_load(find_blocks("prevent.md", "yaml", "GitHub Actions")[1])["jobs"]
    _, action, upload = job["no-setup-access-key"]["steps"]
    assert (
        action["with"].keys() <= yaml.safe_load((ROOT / "action.yml").read_text())["inputs"].keys()
    )
    assert (action["with"]["format"], action["with"]["output"]) == (
        "sarif",
        upload["with"]["sarif_file"],
    )


def test_the_metadata_shown_accepts_the_finding() -> None:
    snippet = find_blocks("prevent.md", "yaml", "Accept a finding")[0]
    assert check_template(snippet, "t.yaml", TODAY).findings == []
    without = snippet.replace("owner: platform team", "owner:")
    assert [f.key for f in check_template(without, "t.yaml", TODAY).findings] == ["Key"]


def test_the_exemption_shown_is_complete() -> None:
    shown = find_blocks("prevent.md", "toml")[0]
    assert [e.address for e in read_exemptions("exemptions.toml", shown.encode())] == [
        'module.people["ann"].aws_iam_access_key.this'
    ]


def test_the_hook_s_template_is_clean_for_cfn_lint_and_targets_stacks() -> None:
    snippet = find_blocks("guard.md", "yaml", "As a hook")[0]
    assert lint(snippet) == []
    assert "TargetOperations: [STACK]" in snippet


def test_the_guard_rule_judges_the_input_that_a_hook_on_stacks_gives() -> None:
    """The template at the top level, with HookContext and Previous beside it."""
    clean, bad = (
        {"Resources": {"Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": name}}}}
        for name in ("robot", "ann")
    )
    for template in (clean, bad):
        template["Resources"]["User"] = {
            "Type": "AWS::IAM::User",
            "Properties": {"UserName": "ann", "LoginProfile": {"Password": "x"}},
        }
    context = {"HookContext": {"TargetType": "STACK"}}
    assert run_guard({**context, **bad, "Previous": clean}) == "FAIL"
    assert run_guard({**context, **clean, "Previous": bad}) == "PASS"


def test_the_page_on_scps_explains_each_file_and_each_placeholder() -> None:
    text = read("scp.md")
    files = re.findall(r"^\| `([a-z-]+\.json)`", text, flags=re.MULTILINE)
    assert sorted(files) == sorted(f.name for f in (ROOT / "guardrails" / "scp").iterdir())
    assert set(re.findall(r"^\| `(<[a-z-]+>)` \|", text, flags=re.MULTILINE)) == set(PLACEHOLDERS)


def test_the_example_of_use_leaves_no_placeholder() -> None:
    edit = find_blocks("scp.md", "sh")[0].split("\naws ")[0]
    command = edit.rpartition(" > ")[0]
    made = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(made)["Version"] == "2012-10-17"
    assert "<" not in made


def test_the_snippets_that_include_ours_give_inputs_that_exist() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    shown = yaml.safe_load(find_blocks("prevent.md", "yaml", "GitHub Actions")[0])
    assert (
        shown["jobs"]["no-setup-access-key"]["steps"][-1]["with"].keys() <= action["inputs"].keys()
    )
    head = next(yaml.safe_load_all((ROOT / "templates" / "prevent.yml").read_text()))
    shown = yaml.safe_load(find_blocks("prevent.md", "yaml", "GitLab CI")[1])
    assert shown["include"][0]["inputs"].keys() <= head["spec"]["inputs"].keys()


@pytest.mark.slow
def test_cfn_lint_s_own_hook_with_our_rule_finds_the_key(tmp_path: Path) -> None:
    snippet = yaml.safe_load(find_blocks("prevent.md", "yaml", "cfn-lint")[1])
    hook = snippet["repos"][0]["hooks"][0]
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "stack.yaml").write_text(TEMPLATE)
    assert re.search(hook["files"], "templates/stack.yaml")
    (tmp_path / "guardrails").symlink_to(ROOT / "guardrails")
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    run = subprocess.run(
        [cfn_lint, *hook["args"], "templates/stack.yaml"],
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ConsoleUserKey.id in run.stdout, run.stderr


def test_cdk_s_validator_is_given_a_rule_that_finds_a_key_of_a_synthesized_template() -> None:
    shown = find_blocks("prevent.md", "typescript", "AWS CDK")[0]
    rules = re.findall(r"'([^']+\.guard)'", shown)
    assert [(ROOT / rule).is_file() for rule in rules] == [True]
    synthesized = {
        "Resources": {
            "OperatorA1B2C3D4": {
                "Type": "AWS::IAM::User",
                "Properties": {"LoginProfile": {"Password": "x"}},
            },
            "OperatorKeyE5F6": {
                "Type": "AWS::IAM::AccessKey",
                "Properties": {"UserName": {"Ref": "OperatorA1B2C3D4"}},
            },
        }
    }
    assert run_guard(synthesized) == "FAIL"


def test_the_comment_shown_accepts_the_key_and_the_checkov_policy_is_where_it_is_said(
    tmp_path: Path,
) -> None:
    block = find_blocks("prevent.md", "hcl", "Accept a finding")[0]
    other = 'resource "aws_iam_user" "this" { name = "ann" }\n'
    profile = 'resource "aws_iam_user_login_profile" "p" { user = "ann" }\n'
    (tmp_path / "main.tf").write_text(block + other + profile)
    judgement = check_source(tmp_path, [tmp_path / "main.tf"], TODAY)
    assert [a.acceptance.owner for a in judgement.accepted] == ["platform team"]
    policy = ROOT / "guardrails" / "terraform" / "checkov" / "no_setup_access_key.yaml"
    assert str(policy.relative_to(ROOT)) in read("prevent.md")
    assert yaml.safe_load(policy.read_text())["metadata"]["id"] == "CKV2_NSAK_1"


@pytest.mark.slow
@pytest.mark.parametrize("status", ["FAILED", "PASSED"])
def test_checkov_itself_takes_the_policy(status: str, tmp_path: Path) -> None:
    checkov = shutil.which("checkov")
    if checkov is None:
        pytest.skip("checkov is not on this machine")
    (tmp_path / "main.tf").write_text(
        'resource "aws_iam_user" "u" { name = "ann" }\n'
        'resource "aws_iam_user_login_profile" "p" { user = aws_iam_user.u.name }\n'
        + 'resource "aws_iam_access_key" "k" { user = aws_iam_user.u.name }\n'
        * (status == "FAILED")
    )
    folder = ROOT / "guardrails" / "terraform" / "checkov"
    command = [checkov, "-d", str(tmp_path), "--external-checks-dir", str(folder), "--compact"]
    command += ["--skip-download", "--check", "CKV2_NSAK_1"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "CKV2_NSAK_1" in run.stdout, run.stderr
    assert f"{status} for resource: aws_iam_user.u" in run.stdout


@pytest.mark.parametrize("page", sorted(PAGES), ids=lambda page: page.name)
def test_ci_samples_name_commits_and_install_what_is_locked_by_hash(page: Path) -> None:
    """A tag or a branch is moved by whoever owns it, and so is what pip resolves."""
    for block in re.findall(r"^```ya?ml\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL):
        named = re.findall(r"(?:uses: |component: )\S+@(\S+)|rev: (\S+)", block)
        for uses, rev in named:
            assert re.fullmatch("[0-9a-f]{40}", uses or rev), block
        assert "git+http" not in block
        for line in block.splitlines():
            if "pip install" in line:
                assert "--no-deps --require-hashes -r " in line
            if " checkout " in line and "git " in line:
                assert re.search(r" [0-9a-f]{40}$", line)
