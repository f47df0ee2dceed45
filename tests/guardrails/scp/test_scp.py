"""The service control policies, both ways: what must not be is denied, the rest works."""

import csv
import json
import re
from itertools import product
from typing import Any

import pytest
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from tests.support.paths import CASES, ROOT
from tests.support.policy_simulator import DENY, AuthorizationRequest, decide, read_statements

FOLDER = ROOT / "guardrails" / "scp"
NAME = "iam-user-no-setup-access-key"
PLACEHOLDERS = {
    "<administrator-role>": "BreakGlass",
    "<config-role>": "AWSControlTowerExecution",
    "<exception-role>": "aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Exceptions_*",
    "<rollout-role>": "RuleRollout",
    "<user-administrator-role>": "UserAdministration",
}
SSO = "role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Exceptions_0123456789abcdef"
FILES = ["config", "credentials", "exception-tags", "the-rule"]


def load(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.json").read_text()
    for placeholder, role in PLACEHOLDERS.items():
        text = text.replace(placeholder, role)
    policy: dict[str, Any] = json.loads(text)
    return policy


def arn(service: str, resource: str, region: str = "", partition: str = "aws") -> str:
    return f"arn:{partition}:{service}:{region}:111122223333:{resource}"


def is_denied(
    policy: dict[str, Any], action: str, resource: str, principal: str, **more: Any
) -> bool:
    """Tell whether an SCP denies this to a principal, such as role/Admin or user/ann."""
    context = {"aws:PrincipalArn": arn("iam", principal), **more}
    return decide([policy], AuthorizationRequest(action, resource, context)) == DENY


def tag(principal: str, action: str, *keys: str) -> bool:
    more = {"aws:TagKeys": list(keys)} if keys else {}
    user = arn("iam", "user/team/alice")
    return is_denied(load("exception-tags"), f"iam:{action}", user, principal, **more)


def vary_case(text: str) -> st.SearchStrategy[str]:
    flips = st.lists(st.booleans(), min_size=len(text), max_size=len(text))
    return flips.map(
        lambda up: "".join(c.upper() if u else c.lower() for c, u in zip(text, up, strict=True))
    )


MEMBER_ADMINISTRATORS = ["role/Admin", "user/ann", "root", f"role/{NAME}-evaluator"]
REMEDIATION = f"role/{NAME}-remediator"
EXCEPTION_KEYS = [
    f"no-setup-access-key:exception-{name}" for name in ("owner", "expires", "reason")
]
QUARANTINE_KEY = "no-setup-access-key:quarantined:AKIAIOSFODNN7EXAMPLE"
WRITES = ["CreateUser", "TagUser", "UntagUser"]


@pytest.mark.parametrize("name", FILES)
def test_each_policy_fits_with_the_longest_role_names(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text()
    assert len(re.sub("<[a-z-]+>", "r" * 128, text)) <= 5120


def test_every_placeholder_is_known_and_every_known_one_is_used() -> None:
    found = {p for file in FOLDER.glob("*.json") for p in re.findall("<[a-z-]+>", file.read_text())}
    assert found == set(PLACEHOLDERS)
    assert sorted(file.stem for file in FOLDER.glob("*.json")) == FILES


def test_a_placeholder_left_in_place_exempts_nobody() -> None:
    """No role name may hold < or >, as CreateRole's pattern in botocore's service model says."""
    shape = get_session().get_service_model("iam").shape_for("roleNameType")
    for placeholder in PLACEHOLDERS:
        assert re.fullmatch(shape.metadata["pattern"], placeholder) is None


@pytest.mark.parametrize("name", FILES)
def test_every_action_exists(name: str) -> None:
    for statement in read_statements(load(name)):
        for action in statement["Action"]:
            service, _, pattern = action.partition(":")
            # PassRole is a permission without an operation of its own.
            known = [*get_session().get_service_model(service).operation_names, "PassRole"]
            expression = pattern.replace("*", ".*")
            assert any(re.fullmatch(expression, operation) for operation in known), action


@pytest.mark.parametrize(("principal", "action"), list(product(MEMBER_ADMINISTRATORS, WRITES)))
def test_nobody_in_a_member_writes_the_rules_tags(principal: str, action: str) -> None:
    for key in (*EXCEPTION_KEYS, QUARANTINE_KEY, "no-setup-access-key:anything"):
        assert tag(principal, action, key)
        assert tag(principal, action, "team", key)


@given(st.sampled_from([*EXCEPTION_KEYS, QUARANTINE_KEY]).flatmap(vary_case))
def test_a_tag_key_in_other_letter_case_does_not_slip_through(key: str) -> None:
    assert all(tag("role/Admin", action, key) for action in WRITES)


@pytest.mark.parametrize("action", WRITES)
def test_requests_with_other_tags_or_none_are_not_denied(action: str) -> None:
    assert not tag("role/Admin", action)
    for key in (
        "team",
        "no-setup-access-key",
        "access-key:exception",
        "cost:no-setup-access-key:x",
    ):
        assert not tag("role/Admin", action, key)


def test_exceptions_are_written_by_the_named_role_and_by_the_administrator_alone() -> None:
    for action in WRITES:
        assert not tag(SSO, action, *EXCEPTION_KEYS)
        assert not tag("role/BreakGlass", action, *EXCEPTION_KEYS)
        assert tag(REMEDIATION, action, EXCEPTION_KEYS[0])


def test_quarantines_are_written_by_the_runbook_and_by_the_administrator_alone() -> None:
    for action in ("TagUser", "UntagUser"):
        assert not tag(REMEDIATION, action, QUARANTINE_KEY)
        assert not tag("role/BreakGlass", action, QUARANTINE_KEY)
        assert tag(SSO, action, QUARANTINE_KEY)


@pytest.mark.parametrize("look_alike", [f"role/team/{NAME}-remediator", f"role/{NAME}-remediator2"])
def test_a_role_that_only_looks_like_the_runbooks_writes_no_quarantine(look_alike: str) -> None:
    assert tag(look_alike, "TagUser", QUARANTINE_KEY)


PROTECTED = {
    "Function": [
        arn("lambda", f"function:{NAME}", "eu-west-1"),
        arn("lambda", f"function:{NAME}-remediation", "eu-west-1"),
    ],
    "Roles": [
        arn("iam", f"role/{NAME}-evaluator"),
        arn("iam", f"role/{NAME}-remediation"),
        arn("iam", "role/stacksets-exec-0123456789abcdef"),
    ],
    "Runbook": [arn("ssm", f"document/{NAME}", "eu-west-1")],
    "PackAndStacks": [
        arn("config", f"conformance-pack/OrgConformsPack-{NAME}-ab12cd34/cp-1", "eu-west-1"),
        arn("config", f"conformance-pack/{NAME}/conformance-pack-ab12cd34", "eu-west-1"),
        arn("cloudformation", f"stack/StackSet-{NAME}-01234567-89ab/0123", "eu-west-1"),
        arn("cloudformation", f"stack/{NAME}/0123", "eu-west-1"),
        arn("cloudformation", "stack/awsconfigconforms-conformance-pack-ab12/0123", "eu-west-1"),
    ],
    "LogsAndAlarm": [
        arn("logs", f"log-group:/aws/lambda/{NAME}", "eu-west-1"),
        arn("cloudwatch", f"alarm:{NAME}", "eu-west-1"),
    ],
}
EXEMPT = [
    "role/stacksets-exec-0123456789abcdef",
    "role/aws-service-role/config-conforms.amazonaws.com/AWSServiceRoleForConfigConforms",
    "role/RuleRollout",
]
CHANGES = [
    (statement["Sid"], action.replace("*", "Something"), resource)
    for statement in read_statements(load("the-rule"))
    if statement["Sid"] != "Invocation"
    for action in statement["Action"]
    for resource in PROTECTED[statement["Sid"]]
]


@pytest.mark.parametrize(("sid", "action", "resource"), CHANGES)
def test_nobody_in_a_member_changes_the_rule_but_those_who_deploy_it(
    sid: str, action: str, resource: str
) -> None:
    policy = load("the-rule")
    others = ["role/Admin", "root", f"role/{NAME}-evaluator", REMEDIATION]
    assert all(is_denied(policy, action, resource, principal) for principal in others)
    assert not any(is_denied(policy, action, resource, principal) for principal in EXEMPT)
    china = resource.replace("arn:aws:", "arn:aws-cn:", 1)
    assert is_denied(policy, action, china, "role/Admin")


def test_nobody_in_a_member_makes_a_role_that_would_be_exempt() -> None:
    made = arn("iam", "role/stacksets-exec-made-by-hand")
    for action in ("CreateRole", "UpdateAssumeRolePolicy", "PassRole"):
        assert is_denied(load("the-rule"), f"iam:{action}", made, "role/Admin")


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("lambda:UpdateFunctionCode", arn("lambda", "function:other", "eu-west-1")),
        ("iam:AttachRolePolicy", arn("iam", "role/other")),
        ("iam:PassRole", arn("iam", "role/other")),
        ("ssm:UpdateDocument", arn("ssm", "document/other", "eu-west-1")),
        ("config:PutConformancePack", arn("config", "conformance-pack/own/cp-1", "eu-west-1")),
        ("cloudformation:DeleteStack", arn("cloudformation", "stack/own/1", "eu-west-1")),
        ("logs:DeleteLogGroup", arn("logs", "log-group:/aws/lambda/other", "eu-west-1")),
        ("lambda:GetFunction", arn("lambda", f"function:{NAME}", "eu-west-1")),
        ("lambda:InvokeFunction", arn("lambda", "function:other", "eu-west-1")),
        ("iam:GetRole", arn("iam", f"role/{NAME}-evaluator")),
        ("ssm:StartAutomationExecution", arn("ssm", f"document/{NAME}", "eu-west-1")),
    ],
)
def test_members_keep_their_own_and_may_look(action: str, resource: str) -> None:
    assert not is_denied(load("the-rule"), action, resource, "role/Admin")


