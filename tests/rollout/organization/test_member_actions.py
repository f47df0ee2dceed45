"""What sessions in members may do: what the permissions page was recorded with, and no more."""

import json
import re

import pytest

from rollout.commands import VERBS
from rollout.organization.member_actions import (
    MAX_POLICY,
    MEMBER_ACTIONS,
    PASSES_ROLE,
    write_session_policy,
)
from tests.support.organizations import BLOCK, PERMISSIONS, SHOP

IN_ACCOUNTS = "In the accounts, through `--member-role`:"


def test_a_session_may_do_what_the_permissions_page_lists_for_its_verb() -> None:
    page = PERMISSIONS.read_text(encoding="utf-8")
    sections = {text.split("\n")[0]: text for text in page.split("\n## ")[1:]}
    listed = {
        verb: tuple(json.loads(BLOCK.findall(text.split(IN_ACCOUNTS)[1])[0])["Action"])
        for verb, text in sections.items()
        if IN_ACCOUNTS in text
    }
    assert listed == MEMBER_ACTIONS
    assert {*VERBS} - MEMBER_ACTIONS.keys() == {"demo", "prevent"}


@pytest.mark.parametrize("verb", MEMBER_ACTIONS)
def test_a_session_policy_is_far_below_the_limit_and_has_no_wildcard_in_an_action(
    verb: str,
) -> None:
    text = write_session_policy(verb, "aws-us-gov", SHOP)
    assert len(text) < MAX_POLICY / 2
    # The characters that STS takes (botocore's model, unrestrictedSessionPolicyDocumentType).
    assert re.fullmatch(r"[\x20-\xff]+", text)
    for statement in json.loads(text)["Statement"]:
        assert "*" not in json.dumps(statement["Action"])


@pytest.mark.parametrize("verb", MEMBER_ACTIONS)
def test_nothing_that_only_reads_may_write(verb: str) -> None:
    writes = {
        each for each in MEMBER_ACTIONS[verb] if not re.match(r"\w+:(Get|List|Describe)", each)
    }
    concurrency = {"lambda:DeleteFunctionConcurrency", "lambda:PutFunctionConcurrency"}
    allowed = {
        "evaluate": {"iam:GenerateCredentialReport"},
        "deploy": {"lambda:InvokeFunction", "ssm:UpdateDocumentDefaultVersion"} | concurrency,
        "remediate": {"ssm:StartAutomationExecution"},
        "restore": {"iam:TagUser", "iam:UpdateAccessKey"},
        "rescan": {"config:StartConfigRulesEvaluation"},
        "exceptions": {"iam:TagUser", "iam:UntagUser"},
    }
    assert writes == allowed.get(verb, set())


def test_the_role_of_the_runbook_alone_may_be_passed_and_by_remediate_alone() -> None:
    passes = {
        verb: [
            each["Resource"]
            for each in json.loads(write_session_policy(verb, "aws", SHOP))["Statement"]
            if each["Action"] == ["iam:PassRole"]
        ]
        for verb in MEMBER_ACTIONS
    }
    role = f"arn:aws:iam::{SHOP}:role/iam-user-no-setup-access-key-remediation"
    assert {verb: found for verb, found in passes.items() if found} == {"remediate": [role]}
    assert {"remediate"} == PASSES_ROLE
