"""What a file is, told by its content: damaged plans never pass, what is foreign never blocks."""

import base64
import gzip
import json
from datetime import date
from typing import Any

import pytest

from guardrails.document import check_document
from guardrails.judgement import Foreign, Unreadable
from tests.rollout.commands.test_prevent import PLAN, TEMPLATE
from tests.support.paths import CASES

TODAY = date(2026, 9, 1)
PLAN_FILE = CASES / "guardrails" / "told" / "tf" / "07-unknown-text-around" / "plan.json"
KINDS = [None, "cloudformation", "terraform"]


def check(text: str | bytes, kind: str | None, name: str = "file.json") -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    return [finding.key for finding in check_document(content, name, kind, TODAY).findings]


def change_plan(**more: Any) -> str:
    return json.dumps({**json.loads(PLAN), **more})


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(PLAN[: len(PLAN) // 2], id="cut off"),
        pytest.param(PLAN[1:], id="begun late"),
        pytest.param(f"Running terraform show\n{PLAN}\n", id="a line before it"),
        pytest.param(f"{PLAN}\n::debug::done\n", id="a line after it"),
        pytest.param(f"Acquiring state lock: ok\n{PLAN}\n", id="a line before it that is YAML"),
        pytest.param(f"[{PLAN}]", id="in a list"),
        pytest.param(f'{{"plan": {PLAN}}}', id="in a mapping"),
        pytest.param(f'{{"runs": [{{"plan": {PLAN}}}]}}', id="deep in a mapping"),
        pytest.param(f'{{"level": "info"}}\n{PLAN}', id="behind the log of a wrapper"),
        pytest.param(PLAN.replace('"mode"', '"type": "x", "mode"', 1), id="with a key twice"),
        pytest.param(PLAN.encode() + b"\xff", id="with a byte that is no text"),
        pytest.param(json.dumps(PLAN), id="as a text inside JSON"),
        pytest.param(json.dumps({"runs": [{"log": PLAN}]}), id="as a text inside a mapping"),
        pytest.param(gzip.compress(PLAN.encode()), id="compressed"),
        pytest.param(base64.b64encode(PLAN.encode()), id="in base64"),
        pytest.param(base64.encodebytes(PLAN.encode()), id="in base64 of many lines"),
        pytest.param(base64.encodebytes(PLAN.encode())[2:-9], id="in base64 and cut at both ends"),
        pytest.param(base64.b64encode(PLAN.encode("utf-16")), id="in base64 as PowerShell does it"),
        pytest.param(base64.b64encode(gzip.compress(PLAN.encode())), id="compressed, in base64"),
        pytest.param(json.dumps(base64.b64encode(PLAN.encode()).decode()), id="in base64, quoted"),
        pytest.param(
            base64.urlsafe_b64encode(f"{PLAN}{chr(255) * 9}".encode()).rstrip(b"="),
            id="in the base64 of addresses",
        ),
        pytest.param(
            b"-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n"
            % base64.encodebytes(PLAN.encode()),
            id="in base64 as certutil does it",
        ),
        pytest.param(f"\x1b[0m{PLAN}\x1b[0m", id="in colour"),
        pytest.param(f'{{"a": {{"b": {{"c": {{"d": {{"e": {PLAN}}}}}}}}}}}', id="very deep inside"),
        pytest.param(
            change_plan(n=1).replace(": 1}", f": {'9' * 5000}}}"), id="with a huge number"
        ),
        pytest.param(f'{PLAN[:-1]}, "n": {"[" * 50_000}{"]" * 50_000}}}', id="nested without end"),
    ],
)
def test_a_damaged_plan_is_unreadable_whatever_the_kind(
    text: str | bytes, kind: str | None
) -> None:
    with pytest.raises(Unreadable) as refused:
        check(text, kind)
    assert not isinstance(refused.value, Foreign)


@pytest.mark.parametrize("order", ["as Terraform writes it", "sorted, as jq -S does"])
def test_a_plan_that_was_cut_anywhere_never_passes_the_hook_for_plans(order: str) -> None:
    text = PLAN_FILE.read_text().strip()
    if order != "as Terraform writes it":
        text = json.dumps(json.loads(text), indent=2, sort_keys=True)
    passed = []
    for at in (*range(100), *range(100, len(text) - 100, 23), *range(len(text) - 100, len(text))):
        for part in (text[:at].rstrip(), text[at + 1 :]):
            try:
                check(part, "terraform")
            except Foreign:
                passed.append(part)
            except Unreadable:
                continue
            else:
                passed.append(part)
    assert passed == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(json.dumps(json.loads(PLAN)["planned_values"]), id="its planned values"),
        pytest.param(str(json.loads(PLAN)), id="it as Python prints it"),
        pytest.param("null", id="what a filter prints that finds nothing"),
        pytest.param(
            '{"input": {"planned_values": {"root_module": {}}}}', id="one inside an input"
        ),
    ],
)
def test_a_part_of_a_plan_never_passes_the_hook_for_plans(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        check(text, "terraform")
    assert not isinstance(refused.value, Foreign)


@pytest.mark.parametrize("kind", [None, "terraform"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            json.dumps({"plan_format_version": "1.0", "resource_changes": []}),
            "it is a redacted plan",
            id="a redacted plan as HCP Terraform gives it",
        ),
        pytest.param(
            change_plan(
                planned_values={},
                resource_changes=[
                    {
                        "address": "aws_iam_access_key.key",
                        "mode": "managed",
                        "type": "aws_iam_access_key",
                        "change": {"actions": ["create"], "after": {"user": "alice"}},
                    }
                ],
            ),
            "the plan is not whole: aws_iam_access_key.key is left after it",
            id="a plan without its planned values",
        ),
        pytest.param(
            PLAN.replace("planned_values", "values"),
            "it is a Terraform state, not a plan",
            id="a state",
        ),
    ],
)
def test_a_plan_that_is_not_whole_is_unreadable(text: str, reason: str, kind: str | None) -> None:
    with pytest.raises(Unreadable, match=reason) as refused:
        check(text, kind)
    assert not isinstance(refused.value, Foreign)