@pytest.mark.parametrize("function", PROTECTED["Function"])
def test_nobody_invokes_a_function_but_the_runbook_and_those_who_deploy(
    function: str,
) -> None:
    policy = load("the-rule")
    others = ("role/Admin", "root", "user/ann", REMEDIATION, f"role/team/{NAME}-remediation")
    for principal in others:
        assert is_denied(policy, "lambda:InvokeFunction", function, principal)
    for principal in (f"role/{NAME}-remediation", *EXEMPT):
        assert not is_denied(policy, "lambda:InvokeFunction", function, principal)


# What a member may still write to the rule's parts, and why: see docs/scp.md.
PARTS = {
    "cloudformation": PROTECTED["PackAndStacks"][2],
    "cloudwatch": PROTECTED["LogsAndAlarm"][1],
    "config": PROTECTED["PackAndStacks"][0],
    "iam": PROTECTED["Roles"][0],
    "lambda": PROTECTED["Function"][0],
    "logs": PROTECTED["LogsAndAlarm"][0],
    "ssm": PROTECTED["Runbook"][0],
}
LOOKS = re.compile(
    "(Get|List|Describe|BatchGet|BatchDescribe|Search|Filter|Test|Select|Lookup|Simulate|Validate"
    "|Estimate|Preview|Detect|StartQuery|StopQuery|StartLiveTail|Generate)"
)
# "other" is what AWS's Service Authorization Reference (2026-10) ties to no part of ours, but to a
# layer, a mapping or nothing: a pattern such as lambda:Delete* on a function does not reach it.
with (CASES / "guardrails" / "scp" / "not-denied.tsv").open() as table:
    NOT_DENIED = {
        (row["service"], action): row["on"]
        for row in csv.DictReader(table, delimiter="\t")
        for action in row["actions"].split()
    }


