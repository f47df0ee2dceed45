"""The Guard rule, run by Guard: what it finds, what it passes, and what it is known not to see."""

from typing import Any

import pytest

from tests.support.paths import ROOT

RULES = (ROOT / "guardrails" / "cloudformation" / "rules" / "rule.guard").read_text()
OPERATOR = {"UserName": "operator", "LoginProfile": {"Password": "x"}}
ROBOT = {"UserName": "robot"}
NO_VALUE = {"Ref": "AWS::NoValue"}
MAYBE = {"LoginProfile": {"Fn::If": ["C", {"Password": "x"}, NO_VALUE]}}


def run_guard(template: dict[str, Any]) -> str:
    """Return Guard's status for a template; without Guard the test is skipped."""
    guard = pytest.importorskip(
        "cfn_guard_rs", reason="cfn-guard-rs has no wheel for Python 3.13 and later"
    )
    return str(guard.run_checks(template, RULES).status)


def judge(user_name: Any, operator: Any = OPERATOR, **key: Any) -> str:
    """Return Guard's status for a template with a console user, a robot and one key."""
    properties = {"UserName": user_name, **key.pop("properties", {})}
    template = {
        "Resources": {
            "Operator": {"Type": "AWS::IAM::User", "Properties": operator},
            "Robot": {"Type": "AWS::IAM::User", "Properties": ROBOT},
            "Key": {"Type": "AWS::IAM::AccessKey", "Properties": properties, **key},
            "Topic": {"Type": "AWS::SNS::Topic"},
        }
    }
    return run_guard(template)


@pytest.mark.parametrize(
    ("user_name", "operator"),
    [
        pytest.param({"Ref": "Operator"}, OPERATOR, id="Ref"),
        pytest.param({"Ref": "Operator"}, {"LoginProfile": {"Password": "x"}}, id="without a name"),
        pytest.param({"Fn::Sub": "${Operator}"}, OPERATOR, id="Sub"),
        pytest.param(
            {"Fn::If": ["C", {"Ref": "Robot"}, {"Ref": "Operator"}]}, OPERATOR, id="a branch of If"
        ),
        pytest.param("operator", OPERATOR, id="the same literal name"),
        pytest.param({"Ref": "P"}, {**OPERATOR, "UserName": {"Ref": "P"}}, id="one parameter"),
        pytest.param(
            {"Ref": "Operator"},
            MAYBE,
            id="a password under a condition",
        ),
        pytest.param({"Fn::Sub": "${Operator}"}, MAYBE, id="Sub of one with such a password"),
        pytest.param(
            {"Fn::If": ["C", {"Ref": "Robot"}, {"Ref": "Operator"}]},
            MAYBE,
            id="the second branch of If with one of such a password",
        ),
        pytest.param(
            {"Fn::If": ["C", {"Ref": "Operator"}, {"Ref": "Robot"}]},
            MAYBE,
            id="the first branch of If with one of such a password",
        ),
        pytest.param(
            {"Fn::ImportValue": "x"},
            {**OPERATOR, "UserName": {"Fn::ImportValue": "x"}},
            id="one import",
        ),
    ],
)
def test_a_key_of_a_console_user_fails_by(user_name: Any, operator: Any) -> None:
    assert judge(user_name, operator) == "FAIL"


@pytest.mark.parametrize(
    ("user_name", "operator"),
    [
        pytest.param({"Ref": "Robot"}, OPERATOR, id="a robot by Ref"),
        pytest.param({"Fn::Sub": "${Robot}"}, OPERATOR, id="a robot by Sub"),
        pytest.param("robot", OPERATOR, id="a robot by name"),
        pytest.param({"Ref": "Parameter"}, OPERATOR, id="a parameter"),
        pytest.param({"Ref": "Operator"}, {**OPERATOR, "LoginProfile": NO_VALUE}, id="NoValue"),
        pytest.param({"Ref": "Operator"}, ROBOT, id="a user without a password"),
    ],
)
def test_other_keys_pass(user_name: Any, operator: Any) -> None:
    assert judge(user_name, operator) in ("PASS", "SKIP")


def test_an_inactive_key_passes() -> None:
    assert judge({"Ref": "Operator"}, properties={"Status": "Inactive"}) == "SKIP"
    assert judge({"Ref": "Operator"}, properties={"Status": "Active"}) == "FAIL"


def test_a_key_whose_metadata_suppresses_the_rule_passes() -> None:
    suppressed = {"guard": {"SuppressedRules": ["no_setup_access_key"]}}
    assert judge({"Ref": "Operator"}, Metadata=suppressed) == "SKIP"
    assert judge({"Ref": "Operator"}, Metadata={"guard": {"SuppressedRules": ["other"]}}) == "FAIL"


def test_templates_without_keys_or_without_resources_pass() -> None:
    topic = {"T": {"Type": "AWS::SNS::Topic"}}
    templates: list[dict[str, Any]] = [{"Resources": {}}, {"Resources": topic}, {}]
    for template in templates:
        assert run_guard(template) == "SKIP"


@pytest.mark.parametrize(
    "user_name",
    [
        pytest.param("Operator", id="a name in other letter case"),
        pytest.param({"Fn::Join": ["", ["oper", "ator"]]}, id="a name put together"),
        pytest.param({"Fn::FindInMap": ["M", "a", "b"]}, id="a name from a mapping"),
        pytest.param({"Fn::Sub": ["${u}", {"u": {"Ref": "Operator"}}]}, id="Sub with variables"),
    ],
)
def test_as_the_page_says_it_does_not_see(user_name: Any) -> None:
    assert judge(user_name) in ("PASS", "SKIP")


def test_as_the_page_says_it_takes_conditions_that_exclude_each_other_for_a_finding() -> None:
    template = {
        "Resources": {
            "Operator": {"Type": "AWS::IAM::User", "Condition": "A", "Properties": OPERATOR},
            "Key": {
                "Type": "AWS::IAM::AccessKey",
                "Condition": "NotA",
                "Properties": {"UserName": "operator"},
            },
        }
    }
    assert run_guard(template) == "FAIL"
