"""Which policies count as protection: those of guardrails/scp/ in whatever form, and no others."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from rollout.deployment.attempts import CONFIG, RULE, TAGS, Address
from rollout.deployment.protection import Protection, judge_protection
from rollout.organization.control_policies import ControlPolicy
from tests.support.paths import ROOT

HERE = Address("aws", "eu-west-1", "111122223333")
ROLES = {
    "<exception-role>": "aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Exceptions_*",
    "<administrator-role>": "iam-user-no-setup-access-key-administrator",
    "<rollout-role>": "RuleRollout",
}


OTHER_TAGS = "EveryOtherTagOfTheRule"


def load(file: str) -> dict[str, Any]:
    text = (ROOT / "guardrails" / "scp" / file).read_text(encoding="utf-8")
    for placeholder, role in ROLES.items():
        text = text.replace(placeholder, role)
    policy: dict[str, Any] = json.loads(text)
    return policy


def judge(*policies: dict[str, Any]) -> Protection:
    found = [
        ControlPolicy(f"p-{at}", "some", json.dumps(each, separators=(",", ":")))
        for at, each in enumerate(policies)
    ]
    return judge_protection(found, HERE)


def statements(*files: str) -> list[dict[str, Any]]:
    return [each for file in files for each in load(file)["Statement"]]


def policy(*found: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(found)}


def test_our_files_as_they_are_leave_open_what_config_json_denies_and_no_more() -> None:
    protection = judge(load(TAGS), load(RULE))
    assert (protection.stands, [*protection.gaps], protection.unclear) == (True, [CONFIG], {})
    assert judge(load(TAGS), load(RULE), load(CONFIG)).gaps == {}


@pytest.mark.parametrize(
    ("files", "missing"),
    [
        pytest.param([RULE, CONFIG], [TAGS], id="without the tags"),
        pytest.param([TAGS, CONFIG], [RULE], id="without the rule"),
        pytest.param([], [TAGS, RULE, CONFIG], id="nothing at all"),
    ],
)
def test_what_is_missing_is_named_by_its_file(files: list[str], missing: list[str]) -> None:
    protection = judge(*map(load, files))
    assert (protection.stands, [*protection.gaps]) == (False, missing)


def merge_and_reorder() -> list[dict[str, Any]]:
    return [
        policy(*({**each, "Sid": f"S{n}"} for n, each in enumerate(statements(RULE, TAGS)[::-1])))
    ]


def split() -> list[dict[str, Any]]:
    return [policy(each) for each in statements(TAGS, RULE)]


def write_single_things_without_brackets() -> list[dict[str, Any]]:
    return [
        {"Version": "2012-10-17", "Statement": {**each, "Action": action}}
        for each in statements(TAGS, RULE)
        for action in each["Action"]
    ]


def write_in_other_letters() -> list[dict[str, Any]]:
    found = statements(TAGS, RULE)
    for each in found:
        each["Action"] = [action.upper() for action in each["Action"]]
        each["Condition"] = {
            operator: {key.upper(): value for key, value in keys.items()}
            for operator, keys in each["Condition"].items()
        }
    return [policy(*found)]


def deny_whole_services() -> list[dict[str, Any]]:
    found = statements(TAGS, RULE)
    for each in found:
        each["Action"] = sorted({f"{action.partition(':')[0]}:*" for action in each["Action"]})
    return [policy(*found)]


def deny_all_but_reading() -> list[dict[str, Any]]:
    everything = {
        "Effect": "Deny",
        "NotAction": ["*:Get*", "*:List*", "*:Describe*"],
        "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/stacksets-exec-*"}},
    }
    return [policy(everything)]


@pytest.mark.parametrize(
    "write",
    [
        merge_and_reorder,
        split,
        write_single_things_without_brackets,
        write_in_other_letters,
        deny_whole_services,
    ],
)
def test_the_same_denials_in_another_form_are_known(
    write: Callable[[], list[dict[str, Any]]],
) -> None:
    assert judge(*write()).stands


def test_a_policy_that_denies_everything_but_reading_keeps_our_function_from_its_tags() -> None:
    protection = judge(*deny_all_but_reading())
    assert (protection.gaps, protection.muzzled, protection.stands) == ({}, True, False)


Change = Callable[[dict[str, Any]], None]


def allow(statement: dict[str, Any]) -> None:
    statement["Effect"] = "Allow"


def exempt(principal: str) -> Change:
    def change(statement: dict[str, Any]) -> None:
        statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"].append(principal)

    return change


def hold_for_all_values(statement: dict[str, Any]) -> None:
    for operator in [*statement["Condition"]]:
        if operator.startswith("ForAnyValue:"):
            keys = statement["Condition"].pop(operator)
            statement["Condition"][operator.replace("ForAnyValue", "ForAllValues")] = keys


def heed_letter_case(statement: dict[str, Any]) -> None:
    keys = ["no-setup-access-key:exception-*", "no-setup-access-key:quarantined:*"]
    for operator in [*statement["Condition"]]:
        if operator.startswith("ForAnyValue:"):
            del statement["Condition"][operator]
    statement["Condition"]["ForAnyValue:StringLike"] = {"aws:TagKeys": keys}


def forget_removal(statement: dict[str, Any]) -> None:
    statement["Action"].remove("iam:UntagUser")


def name_another_account(statement: dict[str, Any]) -> None:
    statement["Resource"] = "arn:aws:iam::444455556666:user/*"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(allow, id="an Allow denies nothing"),
        pytest.param(exempt("*"), id="everybody is exempt"),
        pytest.param(exempt("arn:*:iam::*:role/*"), id="every role is exempt"),
        pytest.param(exempt("arn:aws:iam::*:user/*"), id="every user is exempt"),
        pytest.param(exempt("arn:aws:iam::*:root"), id="the root user is exempt"),
        pytest.param(hold_for_all_values, id="a second tag walks around it"),
        pytest.param(heed_letter_case, id="other letters walk around it"),
        pytest.param(forget_removal, id="tags may be removed"),
        pytest.param(name_another_account, id="it is about another account"),
    ],
)
def test_what_only_looks_like_our_denials_does_not_count(change: Change) -> None:
    found = statements(TAGS)
    for each in found:
        change(each)
    protection = judge(policy(*found), load(RULE))
    assert (protection.stands, TAGS in protection.gaps) == (False, True)


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringNotEquals", "aws:PrincipalTag/team", "security"),
        ("BoolIfExists", "aws:MultiFactorAuthPresent", "false"),
        ("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),
        ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
        ("StringNotLike", "aws:PrincipalArn", "arn:aws:iam::${aws:PrincipalAccount}:role/x"),
    ],
)
def test_a_condition_that_is_not_judged_here_is_unclear_and_named(
    operator: str, key: str, value: str
) -> None:
    found = statements(TAGS)
    for each in found:
        each["Condition"].setdefault(operator, {})[key] = value
    protection = judge(policy(*found), load(RULE))
    assert (protection.stands, [*protection.gaps]) == (False, [CONFIG])
    assert protection.unclear == {TAGS: f"p-0 some: {operator} {key} is not judged here"}


def test_a_policy_of_another_account_alone_does_not_count_there_and_does_here() -> None:
    found = statements(TAGS, RULE)
    for each in found:
        each["Condition"]["StringEquals"] = {"aws:PrincipalAccount": HERE.account}
    text = json.dumps(policy(*found))
    there = judge_protection([ControlPolicy("p", "", text)], Address("aws", "eu-west-1", "4" * 12))
    assert (judge(policy(*found)).stands, there.stands) == (True, False)


@pytest.mark.parametrize(
    "sid", [each["Sid"] for each in statements(TAGS, RULE) if each["Sid"] != OTHER_TAGS]
)
def test_each_statement_is_missed_when_it_is_left_out(sid: str) -> None:
    """The statement on every other tag denies once more what the first two do."""
    found = [each for each in statements(TAGS, RULE) if each["Sid"] not in (sid, OTHER_TAGS)]
    assert not judge(policy(*found)).stands


def test_one_action_less_is_named() -> None:
    found = statements(RULE)
    found[0]["Action"].remove("lambda:Update*")
    gaps = judge(load(TAGS), policy(*found)).gaps[RULE]
    assert [*gaps] == ["changing the functions"]
    assert gaps["changing the functions"][:2] == [
        "lambda:UpdateAlias",
        "lambda:UpdateCapacityProvider",
    ]
