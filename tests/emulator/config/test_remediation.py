"""Remediation by the emulated AWS Config: what it takes and starts, and when it stops trying."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError

from emulator import Account, open_account
from emulator.config.rules import Rule
from emulator.iam.users import User
from tests.conftest import NOW

ROLE = "arn:aws:iam::111122223333:role/repair"
SCRIPT = """
import boto3
def repair(events, context):
    if events["How"] == "badly":
        raise ValueError("it went badly")
    for user in boto3.client("iam").list_users()["Users"]:
        if user["UserId"] == events["UserId"]:
            boto3.client("iam").tag_user(
                UserName=user["UserName"], Tags=[{"Key": "how", "Value": events["How"]}]
            )
    return {}
"""
DOCUMENT = {
    "schemaVersion": "0.3",
    "assumeRole": "{{ AutomationAssumeRole }}",
    "parameters": {
        "AutomationAssumeRole": {"type": "String"},
        "UserId": {"type": "String", "allowedPattern": "^AIDA"},
        "How": {"type": "String", "default": "well", "allowedValues": ["well", "badly"]},
    },
    "mainSteps": [
        {
            "name": "Repair",
            "action": "aws:executeScript",
            "inputs": {
                "Runtime": "python3.11",
                "Handler": "repair",
                "InputPayload": {"UserId": "{{ UserId }}", "How": "{{ How }}"},
                "Script": SCRIPT,
            },
        }
    ],
}


@pytest.fixture(scope="module")
def shared() -> Iterator[Account]:
    """One account for this file, with a document that repairs users."""
    with open_account(NOW) as opened:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "ssm.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        boto3.client("iam").create_role(RoleName="repair", AssumeRolePolicyDocument=policy)
        boto3.client("ssm").create_document(
            Name="Repair",
            Content=yaml.safe_dump(DOCUMENT),
            DocumentType="Automation",
            DocumentFormat="YAML",
        )
        yield opened


@pytest.fixture
def account(shared: Account) -> Account:
    """The account at NOW, without users and remediations."""
    shared.clock.move_to(NOW)
    shared.iam.users.clear()
    remediations = shared.config.remediations
    for each in (
        remediations.configurations,
        remediations.exemptions,
        remediations.latest,
        remediations._pending,
        remediations._failures,
        shared.config.config_rules,
        shared.config._results,
        shared.config.pending_items,
        shared.config.packs._by_name,
    ):
        each.clear()
    return shared


@pytest.fixture
def rule(account: Account) -> Rule:
    """A rule that finds everybody NON_COMPLIANT who has no tag."""

    def find(event: dict[str, Any], context: object) -> None:
        item = json.loads(event["invokingEvent"])["configurationItem"]
        evaluation = {
            "ComplianceResourceType": "AWS::IAM::User",
            "ComplianceResourceId": item["resourceId"],
            "ComplianceType": "COMPLIANT" if item["tags"] else "NON_COMPLIANT",
            "OrderingTimestamp": datetime.now(UTC),
        }
        boto3.client("config").put_evaluations(
            Evaluations=[evaluation], ResultToken=event["resultToken"]
        )

    return account.add_rule("untagged", find, from_pack=False)


@pytest.fixture
def ann(account: Account) -> User:
    """A user without a tag."""
    return account.iam.add_user("ann")


def configuration(**changed: Any) -> dict[str, Any]:
    """Return an automatic remediation of the rule."""
    return {
        "ConfigRuleName": "untagged",
        "TargetType": "SSM_DOCUMENT",
        "TargetId": "Repair",
        "ResourceType": "AWS::IAM::User",
        "Parameters": {
            "AutomationAssumeRole": {"StaticValue": {"Values": [ROLE]}},
            "UserId": {"ResourceValue": {"Value": "RESOURCE_ID"}},
        },
        "Automatic": True,
        "MaximumAutomaticAttempts": 3,
        "RetryAttemptSeconds": 60,
        **changed,
    }


def parameters(**changed: Any) -> dict[str, Any]:
    """Return the parameters of the remediation, some changed."""
    return {"Parameters": {**configuration()["Parameters"], **changed}}


BADLY = parameters(How={"StaticValue": {"Values": ["badly"]}})


def put(**changed: Any) -> None:
    """Put the remediation."""
    boto3.client("config").put_remediation_configurations(
        RemediationConfigurations=[configuration(**changed)]
    )


def refusal(call: Any) -> str:
    """Return the code of the error that a call raises."""
    with pytest.raises(ClientError) as error:
        call()
    return error.value.response["Error"]["Code"]


# What it takes.


def test_a_remediation_is_kept_as_it_was_put(rule: Rule) -> None:
    put()
    config = boto3.client("config")
    (found,) = config.describe_remediation_configurations(ConfigRuleNames=["untagged", "other"])[
        "RemediationConfigurations"
    ]
    arn = found.pop("Arn")
    assert found == configuration()
    assert arn.startswith("arn:aws:config:us-east-1:111122223333:remediation/")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"TargetType": "SSM_DOC"}, "ValidationException"),
        ({"MaximumAutomaticAttempts": 26}, "ValidationException"),
        ({"RetryAttemptSeconds": 2678001}, "ValidationException"),
        (
            {"ExecutionControls": {"SsmControls": {"ErrorPercentage": 101}}},
            "ValidationException",
        ),
        (parameters(How={"StaticValue": {"Values": ["x" * 257]}}), "ValidationException"),
        (parameters(UserId={"ResourceValue": {"Value": "RESOURCE_NAME"}}), "ValidationException"),
        ({"ConfigRuleName": "other"}, "InvalidParameterValueException"),
        ({"TargetId": "Nothing"}, "InvalidParameterValueException"),
        (parameters(Nobody={"StaticValue": {"Values": ["x"]}}), "InvalidParameterValueException"),
        ({"Parameters": {}}, "InvalidParameterValueException"),
        (parameters(How={}), "InvalidParameterValueException"),
    ],
    ids=[
        "another target type",
        "26 attempts",
        "more seconds than 31 days",
        "101 percent",
        "257 characters",
        "a value that is no RESOURCE_ID",
        "no such rule",
        "no such document",
        "a parameter that the document has not",
        "a parameter missing that the document needs",
        "a parameter without a value",
    ],
)
def test_a_remediation_that_config_would_refuse_is_refused(
    rule: Rule, changed: dict[str, Any], code: str
) -> None:
    assert refusal(lambda: put(**changed)) == code


@pytest.mark.parametrize("name", ["MaximumAutomaticAttempts", "RetryAttemptSeconds"])
def test_an_automatic_remediation_says_how_often_it_may_fail(rule: Rule, name: str) -> None:
    given = configuration()
    del given[name]
    config = boto3.client("config")
    code = refusal(lambda: config.put_remediation_configurations(RemediationConfigurations=[given]))
    assert code == "InvalidParameterValueException"


def test_a_rule_with_a_remediation_is_not_deleted(rule: Rule) -> None:
    put()
    config = boto3.client("config")
    code = refusal(lambda: config.delete_config_rule(ConfigRuleName="untagged"))
    assert code == "ResourceInUseException"


# Automatic.


def test_a_remediation_that_fails_or_does_not_start_says_why(
    account: Account, rule: Rule, ann: User
) -> None:
    config, told = boto3.client("config"), []
    for resource, how in ((ann.id, "well"), (ann.id, "badly"), ("i-0123456789abcdef0", "well")):
        put(**parameters(How={"StaticValue": {"Values": [how]}}))
        account.config.remediations.note_violation("untagged", ("AWS::IAM::User", resource))
        account.deliver_remediations()
        for _ in range(2):
            (status,) = config.describe_remediation_execution_status(
                ConfigRuleName="untagged",
                ResourceKeys=[{"resourceType": "AWS::IAM::User", "resourceId": resource}],
            )["RemediationExecutionStatuses"]
            step = (status["StepDetails"] or [{}])[0]
            told.append((status["State"], step.get("State"), step.get("ErrorMessage", "")))
    queued = ("QUEUED", None, "")
    assert told[::2] == [queued] * 3
    assert told[1] == ("SUCCEEDED", "SUCCEEDED", "")
    assert [each[:2] for each in told[3::2]] == [("FAILED", "FAILED")] * 2
    assert "ValueError - it went badly" in told[3][2]
    assert told[5][2].startswith("InvalidAutomationExecutionParametersException: ")


def test_a_rule_without_a_remediation_has_no_executions(rule: Rule) -> None:
    config = boto3.client("config")
    code = refusal(lambda: config.describe_remediation_execution_status(ConfigRuleName="untagged"))
    assert code == "NoSuchRemediationConfigurationException"


def states(account: Account) -> list[str]:
    """Deliver what is due, and return what came of it."""
    return [each.state for each in account.deliver_remediations()]


def test_a_violation_is_remediated_once_and_its_change_goes_back_to_the_rule(
    account: Account, rule: Rule, ann: User
) -> None:
    put()
    account.config.recording = True
    rule.send_change(ann)
    assert [each.compliance for each in rule.results.stored()] == ["NON_COMPLIANT"]
    assert states(account) == ["SUCCEEDED"]
    assert ann.tag_values == {"how": "well"}
    account.deliver_changes()
    account.config.recording = False
    assert [each.compliance for each in rule.results.stored()] == ["COMPLIANT"]
    assert states(account) == []


def test_a_stale_finding_is_remediated_all_the_same(
    account: Account, rule: Rule, ann: User
) -> None:
    put()
    rule.send_change(ann)
    ann.tag_values["team"] = "people"
    rule.send_change(ann)
    assert [each.compliance for each in rule.results.stored()] == ["COMPLIANT"]
    assert states(account) == ["SUCCEEDED"]


def test_nothing_is_remediated_unless_it_is_automatic(
    account: Account, rule: Rule, ann: User
) -> None:
    put(Automatic=False)
    rule.send_change(ann)
    assert states(account) == []
    put()
    assert states(account) == ["SUCCEEDED"], "switching it on begins with what was found before"


def test_a_remediation_that_keeps_failing_is_blocked(
    account: Account, rule: Rule, ann: User
) -> None:
    put(**BADLY)
    rule.send_change(ann)
    assert [states(account) for _ in range(4)] == [["FAILED"]] * 3 + [[]]
    (exception,) = boto3.client("config").describe_remediation_exceptions(
        ConfigRuleName="untagged"
    )["RemediationExceptions"]
    assert exception == {
        "ConfigRuleName": "untagged",
        "ResourceType": "AWS::IAM::User",
        "ResourceId": ann.id,
        "Message": "Remediation failed 3 times within 60 s.",
    }
    rule.send_change(ann)
    assert states(account) == []
    account.config.remediations.exemptions.clear()
    rule.send_change(ann)
    assert states(account) == ["FAILED"]


def test_failures_that_are_far_apart_do_not_block(account: Account, rule: Rule, ann: User) -> None:
    put(**BADLY)
    rule.send_change(ann)
    for _ in range(5):
        assert states(account) == ["FAILED"]
        account.clock.advance(seconds=31)


# In a conformance pack.

PACK = {
    "Parameters": {"Switch": {"Type": "String", "Default": "true"}},
    "Conditions": {"IsOn": {"Fn::Equals": [{"Ref": "Switch"}, "true"]}},
    "Resources": {
        "Rule": {
            "Type": "AWS::Config::ConfigRule",
            "Properties": {
                "ConfigRuleName": "packed",
                "InputParameters": {},
                "Scope": {"ComplianceResourceTypes": ["AWS::IAM::User"]},
                "Source": {
                    "Owner": "CUSTOM_LAMBDA",
                    "SourceIdentifier": "arn:aws:lambda:us-east-1:111122223333:function:untagged",
                    "SourceDetails": [
                        {
                            "EventSource": "aws.config",
                            "MessageType": "ConfigurationItemChangeNotification",
                        }
                    ],
                },
            },
        },
        "Remediation": {
            "Type": "AWS::Config::RemediationConfiguration",
            "DependsOn": "Rule",
            "Properties": {
                **configuration(ConfigRuleName="packed", MaximumAutomaticAttempts="3"),
                "Automatic": {"Fn::If": ["IsOn", True, False]},
            },
        },
    },
}


def put_pack(account: Account, template: dict[str, Any], **given: str) -> dict[str, Any]:
    """Put a pack and return its status."""
    account.config.packs.be_prompt()
    config = boto3.client("config")
    config.put_conformance_pack(
        ConformancePackName="pack",
        TemplateBody=json.dumps(template),
        ConformancePackInputParameters=[
            {"ParameterName": name, "ParameterValue": value} for name, value in given.items()
        ],
    )
    (status,) = config.describe_conformance_pack_status()["ConformancePackStatusDetails"]
    return dict(status)


def test_a_pack_puts_the_remediation_for_the_rule_under_its_deployed_name(
    account: Account, rule: Rule, ann: User
) -> None:
    assert put_pack(account, PACK)["ConformancePackState"] == "CREATE_COMPLETE"
    packed = account.find_rule("packed")
    config = boto3.client("config")
    (found,) = config.describe_remediation_configurations(ConfigRuleNames=[packed.name])[
        "RemediationConfigurations"
    ]
    assert (found["Automatic"], found["MaximumAutomaticAttempts"]) == (True, 3)
    assert found["CreatedByService"] == "config-conforms.amazonaws.com"
    packed.send_change(ann)
    assert states(account) == ["SUCCEEDED"]
    own = {**configuration(), "ConfigRuleName": packed.name}
    code = refusal(lambda: config.put_remediation_configurations(RemediationConfigurations=[own]))
    assert code == "InsufficientPermissionsException"
    put_pack(account, PACK, Switch="false")
    packed.send_change(account.iam.add_user("bob"))
    assert states(account) == []
    config.delete_conformance_pack(ConformancePackName="pack")
    assert account.config.remediations.configurations == {}


def test_a_pack_that_fails_is_taken_back_whole(account: Account, rule: Rule) -> None:
    template = json.loads(json.dumps(PACK))
    template["Resources"]["Remediation"]["Properties"]["TargetId"] = "Nothing"
    status = put_pack(account, template)
    assert status["ConformancePackState"] == "CREATE_FAILED"
    assert "The SSM document Nothing does not exist." in status["ConformancePackStatusReason"]
    assert [*account.config.config_rules] == ["untagged"]
    put_pack(account, PACK)
    packed = account.find_rule("packed")
    stood = account.config.remediations.configurations[packed.name]
    template["Resources"]["Rule"]["Properties"]["InputParameters"] = {"Tag": "team"}
    assert put_pack(account, template)["ConformancePackState"] == "CREATE_FAILED"
    assert account.config.config_rules[packed.name].input_parameters_dict == {}
    assert account.config.remediations.configurations == {packed.name: stood}


def test_what_an_update_of_a_pack_no_longer_has_is_removed(account: Account, rule: Rule) -> None:
    put_pack(account, PACK)
    template = json.loads(json.dumps(PACK))
    del template["Resources"]["Remediation"]
    put_pack(account, template)
    assert account.config.remediations.configurations == {}
    template["Resources"]["Rule"]["Properties"]["ConfigRuleName"] = "renamed"
    put_pack(account, template)
    names = [name.partition("-conformance-pack-")[0] for name in account.config.config_rules]
    assert names == ["untagged", "renamed"]