def test_an_empty_file_is_a_lost_plan_to_the_hook_for_plans_alone() -> None:
    with pytest.raises(Unreadable) as refused:
        check("", "terraform", "plan.json")
    assert not isinstance(refused.value, Foreign)
    for kind, name in (("terraform", "values.yaml"), ("cloudformation", "plan.json")):
        with pytest.raises(Foreign):
            check("", kind, name)


def test_one_plan_a_line_is_judged_plan_by_plan_each_on_its_line() -> None:
    second = PLAN.replace('access_key.key"', 'access_key.second"')
    judgement = check_document(f"{PLAN}\n{second}\n".encode(), "plans", "terraform", TODAY)
    assert [(f.line, f.key) for f in judgement.findings] == [
        (1, "aws_iam_access_key.key"),
        (2, "aws_iam_access_key.second"),
    ]


@pytest.mark.parametrize("kind", ["cloudformation", "terraform"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{ if .Values.x }}\na: b\n", id="a chart"),
        pytest.param("Resources:\n{% for a in b %}\n  A: {Type: AWS::IAM::User}\n", id="Jinja"),
        pytest.param('{"a": 1, "a": 2}', id="a key twice"),
        pytest.param('// comment\n{"a": 1}', id="JSON with comments"),
        pytest.param('{"a": 1}\n{"a": 2}\n', id="JSON lines"),
        pytest.param('{"Resources": [{"Type": "AwsIamAccessKey"}]}', id="a list of Resources"),
        pytest.param('{"Resources": {"cpu": 1}}', id="Resources without types"),
        pytest.param("Resources:\n  - Name: {Type: AWS::ECS::Service}\n", id="an AppSpec"),
        pytest.param(b'{"name": "caf\xe9"}', id="another encoding"),
        pytest.param('{"format_version": "1.10.0", "header": {}}', id="another format_version"),
        pytest.param("a: 1\n---\nb: 2\n", id="two documents"),
        pytest.param("[" * 100_000, id="nesting without end"),
        pytest.param("a: &a [1]\nb: *a\n? [x]\n: 1\nResources: {Type: x}\n", id="a list as a key"),
        pytest.param('{"a": 1,}', id="a comma too many"),
        pytest.param(
            '{"properties": {"planned_values": {"type": "object"}}}', id="a schema of plans"
        ),
        pytest.param(gzip.compress(b"[1]"), id="something compressed"),
        pytest.param(base64.encodebytes(b"[1]" * 99), id="something in base64"),
        pytest.param("# Words\n\nwithout any sign" * 9, id="words"),
        pytest.param("when: 2026-99-99\nResources: {Type: x}\n", id="a date that is none"),
    ],
)
def test_what_is_foreign_and_has_no_access_key_blocks_nobody(text: str | bytes, kind: str) -> None:
    with pytest.raises(Foreign):
        check(text, kind)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{TEMPLATE}---\na: 1\n", id="two documents"),
        pytest.param(
            TEMPLATE.replace("Properties: {User", "Type: X\n    Properties: {User"),
            id="a key twice",
        ),
        pytest.param(TEMPLATE.encode() + b"# \xe9", id="another encoding"),
        pytest.param(f"{TEMPLATE}{{% if a %}}\n", id="Jinja"),
        pytest.param('Resources: {K: {Type: "AWS::IAM::Access\\x4bey"', id="a word in escapes"),
        pytest.param('{"Type": "AWS::IAM::Access\\u004bey", "Type": 1}', id="escapes in JSON"),
    ],
)
def test_what_cannot_be_parsed_and_has_an_access_key_is_unreadable(text: str | bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        check(text, "cloudformation", "t.yaml")
    assert not isinstance(refused.value, Foreign)


def test_a_key_twice_in_a_template_without_an_access_key_hides_nothing() -> None:
    text = '{"Resources": {"B": {"Type": "AWS::S3::Bucket", "Type": "AWS::S3::Bucket"}}}'
    assert check(text, "cloudformation") == []


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_json_in_a_wide_encoding_needs_no_mark(encoding: str) -> None:
    assert check(PLAN.encode(encoding), "terraform") == ["aws_iam_access_key.key"]
