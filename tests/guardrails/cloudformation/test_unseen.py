"""Templates inside templates, and what of a template cannot be seen."""

import json
from datetime import date
from typing import Any

import pytest

from guardrails.cloudformation.check import check_template
from guardrails.judgement import Judgement

TODAY = date(2026, 9, 1)
INSIDE: dict[str, Any] = {
    "Resources": {
        "U": {"Type": "AWS::IAM::User", "Properties": {"LoginProfile": {"Password": "x"}}},
        "K": {"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "U"}}},
    }
}
TEXT = json.dumps(INSIDE)
UNSEEN = "S is a StackSet whose template is not in this file"


def judge(body: Any, **more: Any) -> Judgement:
    stack = {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateBody": body}}
    template = {"Conditions": {"C": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}}, **more}
    return check_template(json.dumps({**template, "Resources": {"S": stack}}), "t", TODAY)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(TEXT, id="text"),
        pytest.param(INSIDE, id="a mapping"),
        pytest.param({"Fn::Sub": TEXT}, id="Sub"),
        pytest.param({"Fn::Sub": [TEXT, {"a": "b"}]}, id="Sub with variables"),
        pytest.param({"Fn::If": ["C", "{}", TEXT]}, id="a branch of If"),
        pytest.param({"Fn::If": ["C", {"Fn::Sub": TEXT}, {"Ref": "AWS::NoValue"}]}, id="Sub in If"),
        pytest.param({"Fn::Join": ["", [TEXT[:40], TEXT[40:]]]}, id="Join of texts"),
        pytest.param({"Fn::ToJsonString": INSIDE}, id="ToJsonString"),
    ],
)
def test_the_template_that_a_stack_set_carries_is_judged(body: Any) -> None:
    judgement = judge(body, Transform="AWS::LanguageExtensions")
    assert ([f.key for f in judgement.findings], judgement.notes) == (["K"], [])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"Ref": "Body"}, id="a parameter"),
        pytest.param({"Fn::Join": ["", ["{", {"Ref": "Body"}]]}, id="a text that is not plain"),
        pytest.param({"Fn::ImportValue": "body"}, id="an import"),
    ],
)
def test_a_body_that_only_the_deployment_knows_is_said(body: Any) -> None:
    notes = judge(body, Parameters={"Body": {"Type": "String"}}).notes
    assert [note.text for note in notes] == [UNSEEN]


def test_each_macro_of_a_list_is_said_in_words() -> None:
    include = {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}
    bucket = {"Type": "AWS::S3::Bucket", "Fn::Transform": [{"Name": "Mine"}, include]}
    notes = check_template(json.dumps({"Resources": {"B": bucket}}), "t", TODAY).notes
    assert [note.text for note in notes] == [
        "the macro Mine may change this template: what it makes is not seen",
        "an include of s3://b/k: what it brings is not seen",
    ]
