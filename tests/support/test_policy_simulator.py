"""The simulator against what the IAM User Guide says of single statements."""

from typing import Any

import pytest

from tests.support.policy_simulator import ALLOW, DENY, IMPLICIT, AuthorizationRequest, decide

USER = "arn:aws:iam::111122223333:user/alice"


def policy(effect: str = "Allow", **elements: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "iam:TagUser", "Resource": "*", **elements}
    return {"Version": "2012-10-17", "Statement": [statement]}


def only(**elements: Any) -> dict[str, Any]:
    """Return a policy without the default Action or Resource that its Not... form excludes."""
    allowed = policy(**elements)
    for name in ("Action", "Resource"):
        if f"Not{name}" in elements:
            del allowed["Statement"][0][name]
    return allowed


def test_a_deny_wins_and_silence_denies() -> None:
    request = AuthorizationRequest("iam:TagUser", USER)
    assert decide([policy("Allow"), policy("Deny")], request) == DENY
    assert decide([policy("Allow")], request) == ALLOW
    assert decide([], request) == IMPLICIT


@pytest.mark.parametrize(
    ("elements", "allowed"),
    [
        pytest.param({"Action": "iam:tag*"}, True, id="actions know wildcards and no case"),
        pytest.param({"Action": ["iam:Get*", "iam:TagUse?"]}, True, id="one of several actions"),
        pytest.param({"Action": "iam:Tag"}, False, id="an action is matched whole"),
        pytest.param({"NotAction": "iam:Untag*"}, True, id="NotAction"),
        pytest.param({"NotAction": "iam:*"}, False, id="NotAction that names it"),
        pytest.param({"Resource": "arn:*:iam::*:user/*"}, True, id="a resource with wildcards"),
        pytest.param({"Resource": "arn:aws:iam::*:user/Alice"}, False, id="resources know case"),
        pytest.param({"Resource": "arn:*:user/*"}, False, id="no wildcard reaches over colons"),
        pytest.param({"NotResource": "arn:aws:iam::*:role/*"}, True, id="NotResource"),
        pytest.param(
            {"Resource": "arn:aws:iam::*:user/${aws:username}"}, True, id="a policy variable"
        ),
        pytest.param(
            {"Resource": "arn:aws:iam::*:user/${aws:userid}"}, False, id="one without a value"
        ),
    ],
)
def test_actions_and_resources(elements: dict[str, Any], allowed: bool) -> None:
    request = AuthorizationRequest("iam:TagUser", USER, {"aws:username": "alice"})
    assert (decide([only(**elements)], request) == ALLOW) is allowed


@pytest.mark.parametrize(
    ("operator", "expected", "actual", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", "a", None, False),
        ("StringEqualsIfExists", "a", None, True),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", "a", None, True),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "a*", "abc", True),
        ("StringLike", "a*", "Abc", False),
        ("StringLike", "a?", "ab", True),
        ("StringNotLike", "a*", "abc", False),
        ("ArnLike", "arn:*:iam::*:role/x*", "arn:aws:iam::1:role/xy", True),
        ("ArnLike", "arn:*:role/x", "arn:aws:iam::1:role/x", False),
        ("ArnNotLike", "arn:*:iam::*:role/x", "arn:aws:iam::1:role/x", False),
        ("Bool", "true", "true", True),
        ("Bool", "true", None, False),
        ("Null", "true", None, True),
        ("Null", "true", "x", False),
        ("Null", "false", "x", True),
        ("ForAnyValue:StringLike", "a*", ["b", "ab"], True),
        ("ForAnyValue:StringLike", "a*", [], False),
        ("ForAnyValue:StringLike", "a*", None, False),
        ("ForAllValues:StringLike", "a*", ["b", "ab"], False),
        ("ForAllValues:StringLike", "a*", ["ab"], True),
        ("ForAllValues:StringLike", "a*", None, True),
        ("ForAnyValue:StringNotEquals", "a", ["a", "b"], True),
        ("ForAllValues:StringNotEquals", "a", ["a", "b"], False),
    ],
)
def test_condition_operators(
    operator: str, expected: Any, actual: str | list[str] | None, holds: bool
) -> None:
    context = {} if actual is None else {"aws:Key": actual}
    conditional = policy(Condition={operator: {"AWS:key": expected}})
    decision = decide([conditional], AuthorizationRequest("iam:TagUser", USER, context))
    assert (decision == ALLOW) is holds


def test_every_operator_and_every_key_must_hold() -> None:
    condition = {"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": "true"}}
    request = AuthorizationRequest(
        "iam:TagUser", USER, {"aws:a": "1", "aws:b": "2", "aws:c": "true"}
    )
    assert decide([policy(Condition=condition)], request) == ALLOW
    for key in request.context:
        other = {**request.context, key: "x"}
        assert decide([policy(Condition=condition)], request._replace(context=other)) == IMPLICIT


@pytest.mark.parametrize(
    ("elements", "context", "reason"),
    [
        ({"Condition": {"NumericEquals": {"a": "1"}}}, {}, "NumericEquals is not known here"),
        ({"Condition": {"Some:StringLike": {"a": "1"}}}, {}, "Some:StringLike is not known here"),
        ({"Principal": "*"}, {}, "unknown element"),
        ({"effect": "Deny"}, {}, "unknown element"),
        ({"NotAction": "a"}, {}, "exactly one is needed"),
        ({"Condition": {"StringLike": {"a": "1"}}}, {"a": ["1"]}, "it needs ForAnyValue"),
    ],
)
def test_what_it_does_not_know_raises(
    elements: dict[str, Any], context: dict[str, Any], reason: str
) -> None:
    unknown = policy()
    unknown["Statement"][0].update(elements)
    with pytest.raises(ValueError, match=reason):
        decide([unknown], AuthorizationRequest("iam:TagUser", USER, context))
