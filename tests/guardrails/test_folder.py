"""Which files of a folder are looked at."""

import os
from datetime import date
from pathlib import Path

import pytest

from guardrails.folder import list_files
from guardrails.scan import scan
from tests.rollout.commands.test_prevent import CLEAN, PLAN, TEMPLATE
from tests.support.paths import CASES


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A work tree with something of every sort in it."""
    for name in (
        *("a.yaml", "b/c.yml", "b/d.json", "b/e.template", "b/f.tf", "b/g.tofu", "readme.md"),
        *("made/x.json", "b/made/x.json", "b/kept.tmp.json", "b/lost.tmp.json"),
        *(".git/config.json", ".terraform/modules/m/main.tf"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / ".gitignore").write_text("made/\n*.tmp.json\n")
    (tmp_path / "b" / ".gitignore").write_text("!kept.tmp.json\n")
    return tmp_path


def look(place: Path, *exclude: str) -> list[str]:
    return [file.relative_to(place).as_posix() for file in list_files(place, exclude)]


KEPT = ["a.yaml", "b/c.yml", "b/d.json", "b/e.template", "b/f.tf", "b/g.tofu", "b/kept.tmp.json"]


def test_what_git_ignores_is_left_out_and_what_a_deeper_file_takes_back_is_not(
    place: Path,
) -> None:
    assert look(place) == KEPT


def test_what_is_excluded_is_left_out(place: Path) -> None:
    assert look(place, "*.yml", "b/*.tf") == [k for k in KEPT if k not in ("b/c.yml", "b/f.tf")]


def test_the_rules_of_the_folders_above_count_up_to_the_work_tree(place: Path) -> None:
    inside = [Path(name).name for name in KEPT if name.startswith("b/")]
    assert [file.name for file in list_files(place / "b", [])] == inside


def test_a_link_to_a_folder_is_not_followed_and_one_to_a_device_is_no_file(place: Path) -> None:
    (place / "b" / "again").symlink_to(place)
    (place / "zero.json").symlink_to("/dev/zero")
    assert look(place) == KEPT


def test_a_folder_that_cannot_be_listed_is_not_judged(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "b":
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(os, "scandir", refuse)
    result = scan([str(place)], None, [], date(2026, 9, 1), lambda done: None)
    assert list(result.unreadable) == [str(place / "b")]


def test_what_serverless_writes_is_judged_where_its_file_is_named_though_git_ignores_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".gitignore").write_text(".serverless\n")
    Path(".git").mkdir()
    Path(".serverless").mkdir()
    file = ".serverless/cloudformation-template-update-stack.json"
    Path(file).write_bytes(
        (CASES / "guardrails/told/cfn/47-cloudformation-template-update-stack.json").read_bytes()
    )
    found = {
        path: [
            finding.key
            for finding in scan([path], None, [], date(2026, 9, 1), lambda done: None).findings
        ]
        for path in (file, ".serverless", ".")
    }
    assert found == {file: ["SupportKey"], ".serverless": [], ".": []}


def test_each_kind_is_counted_and_what_is_foreign_in_a_folder_passes(tmp_path: Path) -> None:
    for name, text in {
        "stack.yaml": TEMPLATE,
        "clean.yaml": CLEAN,
        "plan.json": PLAN,
        "main.tf": 'resource "aws_s3_bucket" "b" {}\n',
        "package.json": "{}",
        "empty.json": "",
        "broken.yaml": "a: [\n",
    }.items():
        (tmp_path / name).write_text(text)
    heard: list[int] = []
    result = scan([str(tmp_path)], None, [], date(2026, 9, 1), heard.append)
    assert heard == [1, 2, 3, 4, 5, 6, 7]
    assert result.tell_counts() == (
        "2 findings; 4 files judged (2 templates, 1 plan, 1 source file), 3 passed over,"
        " 0 not judged."
    )
