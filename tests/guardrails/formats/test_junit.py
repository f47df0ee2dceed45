"""The JUnit report, against the form that CI systems read (Jenkins' junit-10.xsd)."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from rollout.__main__ import main
from tests.rollout.commands.test_prevent import CLEAN, TEMPLATE, TEMPLATE_MESSAGE

FORM = {
    "testsuites": ({"testsuite"}, set()),
    "testsuite": ({"testcase", "system-out"}, {"name", "tests", "failures", "errors", "skipped"}),
    "testcase": ({"failure", "error"}, {"classname", "name"}),
    "failure": (set(), {"message", "type"}),
    "error": (set(), {"message", "type"}),
    "system-out": (set(), set()),
}
"""Of each element: what may stand in it, and which attributes it has, all of them and no other."""


def check_form(element: ElementTree.Element) -> None:
    children, attributes = FORM[element.tag]
    assert {child.tag for child in element} <= children
    assert set(element.attrib) == attributes
    for child in element:
        check_form(child)


def write(files: list[str], capsys: pytest.CaptureFixture[str]) -> ElementTree.Element:
    main(["prevent", "--format", "junit", *files])
    (suite,) = ElementTree.fromstring(capsys.readouterr().out)
    return suite


def test_the_report_has_the_form_that_ci_systems_read_and_its_counts_agree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("stack.yaml", "]]>&<\x1b.yaml"):
        Path(name).write_text(TEMPLATE)
    Path("broken.yaml").write_text(TEMPLATE + "  : [\n")
    suite = write(["stack.yaml", "]]>&<\x1b.yaml", "broken.yaml"], capsys)
    check_form(suite)
    cases = suite.findall("testcase")
    found = {tag: len(suite.findall(f"testcase/{tag}")) for tag in ("failure", "error")}
    assert (found, len(cases)) == ({"failure": 2, "error": 1}, 3)
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "1")
    assert cases[0].attrib == {"classname": "stack.yaml", "name": "Key"}
    assert cases[0][0].get("message") == TEMPLATE_MESSAGE


def test_without_a_finding_one_case_has_passed_so_that_no_system_takes_it_for_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "clean.yaml").write_text(CLEAN)
    suite = write([str(tmp_path / "clean.yaml")], capsys)
    check_form(suite)
    assert [len(case) for case in suite.findall("testcase")] == [0]
    assert (suite.get("tests"), suite.get("failures")) == ("1", "0")
