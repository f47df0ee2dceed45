"""What each verb may do in a member account: the session policy of the role that it assumes there.

The calls are those that the verbs made when docs/operate/permissions.md was written, which a test
holds. A session may do what both the role and this policy allow (STS API reference, AssumeRole).
"""

import json
from collections.abc import Mapping

from rollout.names import DOCUMENT

MAX_POLICY = 2048
"""Characters of a session policy (STS API reference); ours are less than half as long."""
MEMBER_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "evaluate": (
        "iam:GenerateCredentialReport",
        "iam:GetAccessKeyLastUsed",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetCredentialReport",
        "iam:GetLoginProfile",
        "iam:GetUser",
        "iam:ListAccessKeys",
    ),
    "report": (
        "config:DescribeConfigRuleEvaluationStatus",
        "config:DescribeConfigRules",
        "config:GetComplianceDetailsByConfigRule",
        "config:GetDiscoveredResourceCounts",
        "iam:GetAccountAuthorizationDetails",
        "iam:ListMFADevices",
    ),
    "evidence": (
        "config:DescribeConfigRuleEvaluationStatus",
        "config:DescribeConfigRules",
        "config:GetComplianceDetailsByConfigRule",
        "config:GetDiscoveredResourceCounts",
        "iam:GetAccountAuthorizationDetails",
        "iam:ListMFADevices",
    ),
    "check": (
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorders",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionConcurrency",
    ),
    "plan": (
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorders",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionConcurrency",
    ),
    "deploy": (
        "config:DescribeConfigRuleEvaluationStatus",
        "config:DescribeConfigRules",
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorders",
        "config:DescribeConformancePackCompliance",
        "config:DescribeRemediationConfigurations",
        "config:GetComplianceDetailsByConfigRule",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetAccountSettings",
        "lambda:GetFunctionConcurrency",
        "lambda:InvokeFunction",
        "lambda:PutFunctionConcurrency",
        "ssm:DescribeDocument",
        "ssm:UpdateDocumentDefaultVersion",
    ),
    "status": (
        "cloudwatch:GetMetricStatistics",
        "config:DescribeConfigRuleEvaluationStatus",
        "config:DescribeConfigRules",
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorders",
        "config:DescribeConformancePackCompliance",
        "config:DescribeRemediationConfigurations",
        "config:DescribeRemediationExceptions",
        "config:DescribeRemediationExecutionStatus",
        "config:ListDiscoveredResources",
        "lambda:GetFunctionConfiguration",
        "ssm:DescribeDocument",
    ),
    "remove": ("iam:GetAccountAuthorizationDetails",),
    "remediate": (
        "config:DescribeConfigRuleEvaluationStatus",
        "config:DescribeConfigRules",
        "config:GetComplianceDetailsByConfigRule",
        "config:GetDiscoveredResourceCounts",
        "config:ListDiscoveredResources",
        "iam:GetAccessKeyLastUsed",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetLoginProfile",
        "iam:GetUser",
        "iam:ListAccessKeys",
        "iam:ListMFADevices",
        "iam:ListUsers",
        "ssm:GetAutomationExecution",
        "ssm:StartAutomationExecution",
    ),
    "restore": (
        "config:DescribeConfigRules",
        "config:ListDiscoveredResources",
        "iam:GetAccessKeyLastUsed",
        "iam:GetAccountAuthorizationDetails",
        "iam:GetLoginProfile",
        "iam:GetUser",
        "iam:ListAccessKeys",
        "iam:TagUser",
        "iam:UpdateAccessKey",
        "ssm:DescribeAutomationExecutions",
    ),
    "rescan": (
        "config:DescribeConfigRuleEvaluationStatus",
        "config:DescribeConfigRules",
        "config:GetComplianceDetailsByConfigRule",
        "config:GetDiscoveredResourceCounts",
        "config:StartConfigRulesEvaluation",
        "iam:GetAccountAuthorizationDetails",
        "iam:ListMFADevices",
    ),
    "letters": (
        "config:DescribeConfigRuleEvaluationStatus",
        "config:DescribeConfigRules",
        "config:GetComplianceDetailsByConfigRule",
        "config:GetDiscoveredResourceCounts",
        "iam:GetAccountAuthorizationDetails",
        "iam:ListMFADevices",
    ),
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
