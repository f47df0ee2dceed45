"""template.yaml carries the sources of the runbook, and only what can be one SSM script."""

import ast
from pathlib import Path

import pytest

from rollout.errors import Refused
from tools import runbook
from tools.runbook import BEGIN, END, SOURCES, TEMPLATE, find_faults, main, paste, render_script

SCRIPT = render_script([path.read_text() for path in SOURCES])


def test_the_template_carries_the_sources() -> None:
    template = TEMPLATE.read_text()
    assert paste(template, SCRIPT) == template
    assert main(["--check"]) == 0


def test_the_sources_are_pasted_whole_but_for_their_local_imports() -> None:
    pasted = SCRIPT.splitlines()
    for path in SOURCES:
        lines = path.read_text().strip().splitlines()
        kept = [line for line in lines if not line.startswith("from rule.")]
        assert "\n".join(kept) in "\n".join(pasted)
    assert "from rule" not in SCRIPT
    assert "import rule" not in SCRIPT


def test_the_script_defines_what_the_document_calls() -> None:
    functions = {node.name for node in ast.parse(SCRIPT).body if isinstance(node, ast.FunctionDef)}
    assert {"remediate_user", "judge", "read_user"} <= functions


def test_the_sources_can_be_one_script() -> None:
    assert find_faults({path.name: path.read_text() for path in SOURCES}) == []


@pytest.mark.parametrize(
    ("sources", "fault"),
    [
        (
            {"a.py": "x = 1\n", "b.py": "def x(): ...\n"},
            "b.py: x is defined in a.py, too.",
        ),
        (
            {"a.py": "y: int = 1\n", "b.py": "class y: ...\n"},
            "b.py: y is defined in a.py, too.",
        ),
        (
            {"a.py": "\nx = '{{ y }'\n"},
            'a.py: "{{" near line 2 cannot stand in an SSM script.',
        ),
        (
            {"a.py": "x = {1: {2: 3}}\n"},
            'a.py: "}}" near line 1 cannot stand in an SSM script.',
        ),
        (
            {"a.py": "from __future__ import annotations\n"},
            'a.py: "from __future__" near line 1 cannot stand in an SSM script.',
        ),
        (
            {"a.py": "from rule.live import (\n    x,\n)\n"},
            "a.py: write local imports as from rule.module import, on one line.",
        ),
        (
            {"a.py": "def f():\n    import rule.live\n"},
            "a.py: write local imports as from rule.module import, on one line.",
        ),
        (
            {"a.py": "x = '" + "y" * 65536 + "'\n"},
            "The script is larger than an SSM document may be, 65536 bytes.",
        ),
    ],
)
def test_what_cannot_be_one_script_is_named(sources: dict[str, str], fault: str) -> None:
    assert find_faults(sources) == [fault]


def test_a_script_is_pasted_between_the_markers_at_their_indent() -> None:
    template = f"a:\n  b: |\n   {BEGIN}\n   old\n   {END}\nc: d\n"
    assert paste(template, "new\n\n  more\n") == (
        f"a:\n  b: |\n   {BEGIN}\n   new\n\n     more\n   {END}\nc: d\n"
    )


def test_a_template_without_markers_is_refused() -> None:
    with pytest.raises(Refused, match=r"template\.yaml has no lines"):
        paste("a: b\n", SCRIPT)


def test_an_outdated_template_is_told_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "template.yaml"
    copy.write_text(TEMPLATE.read_text().replace("class UserGone", "class UserWent"))
    monkeypatch.setattr(runbook, "TEMPLATE", copy)
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == (
        "template.yaml does not carry the sources in rule/: run make render.\n"
    )
    assert main([]) == 0
    assert copy.read_text() == TEMPLATE.read_text()
