"""rollout.toml: what was decided, reviewed in git."""

from pathlib import Path

import pytest

from tests.support.organizations import MANAGEMENT, SANDBOX, World, run

FULL = f"""\
member_role = "OrganizationAccountAccessRole"
exclude = ["{SANDBOX}", "{MANAGEMENT}"]
role_account = "caller"

[parameters]
GraceHours = 24
Criterion = "UNUSED"
AutomaticRemediation = false

[stack_parameters]
LogRetentionDays = 30
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "rollout.toml"


def test_what_the_file_says_is_brought_about_and_options_win(estate: World, file: Path) -> None:
    file.write_text(FULL)
    assert run("deploy --grace-hours 48").code == 0
    (pack,) = estate.packs.packs.values()
    (stack_set,) = estate.sets.sets.values()
    assert sorted(pack.excluded) == [SANDBOX, MANAGEMENT]
    assert (
        pack.parameters
        | {
            "GraceHours": "48",
            "Criterion": "UNUSED",
            "RoleAccount": "caller",
        }
        == pack.parameters
    )
    assert stack_set.parameters["LogRetentionDays"] == "30"


def test_plan_tells_the_difference_to_what_stands(estate: World, file: Path) -> None:
    run(f"deploy --exclude {MANAGEMENT}")
    file.write_text("[parameters]\nGraceHours = 24\n")
    assert "GraceHours  4    24" in run("plan").out


def test_what_stands_is_written_and_then_changes_nothing(estate: World, file: Path) -> None:
    run(f"deploy --exclude {MANAGEMENT} {SANDBOX} --grace-hours 9 --function-by export")
    assert run(f"plan --write-settings {file}").code == 3
    assert f'exclude = ["{SANDBOX}", "{MANAGEMENT}"]' in file.read_text()
    assert "GraceHours = 9" in file.read_text()
    assert "deploy would change nothing." in run("plan").out
    again = run(f"plan --write-settings {file}")
    assert (again.code, "nothing was written" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("excluded = []\n", "rollout.toml:1: excluded: no such setting", id="a key"),
        pytest.param(
            "[parameters]\nGraceHours = 721\n",
            "rollout.toml:2: GraceHours: GraceHours is ",
            id="a value that the rule would refuse",
        ),
        pytest.param(
            "[parameters]\n\nNovelty = 1\n",
            "rollout.toml:3: Novelty: ",
            id="a parameter that the rule has not",
        ),
        pytest.param("exclude = [1]\n", "rollout.toml:1: exclude: 1 is no account", id="a number"),
        pytest.param('exclude = "1"\n', "rollout.toml:1: exclude: must be a list", id="a text"),
        pytest.param(
            "[stack_parameters]\nFoo = 1\n",
            "rollout.toml:2: Foo: template.yaml has no parameter Foo",
            id="a parameter that the template has not",
        ),
        pytest.param("exclude = [\n", "rollout.toml: ", id="no TOML"),
    ],
)
def test_what_the_file_gets_wrong_is_told_with_its_line_before_aws_is_asked(
    estate: World, file: Path, text: str, said: str
) -> None:
    file.write_text(text)
    with estate.cloud.calls.since_now() as calls:
        outcome = run("plan")
    assert (outcome.code, calls.actions()) == (2, [])
    assert outcome.err.startswith(f"python -m rollout: {said}")


def test_a_file_that_is_named_has_to_be_there(estate: World, file: Path) -> None:
    assert "none.toml: cannot be read" in run("plan --settings none.toml").err
