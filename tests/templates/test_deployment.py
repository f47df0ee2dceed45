"""The emulated account deploys the rule from the repository's files, and runs what it deployed."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import Account
from emulator.config.rules import Rule
from rollout.names import PACK, RULE
from rollout.packs.template import load_template
from rollout.stacks.stack import StackBroken
from tests.conftest import NOW
from tests.support.deployment import deploy, put_code, put_pack, put_stack
from tests.support.paths import ROOT

ROLE = f"arn:aws:iam::111122223333:role/{RULE}-evaluator"
FUNCTION = f"arn:aws:lambda:us-east-1:111122223333:function:{RULE}"
ALARMS = (
    RULE,
    f"{RULE}-throttled",
    f"{RULE}-dropped",
    f"{RULE}-silent",
    f"{RULE}-remediation",
    f"{RULE}-remediation-throttled",
)
LONG_AGO = NOW - timedelta(days=60)


# The stack: each service is asked, as moto passes over in silence what it does not know.


def test_the_stack_is_complete_and_exports_its_function(deployed: Rule) -> None:
    cloudformation = boto3.client("cloudformation")
    (stack,) = cloudformation.describe_stacks(StackName=RULE)["Stacks"]
    (export,) = cloudformation.list_exports()["Exports"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert (export["Name"], export["Value"]) == (f"{RULE}-function-arn", FUNCTION)
    resources = cloudformation.describe_stack_resources(StackName=RULE)
    made = {
        each["LogicalResourceId"]: each["ResourceType"]
        for each in resources["StackResources"]
        if "LogicalResourceId" in each  # moto lists a resource whose condition is false, bare
    }
    assert made == {
        "EvaluatorRole": "AWS::IAM::Role",
        "EvaluatorLog": "AWS::Logs::LogGroup",
        "Evaluator": "AWS::Lambda::Function",
        "EvaluatorPermission": "AWS::Lambda::Permission",
        "EvaluatorInvocations": "AWS::Lambda::EventInvokeConfig",
        "EvaluatorAlarm": "AWS::CloudWatch::Alarm",
        "EvaluatorThrottledAlarm": "AWS::CloudWatch::Alarm",
        "EvaluatorDroppedAlarm": "AWS::CloudWatch::Alarm",
        "EvaluatorSilentAlarm": "AWS::CloudWatch::Alarm",
        "RemediatorRole": "AWS::IAM::Role",
        "RemediationLog": "AWS::Logs::LogGroup",
        "Remediation": "AWS::Lambda::Function",
        "RemediationAlarm": "AWS::CloudWatch::Alarm",
        "RemediationThrottledAlarm": "AWS::CloudWatch::Alarm",
        "RemediationRole": "AWS::IAM::Role",
        "Runbook": "AWS::SSM::Document",
    }


def test_lambda_has_the_function_its_policy_and_its_retries(deployed: Rule, package: Path) -> None:
    functions = boto3.client("lambda")
    function = functions.get_function_configuration(FunctionName=RULE)
    wanted = {
        "FunctionArn": FUNCTION,
        "Runtime": "python3.13",
        "Architectures": ["arm64"],
        "Handler": "rule.evaluator.lambda_handler",
        "Role": ROLE,
        "Timeout": 900,
        "MemorySize": 512,
        "CodeSize": package.stat().st_size,
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": f"/aws/lambda/{RULE}"},
    }
    assert {name: function[name] for name in wanted} == wanted
    policy = json.loads(functions.get_policy(FunctionName=RULE)["Policy"])
    (statement,) = policy["Statement"]
    assert {name: statement[name] for name in ("Effect", "Principal", "Action", "Condition")} == {
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {"StringEquals": {"AWS:SourceAccount": "111122223333"}},
    }
    config = functions.get_function_event_invoke_config(FunctionName=RULE)
    concurrency = functions.get_function_concurrency(FunctionName=RULE)
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (2, 3600)
    assert "ReservedConcurrentExecutions" not in concurrency


def test_iam_logs_and_cloudwatch_have_roles_log_group_and_alarm(deployed: Rule) -> None:
    roles = {role["RoleName"]: role for role in boto3.client("iam").list_roles()["Roles"]}
    assert sorted(roles) == [
        f"{RULE}-{each}" for each in ("evaluator", "remediation", "remediator")
    ]
    assert [role.get("PermissionsBoundary") for role in roles.values()] == [None, None, None]
    groups = boto3.client("logs").describe_log_groups()["logGroups"]
    assert [(each["logGroupName"], each["retentionInDays"]) for each in groups] == [
        (f"/aws/lambda/{RULE}", 90),
        (f"/aws/lambda/{RULE}-remediation", 90),
    ]
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert sorted(each["AlarmName"] for each in alarms) == sorted(ALARMS)


def test_errors_throttles_dropped_events_and_silence_each_raise_an_alarm(deployed: Rule) -> None:
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    said = {
        alarm["AlarmName"]: (
            alarm["Namespace"],
            alarm["MetricName"],
            *(each["Value"] for each in alarm["Dimensions"]),
            alarm["Statistic"],
            alarm["Period"],
            alarm["EvaluationPeriods"],
            alarm["ComparisonOperator"],
            alarm["Threshold"],
            alarm["TreatMissingData"],
            alarm["AlarmActions"],
        )
        for alarm in alarms
    }
    over = "GreaterThanOrEqualToThreshold"
    one: tuple[Any, ...] = ("Sum", 3600, 1, over, 1.0, "notBreaching", [])
    none: tuple[Any, ...] = ("Sum", 3600, 26, "LessThanThreshold", 1.0, "breaching", [])
    assert said == {
        RULE: ("AWS/Lambda", "Errors", RULE, *one),
        f"{RULE}-throttled": ("AWS/Lambda", "Throttles", RULE, *one),
        f"{RULE}-dropped": ("AWS/Lambda", "AsyncEventsDropped", RULE, *one),
        f"{RULE}-silent": ("AWS/Lambda", "Invocations", RULE, *none),
        f"{RULE}-remediation": ("AWS/Lambda", "Errors", f"{RULE}-remediation", *one),
        f"{RULE}-remediation-throttled": (
            "AWS/Lambda",
            "Throttles",
            f"{RULE}-remediation",
            *one,
        ),
    }


def test_the_alarm_of_silence_can_wait_as_long_as_cloudwatch_lets_it() -> None:
    hours = load_template((ROOT / "template.yaml").read_text())["Parameters"]["SilenceHours"]
    # PutMetricAlarm: "Period multiplied by EvaluationPeriods can't be more than 604,800 seconds".
    assert (hours["MinValue"], hours["MaxValue"] * 3600) == (0, 604_800)


def test_what_is_optional_is_there_when_asked_for(account: Account, package: Path) -> None:
    topic = "arn:aws:sns:us-east-1:111122223333:security"
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    given = {
        "LogRetentionDays": "30",
        "AlarmTopicArn": topic,
        "SilenceHours": "0",
        "PermissionsBoundaryArn": boundary,
        "ReservedConcurrency": "5",
        "NoticeTopicArn": f"{topic}-notices",
        "Architecture": "x86_64",
    }
    put_stack(account, put_code(account, package) | given)
    functions, iam = boto3.client("lambda"), boto3.client("iam")
    groups = boto3.client("logs").describe_log_groups()["logGroups"]
    alarms = boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]
    names = ("evaluator", "remediation", "remediator")
    roles = [iam.get_role(RoleName=f"{RULE}-{each}") for each in names]
    concurrency = functions.get_function_concurrency(FunctionName=RULE)
    assert [each["retentionInDays"] for each in groups] == [30, 30]
    assert [each["AlarmName"] for each in alarms if each["AlarmActions"] != [topic]] == []
    assert {each["AlarmName"] for each in alarms} == {*ALARMS} - {f"{RULE}-silent"}
    for name in (RULE, f"{RULE}-remediation"):
        told = functions.get_function_configuration(FunctionName=name)
        assert told["Architectures"] == ["x86_64"]
    assert told["Environment"]["Variables"] == {"NOTICE_TOPIC_ARN": f"{topic}-notices"}
    policy = iam.get_role_policy(RoleName=f"{RULE}-remediator", PolicyName="notify")
    assert policy["PolicyDocument"]["Statement"] == [
        {
            "Sid": "SendNotices",
            "Effect": "Allow",
            "Action": "sns:Publish",
            "Resource": f"{topic}-notices",
        }
    ]
    assert concurrency["ReservedConcurrentExecutions"] == 5
    assert [role["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] for role in roles] == [
        boundary,
        boundary,
        boundary,
    ]


def read_grants() -> list[str]:
    """Return what the evaluator may do to a user, as IAM has it."""
    policy = boto3.client("iam").get_role_policy(
        RoleName=f"{RULE}-evaluator", PolicyName="evaluate"
    )
    actions = {each["Sid"]: each["Action"] for each in policy["PolicyDocument"]["Statement"]}
    return list(actions["ReadOneUser"])


def test_an_update_changes_what_a_role_may_do(
    account: Account, deployed: Rule, package: Path, tmp_path: Path
) -> None:
    before = read_grants()
    text = (ROOT / "template.yaml").read_text()
    file = tmp_path / "template.yaml"
    file.write_text(text.replace("                  - iam:GetUser\n", "", 1))
    put_stack(account, {}, file)
    assert "iam:GetUser" in before
    assert read_grants() == [action for action in before if action != "iam:GetUser"]


# The pack.


def test_the_pack_makes_the_rule_with_its_suffix_and_its_parameters(deployed: Rule) -> None:
    config = boto3.client("config")
    (described,) = config.describe_config_rules()["ConfigRules"]
    (pack,) = config.describe_conformance_packs()["ConformancePackDetails"]
    assert described["ConfigRuleName"] == deployed.name == f"{RULE}-{pack['ConformancePackId']}"
    assert len(deployed.name) <= 64
    assert json.loads(described["InputParameters"]) == {
        "Criterion": "SETUP_UNUSED",
        "SetupWindowSeconds": "300",
        "GraceHours": "6",
        "QuarantineDays": "7",
        "MaxExceptionDays": "90",
        "ReportUnchanged": "false",
    }
    assert described["Scope"] == {"ComplianceResourceTypes": ["AWS::IAM::User"]}
    assert described["Source"] == {
        "Owner": "CUSTOM_LAMBDA",
        "SourceIdentifier": FUNCTION,
        "SourceDetails": [
            {"EventSource": "aws.config", "MessageType": "ConfigurationItemChangeNotification"},
            {
                "EventSource": "aws.config",
                "MessageType": "OversizedConfigurationItemChangeNotification",
            },
            {
                "EventSource": "aws.config",
                "MessageType": "ScheduledNotification",
                "MaximumExecutionFrequency": "TwentyFour_Hours",
            },
        ],
    }


def test_a_pack_before_its_function_fails_and_put_again_succeeds(
    account: Account, package: Path
) -> None:
    assert put_pack(account).tell() == (
        f"pack create failed: The AWS Lambda function {FUNCTION} cannot be invoked. Check the"
        " specified function ARN, and check the function's permissions. (Error Code:"
        " InsufficientPermissionsException)"
    )
    assert boto3.client("config").describe_config_rules()["ConfigRules"] == []
    assert account.find_rule(deploy(account, package).name.partition("-conformance")[0])


def test_a_pack_whose_function_config_may_not_invoke_fails(account: Account, package: Path) -> None:
    put_stack(account, put_code(account, package))
    functions = boto3.client("lambda")
    (statement,) = json.loads(functions.get_policy(FunctionName=RULE)["Policy"])["Statement"]
    functions.remove_permission(FunctionName=RULE, StatementId=statement["Sid"])
    for source in ("999988887777", None):
        told = put_pack(account).reason
        assert "cannot be invoked" in told
        assert "InsufficientPermissions" in told
        functions.add_permission(
            FunctionName=RULE,
            StatementId=f"for-{source}",
            Action="lambda:InvokeFunction",
            Principal="config.amazonaws.com",
            SourceAccount=source or "111122223333",
        )
    assert put_pack(account).word == "CREATE_COMPLETE"


def test_a_pack_put_again_changes_the_rule_and_keeps_its_results(
    account: Account, package: Path
) -> None:
    rule = deploy(account, package)
    ann = account.iam.add_user("ann", created=LONG_AGO, password=LONG_AGO)
    account.iam.add_key(ann, created=LONG_AGO)
    rule.send_change(ann)
    put_pack(account, {"Criterion": "UNUSED"})
    (described,) = boto3.client("config").describe_config_rules()["ConfigRules"]
    assert described["ConfigRuleName"] == rule.name
    assert json.loads(described["InputParameters"])["Criterion"] == "UNUSED"
    assert [finding.user for finding in rule.list_lines()] == ["ann"]
    put_pack(account)
    (described,) = boto3.client("config").describe_config_rules()["ConfigRules"]
    assert json.loads(described["InputParameters"])["Criterion"] == "SETUP_UNUSED"


def test_a_deleted_pack_takes_its_rule_along(account: Account, package: Path) -> None:
    rule = deploy(account, package)
    config = boto3.client("config")

    def count_remediations() -> int:
        found = config.describe_remediation_configurations(ConfigRuleNames=[rule.name])
        return len(found["RemediationConfigurations"])

    assert count_remediations() == 1
    config.delete_conformance_pack(ConformancePackName=PACK)
    assert config.describe_config_rules()["ConfigRules"] == []
    assert count_remediations() == 0
    with pytest.raises(ClientError, match="NoSuchConformancePackException"):
        config.describe_conformance_packs(ConformancePackNames=[PACK])


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"GraceHours": "721"}, "'GraceHours' must be a whole number of hours from 0 to 720"),
        ({"Criterion": "ALL"}, "must be one of AllowedValues: [SETUP_UNUSED, UNUSED, SETUP]"),
        ({"Grace": "4"}, "Parameters: [Grace] do not exist in the template"),
    ],
)
def test_a_pack_with_a_parameter_out_of_bounds_fails(
    account: Account, package: Path, parameters: dict[str, str], reason: str
) -> None:
    put_stack(account, put_code(account, package))
    put = put_pack(account, parameters)
    assert (put.word, reason in put.reason) == ("CREATE_FAILED", True)


def test_a_pack_that_holds_anything_else_is_refused_at_once(
    account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "pack.yaml"
    file.write_text("Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n")
    with pytest.raises(ClientError) as refused:
        put_pack(account, template=file)
    assert refused.value.response["Error"]["Code"] == "ConformancePackTemplateValidationException"


def test_a_pack_can_come_from_s3(deployed: Rule) -> None:
    body = "Resources:\n  R:\n    Type: AWS::Config::ConfigRule\n    Properties:\n" + "".join(
        f"      {line}\n"
        for line in (
            "ConfigRuleName: other",
            "InputParameters: {}",
            "Source:",
            "  Owner: CUSTOM_LAMBDA",
            f"  SourceIdentifier: {FUNCTION}",
            "  SourceDetails:",
            "    - EventSource: aws.config",
            "      MessageType: ScheduledNotification",
        )
    )
    s3 = boto3.client("s3")
    (bucket,) = s3.list_buckets()["Buckets"]
    s3.put_object(Bucket=bucket["Name"], Key="pack.yaml", Body=body.encode())
    config = boto3.client("config")
    config.put_conformance_pack(
        ConformancePackName="other", TemplateS3Uri=f"s3://{bucket['Name']}/pack.yaml"
    )
    (status,) = config.describe_conformance_pack_status(ConformancePackNames=["other"])[
        "ConformancePackStatusDetails"
    ]
    config.delete_conformance_pack(ConformancePackName="other")
    assert status["ConformancePackState"] == "CREATE_COMPLETE"


# What stops a stack.


def test_a_stack_without_its_code_is_rolled_back(account: Account, package: Path) -> None:
    code = put_code(account, package)
    with pytest.raises(StackBroken, match=r"ROLLBACK_COMPLETE.*NoSuchKey"):
        put_stack(account, code | {"CodeKey": "another.zip"})
    assert boto3.client("lambda").list_functions()["Functions"] == []
    assert boto3.client("iam").list_roles()["Roles"] == []
    assert boto3.client("cloudformation").list_exports()["Exports"] == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param(
            "Service: lambda.amazonaws.com",
            "Service: ec2.amazonaws.com",
            "ROLLBACK_COMPLETE.*cannot be assumed by Lambda",
            id="a role that Lambda cannot assume",
        ),
        pytest.param(
            "Type: AWS::CloudWatch::Alarm",
            "Type: AWS::CloudWatch::Alarms",
            r"Unrecognized resource types: \[AWS::CloudWatch::Alarms\]",
            id="a type that nobody knows",
        ),
    ],
)
def test_a_stack_that_aws_would_refuse_is_refused(
    account: Account, package: Path, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    text = (ROOT / "template.yaml").read_text()
    assert old in text
    file = tmp_path / "template.yaml"
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(StackBroken, match=reason):
        put_stack(account, put_code(account, package), file)
