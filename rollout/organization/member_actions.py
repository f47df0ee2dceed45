"""What each verb may do in a member account: the session policy of the role that it assumes there.

The calls are those that the verbs made when docs/operate/permissions.md was written, which a test
holds. A session may do what both the role and this policy allow (STS API reference, AssumeRole).
"""

import json
from collections.abc import Mapping

from rollout.names import DOCUMENT

MAX_POLICY = 2048
"""Characters of a session policy (STS API reference); ours are less than half as long."""
RECORDER = (
    "config:DescribeConfigurationRecorderStatus",
    "config:DescribeConfigurationRecorders",
)
PREFLIGHT = (*RECORDER, "lambda:GetAccountSettings", "lambda:GetFunctionConcurrency")
"""What is checked before a deployment: the recorder, and what the function may reserve."""
READ_BACK = (
    "config:DescribeConfigRules",
    "config:DescribeConformancePackCompliance",
    "config:DescribeRemediationConfigurations",
)
"""What AWS made of the pack."""
RUNS = ("config:DescribeConfigRuleEvaluationStatus", "ssm:DescribeDocument")
"""When the rule last ran, and which version of the runbook is the default one."""
SURVEY = (
    "config:DescribeConfigRuleEvaluationStatus",
    "config:DescribeConfigRules",
    "config:GetComplianceDetailsByConfigRule",
    "config:GetDiscoveredResourceCounts",
    "iam:GetAccountAuthorizationDetails",
    "iam:ListMFADevices",
)
"""What AWS Config holds, whose rule ran when, and what IAM says of those users."""
ONE_USER = (
    "iam:GetAccessKeyLastUsed",
    "iam:GetLoginProfile",
    "iam:GetUser",
    "iam:ListAccessKeys",
)
"""One user read now, as the verdict needs it."""


def join_actions(*parts: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return actions and sets of them as one, in order, each once."""
    named = {part for part in parts if isinstance(part, str)}
    return tuple(sorted(named.union(*(part for part in parts if not isinstance(part, str)))))


MEMBER_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "evaluate": join_actions(
        ONE_USER,
        "iam:GenerateCredentialReport",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetCredentialReport",
    ),
    "report": SURVEY,
    "evidence": SURVEY,
    "check": PREFLIGHT,
    "plan": PREFLIGHT,
    "deploy": join_actions(
        PREFLIGHT,
        READ_BACK,
        RUNS,
        "config:GetComplianceDetailsByConfigRule",
        "lambda:DeleteFunctionConcurrency",
        "lambda:InvokeFunction",
        "lambda:PutFunctionConcurrency",
        "ssm:UpdateDocumentDefaultVersion",
    ),
    "status": join_actions(
        RECORDER,
        READ_BACK,
        RUNS,
        "cloudwatch:GetMetricStatistics",
        "config:DescribeRemediationExceptions",
        "config:DescribeRemediationExecutionStatus",
        "config:ListDiscoveredResources",
        "lambda:GetFunctionConfiguration",
    ),
    "remove": ("iam:GetAccountAuthorizationDetails",),
    "remediate": join_actions(
        SURVEY,
        ONE_USER,
        "config:ListDiscoveredResources",
        "iam:ListUsers",
        "ssm:GetAutomationExecution",
        "ssm:StartAutomationExecution",
    ),
    "restore": join_actions(
        ONE_USER,
        "config:DescribeConfigRules",
        "config:ListDiscoveredResources",
        "iam:GetAccountAuthorizationDetails",
        "iam:TagUser",
        "iam:UpdateAccessKey",
        "ssm:DescribeAutomationExecutions",
    ),
    "rescan": join_actions(SURVEY, "config:StartConfigRulesEvaluation"),
    "letters": SURVEY,
    "exceptions": (
        "config:DescribeConfigRules",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetUser",
        "iam:TagUser",
        "iam:UntagUser",
    ),
}
PASSES_ROLE = frozenset({"remediate"})
"""Verbs that start the runbook: its role is passed on, which is a permission and no call (Systems
Manager user guide, "Setting up Automation")."""


def write_session_policy(verb: str, partition: str, account: str) -> str:
    """Return the policy of a session in an account, for one verb."""
    statements = [{"Effect": "Allow", "Action": MEMBER_ACTIONS[verb], "Resource": "*"}]
    if verb in PASSES_ROLE:
        role = f"arn:{partition}:iam::{account}:role/{DOCUMENT}"
        statements.append({"Effect": "Allow", "Action": ["iam:PassRole"], "Resource": role})
    policy = {"Version": "2012-10-17", "Statement": statements}
    return json.dumps(policy, separators=(",", ":"))