def list_writes(service: str) -> list[str]:
    """Return every operation of a service that writes; Invoke is named InvokeFunction in IAM."""
    names = get_session().get_service_model(service).operation_names
    writes = [name for name in names if not LOOKS.match(name)]
    return ["InvokeFunction" if name == "Invoke" else name for name in writes]


@pytest.mark.parametrize("service", PARTS)
def test_every_write_operation_is_denied_on_the_rules_part_or_has_a_reason_why_not(
    service: str,
) -> None:
    policies = [load(name) for name in FILES]
    other = arn(service, "of-another-kind/0123", "eu-west-1")
    about = {"part": PARTS[service], "other": other}
    open_ = {
        name
        for name in list_writes(service)
        for resource in (about[NOT_DENIED.get((service, name), "part")],)
        if not any(is_denied(p, f"{service}:{name}", resource, "role/Admin") for p in policies)
    }
    told = {action for of, action in NOT_DENIED if of == service}
    assert open_ - told == set()
    # What this botocore lacks may be there in another; what is denied needs no reason.
    assert told & set(list_writes(service)) == open_ & told


USER = arn("iam", "user/alice")
WORK = [
    *(
        (f"role/{NAME}-evaluator", f"iam:{action}", USER)
        for action in ("GetLoginProfile", "ListAccessKeys", "GetAccessKeyLastUsed", "ListUserTags")
    ),
    *(
        (f"role/{NAME}-evaluator", action, "*")
        for action in (
            "iam:ListUsers",
            "iam:GetUser",
            "iam:GenerateCredentialReport",
            "iam:GetCredentialReport",
            "iam:GetAccountAuthorizationDetails",
            "config:PutEvaluations",
            "config:GetComplianceDetailsByConfigRule",
            "config:ListDiscoveredResources",
        )
    ),
    *(
        (
            f"role/{NAME}-evaluator",
            f"logs:{action}",
            arn("logs", f"log-group:/aws/lambda/{NAME}:log-stream:x", "eu-west-1"),
        )
        for action in ("CreateLogStream", "PutLogEvents")
    ),
    *(
        (REMEDIATION, f"iam:{action}", USER)
        for action in (
            "GetLoginProfile",
            "ListAccessKeys",
            "GetAccessKeyLastUsed",
            "ListUserTags",
            "UpdateAccessKey",
            "DeleteAccessKey",
        )
    ),
    ("role/RuleRollout", "iam:PassRole", arn("iam", f"role/{NAME}-remediation")),
    (
        "role/RuleRollout",
        "ssm:StartAutomationExecution",
        arn("ssm", f"document/{NAME}", "eu-west-1"),
    ),
    ("role/RuleRollout", "config:StartConfigRulesEvaluation", "*"),
    (
        "role/stacksets-exec-0123456789abcdef",
        "lambda:CreateFunction",
        arn("lambda", f"function:{NAME}", "eu-west-1"),
    ),
    (
        "role/stacksets-exec-0123456789abcdef",
        "iam:CreateRole",
        arn("iam", f"role/{NAME}-remediation"),
    ),
    (
        "role/aws-service-role/config-conforms.amazonaws.com/AWSServiceRoleForConfigConforms",
        "config:PutConfigRule",
        arn("config", "config-rule/config-rule-ab12cd", "eu-west-1"),
    ),
    (
        "role/aws-service-role/config-conforms.amazonaws.com/AWSServiceRoleForConfigConforms",
        "config:PutRemediationConfigurations",
        arn("config", "remediation-configuration/1", "eu-west-1"),
    ),
]


