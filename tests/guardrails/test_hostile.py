"""Files made to do harm: what they name is shown and not obeyed, and the work is bounded."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from guardrails import content, deadline
from guardrails.document import check_document
from guardrails.formats import FORMATS
from guardrails.formats.printable import make_printable
from guardrails.judgement import Unreadable
from rollout.__main__ import main
from tests.rollout.commands.test_prevent import PLAN, TEMPLATE

TODAY = date(2026, 9, 1)
ESCAPE = "\x1b[31m\x07"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\r", "a\\nb\\r"),
        ("::error::x", "\\x3a\\x3aerror::x"),
        (" ::error::x", "\\x20\\x3a\\x3aerror::x"),
        ("x ##[error]y", "x \\x23\\x23[error]y"),
        ("x ##vso[task]y", "x \\x23\\x23vso[task]y"),
        ("a\u202eb\u2028c", "a\\u202eb\\u2028c"),
        ("\udcff", "\\udcff"),
        ("Zoë: a::b # c", "Zoë: a::b # c"),
    ],
)
def test_what_a_log_would_obey_is_shown_instead(text: str, shown: str) -> None:
    assert make_printable(text) == shown


def is_harmless(output: str) -> bool:
    lines = output.splitlines()
    return all(c.isprintable() or c == "\n" for c in output) and not any(
        line.lstrip().startswith("::evil") or "##[" in line for line in lines
    )


@pytest.mark.parametrize("form", FORMATS)
def test_no_name_in_a_file_or_of_a_file_reaches_the_log_as_a_command(
    form: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    evil = f"{ESCAPE}\n::evil::x ##[evil]"
    plan = json.loads(PLAN)
    for resource in plan["planned_values"]["root_module"]["resources"]:
        resource["address"] += evil
        resource["values"]["user"] = f"::evil::{evil}"
    Path(f"::evil::{ESCAPE} ##[x].json").write_text(json.dumps(plan))
    Path("t.yaml").write_text(
        TEMPLATE.replace("Key:", '"::evil::\\e[31m\\n::evil ##[x]":')
        .replace("Operator:", '"Op\\e[31m":', 1)
        .replace("!Ref Operator", '{Ref: "Op\\e[31m"}')
    )
    Path("broken.yaml").write_text('"::evil\\e": AWS::IAM::AccessKey\n  ::evil: {"##[x]\n')
    assert main(["prevent", "--format", form, "."]) == 2
    captured = capsys.readouterr()
    assert "evil" in captured.out
    assert is_harmless(captured.out)
    assert is_harmless(captured.err)


def nest(depth: int, width: int) -> str:
    body: object = {"Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "a"}}}
    for level in range(depth):
        body = {f"Fn::ForEach::L{level}": [f"V{level}", [str(n) for n in range(width)], body]}
    return json.dumps({"Transform": "AWS::LanguageExtensions", "Resources": body})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(nest(9, 9), "more than 500 resources", id="a loop in a loop in a loop"),
        pytest.param(
            nest(1, 1).replace('"a"', json.dumps(json.loads(nest(6, 9))["Resources"])),
            "more than 100,000 values",
            id="loops inside a property",
        ),
        pytest.param(
            json.dumps(
                {
                    "Resources": {
                        f"K{n}": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": "a"}}
                        for n in range(501)
                    }
                }
            ),
            "more than 500 resources",
            id="501 resources",
        ),
        pytest.param(
            "Resources: {K: {Type: AWS::IAM::AccessKey}}\nMetadata:\n  A0: &a0 [x, x]\n"
            + "".join(f"  A{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)),
            "more than 100,000 values",
            id="aliases of aliases",
        ),
        pytest.param(
            TEMPLATE + "# " + "x" * 1024 * 1024, "larger than the 1 MB", id="larger than any stack"
        ),
    ],
)
def test_work_without_end_is_refused_before_it_begins(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        check_document(text.encode(), "t.json", None, TODAY)


def refuse_or_judge(text: str) -> str:
    """Return why a text is refused, "judged" where it is and has no finding."""
    try:
        findings = check_document(text.encode(), "t.json", None, TODAY).findings
    except Unreadable as error:
        return str(error)
    return f"{findings}" if findings else "judged"


@pytest.mark.parametrize("depth", [100, 480, 900, 5000])
@pytest.mark.parametrize("form", ["JSON", "YAML"])
def test_a_value_however_deep_is_judged_or_refused_in_words(form: str, depth: int) -> None:
    value = '{"a":' * depth + "1" + "}" * depth
    text = f'{{"Resources": {{"K": {{"Type": "AWS::IAM::AccessKey", "Properties": {value}}}}}}}'
    if form == "YAML":
        text = f"# YAML\n{text}"
    assert re.search("judged|nested|cannot follow|recursion", refuse_or_judge(text))


@pytest.mark.parametrize(
    "text",
    [
        'Resources: {1: {Type: "AWS::IAM::AccessKey"}, 2: 3}\n',
        "Resources: {K: {Type: AWS::IAM::AccessKey, Properties: 7}}\nParameters: [1]\n",
        "Resources: {K: {Type: AWS::IAM::AccessKey}}\nMappings: {a: 1}\nTransform: {Name: [1]}\n",
        "Resources: {K: {Type: [AWS::IAM::AccessKey]}, L: {Type: A::B}}\nMetadata: 1\n",
    ],
)
def test_what_is_malformed_is_refused_or_judged_and_never_an_error_of_the_program(
    text: str,
) -> None:
    told = refuse_or_judge(text)
    assert re.match("judged|it is malformed|cfn-lint cannot follow|line |it is neither", told)


def work_for_ever() -> None:
    with deadline.limit_time(0.01):
        while True:
            pass


def test_what_takes_too_long_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"more than 0\.01 seconds of processor"):
        work_for_ever()


def test_a_file_larger_than_any_plan_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "MAX_BYTES", 1024 * 1024)
    (tmp_path / "large.json").write_text(" " * 1024 * 1024 + "1")
    with pytest.raises(Unreadable, match="larger than 1 MB"):
        content.read_content(str(tmp_path / "large.json"))


def test_a_device_is_no_file() -> None:
    with pytest.raises(Unreadable, match="a device or a socket, not a file"):
        content.read_content("/dev/zero")
