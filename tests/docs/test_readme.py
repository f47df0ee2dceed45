"""What the README shows is what the program says."""

import re
import subprocess
from pathlib import Path

import pytest

from rollout.__main__ import main
from rule.standing import OFFENDING
from tools.readme import README, ROLL_OUT, put_section, shorten

TEMPLATE = """\
Resources:
  Operator:
    Type: AWS::IAM::User
    Properties: {LoginProfile: {Password: '{{resolve:ssm-secure:operator:1}}'}}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Operator}
"""


def test_the_readme_shows_check_and_deploy_as_their_page_does() -> None:
    readme = README.read_text()
    assert put_section(readme, "roll-out", shorten(ROLL_OUT.read_text())) == readme, (
        "run make readme"
    )


def test_the_readme_shows_what_prevent_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("stack.yaml").write_text(TEMPLATE)
    assert main(["prevent", "stack.yaml"]) == 1
    printed = capsys.readouterr().out
    shown = "".join(f"    {line}\n" for line in printed.splitlines())
    assert f"    $ python -m rollout prevent stack.yaml\n{shown}" in README.read_text()


def test_every_page_that_the_readme_links_to_is_there() -> None:
    links = {part.partition(")")[0] for part in README.read_text().split("](")[1:]}
    assert {link for link in links if not (README.parent / link).exists()} == set()


def test_the_owner_s_page_explains_the_sentences_as_they_are_said() -> None:
    page = (
        (README.parent / "docs" / "owners" / "flagged.md")
        .read_text()
        .partition("## What the sentences")[2]
    )
    rows = [line.split(" | ")[0].removeprefix("| ") for line in page.splitlines() if "| " in line]
    said = "".join(
        (README.parent / "rule" / f"{name}.py").read_text()
        for name in ("decision", "exception_tags", "quarantine", "sentences")
    )
    pieces = [piece.strip(" ,;") for row in rows[1:] for piece in row.split("...") if piece.strip()]
    assert [piece for piece in pieces if piece not in said] == []
    assert len(rows) > len(OFFENDING)


def test_a_newcomer_s_report_is_made_before_it_is_fetched() -> None:
    for page in (README, README.parent / "docs" / "operate" / "evaluate.md"):
        lines = [line.partition("#")[0].strip() for line in page.read_text().splitlines()]
        at = lines.index("aws iam get-credential-report > report.json")
        assert lines[at - 1] == "aws iam generate-credential-report"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_one_account_s_commands_write_the_role_in_the_partition_they_run_in(
    partition: str,
) -> None:
    page = (README.parent / "docs" / "operate" / "one-account.md").read_text()
    told = page.partition("<!-- one-account -->")[2].partition("```\n\n")[0]
    (edit,) = re.findall(r"\$\((sed .*)\)\"$", told, re.MULTILINE)
    (asked,) = re.findall(r"partition=\$\(aws [^|]*\| (.*)\) &&$", told, re.MULTILINE)
    script = f"partition=$(echo arn:{partition}:iam::444455556666:user/ann | {asked}); {edit}"
    made = subprocess.run(
        ["sh", "-c", f"account=444455556666; {script}"],
        cwd=README.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    roles = re.findall(r"arn:[\w-]+:iam::\d{12}:role/[\w-]+$", made, re.MULTILINE)
    assert roles == [
        f"arn:{partition}:iam::444455556666:role/iam-user-no-setup-access-key-remediation"
    ]