@pytest.mark.parametrize(("principal", "action", "resource"), WORK)
def test_under_all_policies_together_the_rule_still_does_its_work(
    principal: str, action: str, resource: str
) -> None:
    assert not any(is_denied(load(name), action, resource, principal) for name in FILES)


@pytest.mark.parametrize("action", ["TagUser", "UntagUser"])
def test_under_all_policies_together_the_runbook_still_marks_its_quarantine(action: str) -> None:
    tags = {"aws:TagKeys": [QUARANTINE_KEY]}
    for name in FILES:
        assert not is_denied(load(name), f"iam:{action}", USER, REMEDIATION, **tags)


@pytest.mark.parametrize(
    "action", [a for s in read_statements(load("config")) for a in s["Action"]]
)
def test_config_itself_is_changed_by_named_roles_alone(action: str) -> None:
    resource = arn("config", "config-rule/config-rule-ab12cd", "eu-west-1")
    call = action.replace("*", "Configurations")
    assert is_denied(load("config"), call, resource, "role/Admin")
    for principal in (*EXEMPT, "role/AWSControlTowerExecution"):
        assert not is_denied(load("config"), call, resource, principal)


@pytest.mark.parametrize("action", ["iam:CreateAccessKey", "iam:CreateLoginProfile"])
def test_keys_and_passwords_are_made_by_named_roles_alone(action: str) -> None:
    assert is_denied(load("credentials"), action, USER, "role/Admin")
    assert is_denied(load("credentials"), action, USER, "user/alice")
    assert not is_denied(load("credentials"), action, USER, "role/UserAdministration")
    assert not is_denied(load("credentials"), "iam:DeleteAccessKey", USER, "role/Admin")


@pytest.mark.parametrize(
    ("sid", "principal", "key"),
    [
        ("ExceptionTags", REMEDIATION, EXCEPTION_KEYS[0]),
        ("QuarantineTags", SSO, QUARANTINE_KEY),
        ("EveryOtherTagOfTheRule", "role/Admin", "no-setup-access-key:anything"),
    ],
)
def test_no_statement_about_tags_is_idle(sid: str, principal: str, key: str) -> None:
    policy = load("exception-tags")
    tags = {"aws:TagKeys": [key]}
    assert is_denied(policy, "iam:TagUser", USER, principal, **tags)
    policy["Statement"] = [s for s in policy["Statement"] if s["Sid"] != sid]
    assert not is_denied(policy, "iam:TagUser", USER, principal, **tags)
