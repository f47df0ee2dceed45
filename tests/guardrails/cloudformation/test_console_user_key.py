"""The cfn-lint rule, run by cfn-lint: whole findings, one small template a sentence."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from textwrap import dedent, indent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.cloudformation.check import check_template
from guardrails.cloudformation.rules.console_user_key import MAX_CASES, _reduce
from guardrails.judgement import Acceptance, Judgement, Unreadable
from tests.support.paths import ROOT

CASES = ROOT / "tests" / "cases" / "guardrails" / "cloudformation"

TODAY = date(2026, 9, 1)
PREAMBLE = """\
Transform: AWS::LanguageExtensions
Parameters:
  Env: {Type: String}
  Other: {Type: String}
  Name: {Type: String, Default: alice}
  OnlyAlice: {Type: String, AllowedValues: [alice]}
  AliceOrBob: {Type: String, AllowedValues: [alice, bob]}
  StoredAlice: {Type: "AWS::SSM::Parameter::Value<String>", AllowedValues: [alice]}
  OnlyInactive: {Type: String, AllowedValues: [Inactive]}
  EitherStatus: {Type: String, AllowedValues: [Active, Inactive]}
Mappings:
  Names: {first: {name: alice, other: bob}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Equals [!Ref Env, dev]
  NotProd: !Not [!Condition IsProd]
  WantsKey: !Equals [!Ref Other, key]
Resources:
"""
GENERATED = "User: {Type: AWS::IAM::User, Properties: {LoginProfile: {Password: x}}}\n"
ALICE = "User: {Type: AWS::IAM::User, Properties: {UserName: alice, LoginProfile: {Password: x}}}\n"
OTHERS = "Robot: {Type: AWS::IAM::User, Properties: {UserName: robot}}\n"


def key(user_name: str, more: str = "", properties: str = "") -> str:
    """Return a key named Key whose UserName is this YAML flow value."""
    return (
        f"Key: {{Type: AWS::IAM::AccessKey{more}, "
        f"Properties: {{UserName: {user_name}{properties}}}}}\n"
    )


def user(name: str, profile: str = "{Password: x}", more: str = "") -> str:
    """Return a user named User."""
    return (
        f"User: {{Type: AWS::IAM::User{more}, "
        f"Properties: {{UserName: {name}, LoginProfile: {profile}}}}}\n"
    )


def check(resources: str) -> list[tuple[str, str, str]]:
    """Return (key, user, under which conditions) of each finding, its message and line compared."""
    text = PREAMBLE + indent(dedent(resources), "  ")
    found = []
    for finding in check_template(text, "t.yaml", TODAY).findings:
        start = f"{finding.key} is an access key for {finding.user}, "
        start += "who gets a console password in the same template"
        end = ". Leave the key out and create it later, when it is asked for."
        when = finding.message.removeprefix(start).removesuffix(end)
        assert finding.message == start + when + end
        assert text.splitlines()[finding.line - 1].startswith(f"  {finding.key}:")
        found.append((finding.key, finding.user, when.removeprefix(", ")))
    return found


ALWAYS = [("Key", "User", "")]


@pytest.mark.parametrize(
    ("resources", "found"),
    [
        pytest.param(GENERATED + key("!Ref User"), ALWAYS, id="Ref to the user"),
        pytest.param(GENERATED + key("!GetAtt User.Arn"), ALWAYS, id="GetAtt of the user"),
        pytest.param(
            GENERATED + key('!Select [1, !Split ["/", !GetAtt [User, Arn]]]'),
            ALWAYS,
            id="the name cut out of the user's ARN",
        ),
        pytest.param(GENERATED + key('!Sub "${User}"'), ALWAYS, id="Sub of the user"),
        pytest.param(
            GENERATED + key('!Sub ["${who}", {who: !Ref User}]'), ALWAYS, id="Sub with a variable"
        ),
        pytest.param(GENERATED + key('!Join ["", [!Ref User]]'), ALWAYS, id="Join of the user"),
        pytest.param(GENERATED + key("!Select [0, [!Ref User, x]]"), ALWAYS, id="Select"),
        pytest.param(ALICE + key("alice"), ALWAYS, id="the same literal name"),
        pytest.param(ALICE + key("Alice"), ALWAYS, id="IAM's names know no case"),
        pytest.param(ALICE + key('!Join ["", [al, ice]]'), ALWAYS, id="a name in pieces"),
        pytest.param(ALICE + key('!Sub "alice"'), ALWAYS, id="Sub without variables"),
        pytest.param(user('"12"') + key("12"), ALWAYS, id="a name that YAML reads as a number"),
        pytest.param(
            ALICE + key("!FindInMap [Names, first, name]"), ALWAYS, id="a name from a mapping"
        ),
        pytest.param(
            ALICE + key("!FindInMap [Names, second, name, {DefaultValue: alice}]"),
            ALWAYS,
            id="a mapping's default",
        ),
        pytest.param(ALICE + key("!Ref OnlyAlice"), ALWAYS, id="a parameter with one value"),
        pytest.param(user("!Ref OnlyAlice") + key("alice"), ALWAYS, id="that, on the user"),
        pytest.param(user("!Ref Other") + key("!Ref Other"), ALWAYS, id="one parameter on both"),
        pytest.param(
            ALICE + key('!Select [1, !Split [",", "bob,alice"]]'),
            ALWAYS,
            id="one of several names in a text",
        ),
        pytest.param(
            user('!Sub "${Env}-ci"') + key('!Join ["-", [!Ref Env, ci]]'),
            ALWAYS,
            id="one expression, written in two ways",
        ),
        pytest.param(
            user("!ImportValue admin") + key("!ImportValue admin"), ALWAYS, id="one import on both"
        ),
        pytest.param(
            ALICE + key("!Ref Other", ", DependsOn: User"),
            ALWAYS,
            id="DependsOn, the name a parameter that may be the user's",
        ),
        pytest.param(
            user('!Sub "${Env}-ci"') + key('!Sub "${Other}-ci"', ", DependsOn: [Robot, User]"),
            ALWAYS,
            id="DependsOn in a list",
        ),
        pytest.param(
            ALICE + key("alice", properties=", Status: Active"), ALWAYS, id="Status Active"
        ),
        pytest.param(
            ALICE + key("alice", properties=", Status: !Ref EitherStatus"),
            ALWAYS,
            id="a Status that may be Active",
        ),
        pytest.param(
            user("alice", "!If [IsProd, {Password: x}, {Password: y}]") + key("alice"),
            ALWAYS,
            id="a password on both branches is no condition",
        ),
        pytest.param(
            ALICE + key('"{{resolve:ssm:a}}"') + user("n").replace("User:", "Second:", 1),
            [],
            id="a dynamic reference and a literal, nothing tying them",
        ),
        pytest.param(
            GENERATED + key("!Ref User") + key("!Ref User").replace("Key:", "Spare:", 1),
            [("Key", "User", ""), ("Spare", "User", "")],
            id="two keys of one user",
        ),
        pytest.param(
            GENERATED
            + GENERATED.replace("User:", "Bob:", 1)
            + key("!If [IsProd, !Ref User, !Ref Bob]"),
            [("Key", "User", "when IsProd is true"), ("Key", "Bob", "when IsProd is false")],
            id="one key, two users by condition",
        ),
    ],
)
def test_an_access_key_of_a_console_user_is_found_by(
    resources: str, found: list[tuple[str, str, str]]
) -> None:
    assert check(resources) == found


@pytest.mark.parametrize(
    "resources",
    [
        pytest.param(OTHERS + key("!Ref Robot"), id="a key of a user without a password"),
        pytest.param(GENERATED + OTHERS + key("!Ref Robot"), id="a console user beside it"),
        pytest.param(GENERATED, id="a console user without a key"),
        pytest.param(key("alice"), id="a key of a user from elsewhere"),
        pytest.param(GENERATED + key("alice"), id="a literal never hits a generated name"),
        pytest.param(
            GENERATED + key("!Ref Other", ", DependsOn: User"),
            id="nor does a parameter, DependsOn or not",
        ),
        pytest.param(ALICE + key("bob"), id="another literal name"),
        pytest.param(ALICE + key("bob", ", DependsOn: User"), id="DependsOn with another name"),
        pytest.param(
            user('!Sub "${Env}-admin"') + key('!Sub "${Env}-ci"', ", DependsOn: User"),
            id="DependsOn, one parameter with two endings",
        ),
        pytest.param(
            ALICE + OTHERS + key("!Ref Robot", ", DependsOn: User"),
            id="DependsOn with a reference to another user",
        ),
        pytest.param(ALICE + key("!Ref AliceOrBob"), id="a parameter with two values"),
        pytest.param(ALICE + key("!Ref Name"), id="a parameter whose default is only a proposal"),
        pytest.param(ALICE + key("!Ref StoredAlice"), id="a parameter that names a stored value"),
        pytest.param(ALICE + key("!FindInMap [Names, first, other]"), id="another mapped name"),
        pytest.param(ALICE + key('!Sub "${User}-ci"'), id="a name that only begins alike"),
        pytest.param(ALICE + key('!Sub "${!User}"'), id="an escaped variable"),
        pytest.param(
            ALICE + key('!Select [0, !Split [",", "bob,alice"]]'), id="another name of a text"
        ),
        pytest.param(
            ALICE + key('!Select [0, !Split [",", !Sub "${Env},alice"]]'),
            id="a text of which only the deployment knows where it is split",
        ),
        pytest.param(
            GENERATED + key("!Ref User", properties=", Status: Inactive"), id="Status Inactive"
        ),
        pytest.param(
            GENERATED + key("!Ref User", properties=", Status: !Ref OnlyInactive"),
            id="a Status that can only be Inactive",
        ),
        pytest.param(
            user("alice", "!Ref AWS::NoValue") + key("!Ref User"), id="LoginProfile NoValue"
        ),
        pytest.param(user("alice", "null") + key("!Ref User"), id="LoginProfile null"),
        pytest.param(
            user("alice", more=", Condition: IsProd") + key("alice", ", Condition: NotProd"),
            id="conditions that exclude each other by name",
        ),
        pytest.param(
            user("alice", more=", Condition: IsProd") + key("alice", ", Condition: IsDev"),
            id="one parameter cannot have two values",
        ),
        pytest.param(
            user("alice", "!If [IsProd, {Password: x}, !Ref AWS::NoValue]")
            + key("!Ref User", properties=", Status: !If [IsProd, Inactive, Active]"),
            id="an Inactive key exactly when there is a password",
        ),
        pytest.param(
            GENERATED + OTHERS + key("!If [IsProd, !Ref User, !Ref Robot]", ", Condition: IsDev"),
            id="a branch that the key's own condition rules out",
        ),
    ],
)
def test_no_finding_for(resources: str) -> None:
    assert check(resources) == []


@pytest.mark.parametrize(
    ("resources", "when"),
    [
        pytest.param(
            GENERATED + key("!Ref User", ", Condition: WantsKey"),
            "when WantsKey is true",
            id="the key's condition",
        ),
        pytest.param(
            user("alice", more=", Condition: IsProd") + key("alice", ", Condition: WantsKey"),
            "when IsProd is true and WantsKey is true",
            id="both conditions",
        ),
        pytest.param(
            user("alice", "!If [IsProd, !Ref AWS::NoValue, {Password: x}]") + key("!Ref User"),
            "when IsProd is false",
            id="the password's branch",
        ),
        pytest.param(
            GENERATED + key("!Ref User", properties=", Status: !If [WantsKey, Active, Inactive]"),
            "when WantsKey is true",
            id="the status's branch",
        ),
        pytest.param(
            user("!If [IsProd, alice, bob]") + key("!If [IsProd, alice, carol]"),
            "when IsProd is true",
            id="the branches where the names agree",
        ),
        pytest.param(
            user('!Sub ["${n}-x", {n: !If [IsProd, alice, bob]}]') + key("alice-x"),
            "when IsProd is true",
            id="a branch deep inside a name",
        ),
        pytest.param(
            GENERATED
            + key(
                "!Ref User",
                properties=", Status: !If [IsProd, Active, !If [WantsKey, Active, Inactive]]",
            ),
            "when IsProd is false and WantsKey is true, or when IsProd is true",
            id="one or the other",
        ),
        pytest.param(
            GENERATED + key("!Ref User", ", Condition: Undefined"),
            "when Undefined is true",
            id="a condition that is not defined cannot rule anything out",
        ),
    ],
)
def test_a_finding_says_under_which_conditions(resources: str, when: str) -> None:
    assert check(resources) == [("Key", "User", when)]


def test_for_each_makes_one_finding_for_each_key_on_the_line_of_its_pattern() -> None:
    text = dedent(
        """\
        Transform: AWS::LanguageExtensions
        Resources:
          Fn::ForEach::People:
            - Person
            - [Ann, Ben]
            - User${Person}:
                Type: AWS::IAM::User
                Properties: {LoginProfile: {Password: x}}
              Key${Person}:
                Type: AWS::IAM::AccessKey
                Properties: {UserName: {Ref: !Sub "User${Person}"}}
        """
    )
    found = [(f.line, f.key, f.user) for f in check_template(text, "t.yaml", TODAY).findings]
    assert found == [(9, "KeyAnn", "UserAnn"), (9, "KeyBen", "UserBen")]


def test_a_loop_over_a_list_that_only_the_deployment_knows_is_looked_into() -> None:
    text = dedent(
        """\
        Transform: AWS::LanguageExtensions
        Parameters: {People: {Type: CommaDelimitedList}}
        Resources:
          Fn::ForEach::Users:
            - Person
            - !Ref People
            - User${Person}:
                Type: AWS::IAM::User
                Properties: {UserName: !Ref Person, LoginProfile: {Password: x}}
          Fn::ForEach::Keys:
            - Person
            - !Ref People
            - Key${Person}:
                Type: AWS::IAM::AccessKey
                Properties: {UserName: !Ref Person}
        """
    )
    found = check_template(text, "t.yaml", TODAY).findings
    assert [(f.line, f.key, f.user) for f in found] == [(13, "Key${Person}", "User${Person}")]
    assert found[0].message.startswith("Key${Person} is an access key for User${Person}, who")


def test_a_pair_that_a_rule_of_the_template_forbids_is_no_finding() -> None:
    text = PREAMBLE.replace(
        "Resources:",
        'Rules: {R: {Assertions: [{Assert: !Equals [!Ref Env, "dev"]}]}}\nResources:',
    )
    text += "  " + user("alice", more=", Condition: IsProd") + "  " + key("alice")
    assert check_template(text, "t.yaml", TODAY).findings == []


WHOLE = "no-setup-access-key: {owner: ops, until: 2026-12-31, reason: ticket 4711}"


def judge_with_metadata(place: str, metadata: str) -> Judgement:
    text = PREAMBLE + "  " + GENERATED
    text += "  " + key("!Ref User", f", Metadata: {{{metadata}}}" if place == "resource" else "")
    if place == "template":
        text = f"Metadata: {{{metadata}}}\n{text}"
    return check_template(text, "t.yaml", TODAY)


@pytest.mark.parametrize("ignore", ["", "cfn-lint: {config: {ignore_checks: [E9111]}}, "])
@pytest.mark.parametrize("place", ["resource", "template"])
def test_metadata_with_owner_date_and_reason_accepts_the_finding(place: str, ignore: str) -> None:
    judgement = judge_with_metadata(place, ignore + WHOLE)
    assert judgement.findings == []
    assert [(a.finding.key, a.acceptance) for a in judgement.accepted] == [
        ("Key", Acceptance("ops", date(2026, 12, 31), "ticket 4711"))
    ]


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        pytest.param(
            "cfn-lint: {config: {ignore_checks: [E9111]}}",
            "Its acceptance does not count: it needs owner, until, reason.",
            id="ignored without a word of who and until when",
        ),
        pytest.param(
            "cfn-lint: {config: {ignore_checks: [E9]}}",
            "Its acceptance does not count: it needs owner, until, reason.",
            id="ignored with all its family",
        ),
        pytest.param(
            WHOLE.replace("owner: ops, ", ""),
            "Its acceptance does not count: it needs owner, a text that is not empty.",
            id="no owner",
        ),
        pytest.param(
            WHOLE.replace("2026-12-31", "soon"),
            "Its acceptance does not count: it needs until, a date such as 2026-12-31.",
            id="no date",
        ),
        pytest.param(
            WHOLE.replace("2026-12-31", "20261231"),
            "Its acceptance does not count: it needs until, a date such as 2026-12-31.",
            id="a date without dashes",
        ),
        pytest.param(
            WHOLE.replace("2026-12-31", "2026-W53-4"),
            "Its acceptance does not count: it needs until, a date such as 2026-12-31.",
            id="a date by its week",
        ),
        pytest.param(
            WHOLE.replace("2026-12-31", "2026-08-31"),
            "Its acceptance by ops ended on 2026-08-31.",
            id="a day that is over",
        ),
    ],
)
@pytest.mark.parametrize("place", ["resource", "template"])
def test_an_acceptance_that_is_not_whole_or_over_accepts_nothing(
    place: str, metadata: str, why: str
) -> None:
    judgement = judge_with_metadata(place, metadata)
    assert judgement.accepted == []
    assert [f.message.partition("it is asked for. ")[2] for f in judgement.findings] == [why]


def test_ignore_checks_of_another_resource_silences_nothing() -> None:
    ignore = ", Metadata: {cfn-lint: {config: {ignore_checks: [E9111]}}}"
    assert check(GENERATED + OTHERS.replace("User, P", f"User{ignore}, P") + key("!Ref User")) == [
        ("Key", "User", "")
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            "Resources: {Type: AWS::IAM::AccessKey",
            "line 2: did not find expected",
            id="YAML that does not parse",
        ),
        pytest.param(
            '{"Type": "AWS::IAM::AccessKey", "b": {',
            "line 2: did not find expected",
            id="JSON that does not parse",
        ),
        pytest.param(
            "- a\n- b\n",
            "it is neither a CloudFormation template nor a Terraform plan",
            id="a list",
        ),
        pytest.param(
            "Transform: AWS::LanguageExtensions\n"
            "Metadata: {cfn-lint: {config: {ignore_checks: [E0001]}}}\n"
            'Resources: {"Fn::ForEach::X": 1, K: {Type: AWS::IAM::AccessKey}}\n',
            "line 3: Error transforming template: Fn::ForEach values must be a list of 3",
            id="a malformed loop, its error ignored by the template itself",
        ),
        pytest.param(
            "Metadata: 7\nResources: {K: {Type: AWS::IAM::AccessKey}}\n",
            "cfn-lint cannot follow this template: ",
            id="metadata that is no mapping",
        ),
    ],
)
def test_a_template_that_cannot_be_followed_is_an_error_never_a_pass(
    text: str, reason: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        check_template(text, "t.yaml", TODAY)
    assert str(refused.value).startswith(reason)


def test_a_name_with_too_many_cases_is_an_error_never_a_pass() -> None:
    count = MAX_CASES.bit_length()
    conditions = "".join(f"  C{n}: !Equals [!Ref P{n}, x]\n" for n in range(count))
    parameters = "".join(f"  P{n}: {{Type: String}}\n" for n in range(count))
    name = ", ".join(f"!If [C{n}, a, b]" for n in range(count))
    text = f"Parameters:\n{parameters}Conditions:\n{conditions}Resources:\n"
    text += f'  {ALICE}  {key(f"""!Join ["", [{name}]]""")}'
    with pytest.raises(Unreadable, match="more than 512 cases; give it fewer conditions"):
        check_template(text, "t.yaml", TODAY)


@pytest.mark.slow
def test_cfn_lint_itself_reports_the_rule_from_any_folder_in_yaml_json_and_sam(
    tmp_path: Path,
) -> None:
    files = sorted(CASES.glob("*.*"))
    assert [f.name for f in files] == ["plain.json", "plain.yaml", "serverless.yaml"]
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("cfn-lint"), "--format", "json", "--append-rules"),
            *(str(ROOT / "guardrails" / "cloudformation" / "rules"), "--include-checks", "E9111"),
            *("--ignore-checks", "E1,E2,E3,E4,E5,E6,E7,E8,W", "--", *map(str, files)),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = [
        (m["Rule"]["Id"], Path(m["Filename"]).name, m["Location"]["Path"])
        for m in json.loads(run.stdout)
    ]
    assert found == [
        ("E9111", file.name, ["Resources", logical_id])
        for file in files
        for logical_id in ("BadKey", "BadSecondKey")
    ]


def test_a_parameter_that_cfn_lint_is_given_a_value_for_has_one_value(tmp_path: Path) -> None:
    """Of a parameter that names a stored value, the name is given, not the value."""
    given, stored = (
        key(f"!Ref {name}").replace("Key:", f"Key{name}:", 1) for name in ("Name", "StoredAlice")
    )
    template = tmp_path / "t.yaml"
    # cfn-lint 1.58 forgets the values given once it has carried out a transform.
    preamble = PREAMBLE.partition("\n")[2]
    template.write_text(preamble + indent(ALICE + given + stored, "  "))
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("cfn-lint"), template, "--format", "json"),
            *("--append-rules", str(ROOT / "guardrails" / "cloudformation" / "rules")),
            *("--parameters", "Name=alice", "StoredAlice=alice", "Env=x", "Other=y"),
            *("OnlyAlice=alice", "AliceOrBob=bob", "OnlyInactive=Inactive", "EitherStatus=Active"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [m["Location"]["Path"] for m in json.loads(run.stdout) if m["Rule"]["Id"] == "E9111"]
    assert found == [["Resources", "KeyName"]]


@pytest.mark.parametrize("file", sorted(CASES.glob("*.*")), ids=lambda file: file.name)
def test_every_key_named_bad_is_found_and_no_key_named_ok(file: Path) -> None:
    text = file.read_text()
    lines = text.splitlines()
    found = check_template(text, file.name, TODAY).findings
    assert [f.key for f in found] == ["BadKey", "BadSecondKey"]
    assert [lines[f.line - 1].strip(' ":{') for f in found] == [f.key for f in found]


CONDITIONS = st.dictionaries(st.sampled_from("ABCD"), st.booleans())


@given(st.lists(CONDITIONS, max_size=6))
def test_the_conditions_named_hold_in_exactly_the_cases_that_were_found(
    cases: list[dict[str, bool]],
) -> None:
    reduced = _reduce(cases)
    for number in range(16):
        world = {name: bool(number >> bit & 1) for bit, name in enumerate("ABCD")}
        before = any(case.items() <= world.items() for case in cases)
        assert before == any(case.items() <= world.items() for case in reduced)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.sampled_from(["User", "Key", "IsProd", ""]),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    ["Ref", "Password"]
                    + [f"Fn::{f}" for f in ("If", "Sub", "Join", "Select", "GetAtt", "Split")]
                ),
                inner,
                max_size=2,
            )
        ),
        max_leaves=12,
    )
)
def test_no_value_however_malformed_leads_the_rule_astray(value: object) -> None:
    """The key of User, by reference, is found whatever stands in the name of another one."""
    template = {
        "Conditions": {"IsProd": {"Fn::Equals": ["a", {"Ref": "AWS::Region"}]}},
        "Resources": {
            "User": {"Type": "AWS::IAM::User", "Properties": {"LoginProfile": {"Password": "x"}}},
            "Key": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "User"}}},
            "Odd": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": value}},
            "Guest": {
                "Type": "AWS::IAM::User",
                "Properties": {"UserName": value, "LoginProfile": value},
            },
        },
    }
    found = check_template(json.dumps(template), "t.json", TODAY).findings
    assert ("Key", "User") in [(f.key, f.user) for f in found]
