import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.config.exceptions import NoSuchConfigRuleException

from emulator import Account, open_account
from emulator.awslambda.functions import LambdaContext
from emulator.config.rules import NoHandler, Rule
from tests.conftest import NOW

RULE = "iam-user-no-setup-access-key"
DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}
)


class Recorder:
    """A handler that keeps what it is given and fails as often as it is told."""

    def __init__(self, failures: int = 0, answer: Any = None) -> None:
        self.failures = failures
        self.answer = answer
        self.events: list[dict[str, Any]] = []
        self.contexts: list[LambdaContext] = []

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> Any:
        self.events.append(event)
        self.contexts.append(context)
        if len(self.events) <= self.failures:
            raise ValueError(f"attempt {len(self.events)}")
        return self.answer


@pytest.fixture
def rule(account: Account) -> Rule:
    return account.add_rule(RULE, Recorder(), {"GraceHours": "4"})


def test_an_error_is_tried_again_twice_and_kept(account: Account) -> None:
    handler = Recorder(failures=2, answer={"users": 1})
    run = account.add_rule(RULE, handler).send_schedule()
    assert [str(error) for error in run.errors] == ["attempt 1", "attempt 2"]
    assert (run.succeeded, run.answer) == (True, {"users": 1})
    assert handler.events == [run.event] * 3


def test_after_three_errors_config_gives_up(account: Account) -> None:
    handler = Recorder(failures=3)
    rule = account.add_rule(RULE, handler)
    run = rule.send_schedule()
    assert (run.succeeded, run.answer, len(run.errors)) == (False, None, 3)
    assert rule.invocations == [run]


def read_runs() -> Any:
    """Return what Config says of the runs of the only rule."""
    config = boto3.client("config")
    return config.describe_config_rule_evaluation_status()["ConfigRulesEvaluationStatus"]


def test_config_keeps_when_a_rule_was_activated_and_last_ran_well_and_badly(
    account: Account,
) -> None:
    account.clock.move_to(NOW)
    rule = account.add_rule(RULE, Recorder(failures=3))
    (before,) = read_runs()
    account.clock.move_to(NOW + timedelta(hours=1))
    rule.send_schedule()
    account.clock.move_to(NOW + timedelta(hours=2))
    rule.send_schedule()
    (after,) = read_runs()
    hours = {
        name: int((value - NOW).total_seconds() / 3600)
        for name, value in after.items()
        if name.endswith("Time")
    }
    assert hours == {
        "FirstActivatedTime": 0,
        "LastFailedInvocationTime": 1,
        "LastFailedEvaluationTime": 1,
        "LastSuccessfulInvocationTime": 2,
        "LastSuccessfulEvaluationTime": 2,
    }
    assert (before["FirstEvaluationStarted"], after["FirstEvaluationStarted"]) == (False, True)
    assert after["LastErrorMessage"] == "attempt 3"


def test_config_may_say_nothing_of_the_runs_of_a_lambda_rule(rule: Rule) -> None:
    rule.config.shows_runs = False
    assert read_runs() == []


def test_an_answer_that_is_not_json_fails_after_the_work_is_done(account: Account) -> None:
    handler = Recorder(answer={"when": NOW})
    run = account.add_rule(RULE, handler).send_schedule()
    assert [type(error) for error in run.errors] == [TypeError] * 3


def test_what_a_handler_does_to_its_event_is_not_seen_again(account: Account) -> None:
    def handler(event: dict[str, Any], context: LambdaContext) -> None:
        event.pop("invokingEvent")

    rule = account.add_rule(RULE, handler)
    assert rule.send_schedule().message["messageType"] == "ScheduledNotification"


def test_the_context_is_that_of_a_function(account: Account) -> None:
    handler = Recorder()
    account.add_rule(RULE, handler, timeout_seconds=60).send_schedule()
    (context,) = handler.contexts
    assert (context.function_name, context.invoked_function_arn, context.log_group_name) == (
        RULE,
        f"arn:aws:lambda:us-east-1:111122223333:function:{RULE}",
        f"/aws/lambda/{RULE}",
    )
    assert 50_000 < context.get_remaining_time_in_millis() <= 60_000
    assert LambdaContext("f", "arn", timeout_seconds=-1).get_remaining_time_in_millis() == 0


def test_a_scheduled_event_names_no_user() -> None:
    with open_account(NOW, ticking=False) as account:
        rule = account.add_rule(RULE, Recorder(), {"GraceHours": "4"})
        run = rule.send_schedule()
    described = run.event | {"configRuleArn": "", "configRuleId": "", "resultToken": ""}
    assert described == {
        "version": "1.0",
        "invokingEvent": json.dumps(
            {
                "awsAccountId": "111122223333",
                "notificationCreationTime": "2026-09-01T12:00:00.000Z",
                "messageType": "ScheduledNotification",
                "recordVersion": "1.0",
            },
            separators=(",", ":"),
        ),
        "ruleParameters": '{"GraceHours":"4"}',
        "resultToken": "",
        "eventLeftScope": False,
        "executionRoleArn": "arn:aws:iam::111122223333:role/aws-service-role/"
        "config.amazonaws.com/AWSServiceRoleForConfig",
        "configRuleArn": "",
        "configRuleName": rule.name,
        "configRuleId": "",
        "accountId": "111122223333",
        "evaluationMode": "DETECTIVE",
    }


def test_an_oversized_event_has_a_summary_and_no_times_of_its_own() -> None:
    with open_account(NOW, ticking=False) as account:
        user = account.iam.add_user("ann", created=NOW - timedelta(days=60))
        run = account.add_rule(RULE, Recorder()).send_oversized(user)
    assert run.message == {
        "configurationItemSummary": {
            "changeType": "UPDATE",
            "configurationItemVersion": "1.3",
            "configurationItemCaptureTime": "2026-09-01T12:00:00.000Z",
            "configurationStateId": 1788264000000,
            "awsAccountId": "111122223333",
            "configurationItemStatus": "OK",
            "resourceType": "AWS::IAM::User",
            "resourceId": user.id,
            "resourceName": "ann",
            "ARN": "arn:aws:iam::111122223333:user/ann",
            "awsRegion": "global",
            "availabilityZone": "Not Applicable",
            "configurationStateMd5Hash": "",
            "resourceCreationTime": "2026-07-03T12:00:00.000Z",
        },
        "messageType": "OversizedConfigurationItemChangeNotification",
    }


@pytest.mark.parametrize("status", ["ResourceDeleted", "ResourceDeletedNotRecorded"])
def test_a_deleted_user_has_no_configuration(account: Account, rule: Rule, status: str) -> None:
    user = account.iam.add_user("ann", tags={"team": "red"})
    boto3.client("iam").delete_user(UserName="ann")
    item = rule.send_change(user, status).message["configurationItem"]
    assert (item["configuration"], item["tags"], item["resourceCreationTime"]) == (None, {}, None)
    assert (item["configurationItemStatus"], item["resourceId"]) == (status, user.id)


def test_an_event_can_say_that_the_resource_left_the_scope(account: Account, rule: Rule) -> None:
    user = account.iam.add_user("ann")
    assert rule.send_change(user, left_scope=True).event["eventLeftScope"] is True


def test_a_rule_whose_function_is_not_here_cannot_be_sent_events(
    account: Account, rule: Rule
) -> None:
    account.functions.handlers.clear()
    with pytest.raises(NoHandler, match=f"The rule {rule.name} invokes arn:aws:lambda:.*:{RULE}"):
        rule.send_schedule()


def test_a_rule_that_was_deleted_cannot_be_sent_events(account: Account, rule: Rule) -> None:
    boto3.client("config").delete_config_rule(ConfigRuleName=rule.name)
    with pytest.raises(NoSuchConfigRuleException):
        rule.send_schedule()


def test_each_invocation_has_a_token_of_its_own(rule: Rule) -> None:
    tokens = {rule.send_schedule().event["resultToken"] for _ in range(3)}
    assert len(tokens) == 3


def test_writes_to_a_user_are_delivered_when_recording(account: Account, rule: Rule) -> None:
    iam = boto3.client("iam")
    account.iam.add_user("before")
    account.config.recording = True
    iam.create_group(GroupName="staff")
    iam.create_user(UserName="ann")
    iam.tag_user(UserName="ann", Tags=[{"Key": "team", "Value": "red"}])
    iam.create_login_profile(UserName="ann", Password="x" * 20)
    iam.create_access_key(UserName="ann")
    iam.add_user_to_group(UserName="ann", GroupName="staff")
    iam.update_user(UserName="ann", NewUserName="anna")
    iam.untag_user(UserName="anna", TagKeys=["team"])
    iam.delete_user(UserName=iam.create_user(UserName="bob")["User"]["UserName"])
    runs = account.deliver_changes()
    items = [run.message["configurationItem"] for run in runs]
    assert [
        (item["resourceName"], item["configurationItemStatus"], item["tags"]) for item in items
    ] == [
        ("ann", "ResourceDiscovered", {}),
        ("ann", "OK", {"team": "red"}),
        ("ann", "OK", {"team": "red"}),
        ("anna", "OK", {"team": "red"}),
        ("anna", "OK", {}),
        ("bob", "ResourceDiscovered", {}),
        ("bob", "ResourceDeleted", {}),
    ]
    assert rule.invocations == runs
    assert account.deliver_changes() == []


def test_users_that_are_not_recorded_send_nothing(account: Account, rule: Rule) -> None:
    account.config.recording = True
    account.config.unrecorded.add("AIDAPWDUSRWMVYSU7SCEI")
    account.iam.add_user("ann")
    account.config.records_users = False
    account.iam.add_user("bob")
    assert account.iam.users["ann"].id == "AIDAPWDUSRWMVYSU7SCEI"
    assert account.deliver_changes() == []


def test_a_rule_that_wants_no_changes_gets_none(account: Account) -> None:
    rule = account.add_rule(RULE, Recorder(), from_pack=False)
    boto3.client("config").put_config_rule(
        ConfigRule={
            "ConfigRuleName": RULE,
            "Source": {
                "Owner": "CUSTOM_LAMBDA",
                "SourceIdentifier": f"arn:aws:lambda:us-east-1:111122223333:function:{RULE}",
                "SourceDetails": [
                    {"EventSource": "aws.config", "MessageType": "ScheduledNotification"}
                ],
            },
        }
    )
    account.config.recording = True
    account.iam.add_user("ann")
    assert account.deliver_changes() == []
    assert rule.invocations == []


def test_a_rule_with_an_empty_parameter_is_refused(account: Account, rule: Rule) -> None:
    config = boto3.client("config")
    (standing,) = config.describe_config_rules(ConfigRuleNames=[rule.name])["ConfigRules"]
    with pytest.raises(ClientError) as refused:
        config.put_config_rule(
            ConfigRule={
                **standing,
                "InputParameters": '{"GraceHours": ""}',
            }
        )
    assert refused.value.response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": "Blank spaces are not acceptable for input parameter: GraceHours.",
    }


def test_only_a_process_check_takes_a_result_from_outside(account: Account, rule: Rule) -> None:
    config = boto3.client("config")
    config.put_config_rule(
        ConfigRule={
            "ConfigRuleName": "by-hand",
            "Source": {"Owner": "AWS", "SourceIdentifier": "AWS_CONFIG_PROCESS_CHECK"},
        }
    )
    evaluation: Any = {
        "ComplianceResourceType": "AWS::::Account",
        "ComplianceResourceId": account.account_id,
        "ComplianceType": "COMPLIANT",
        "Annotation": "Looked at by two.",
        "OrderingTimestamp": NOW,
    }
    config.put_external_evaluation(ConfigRuleName="by-hand", ExternalEvaluation=evaluation)
    (result,) = config.get_compliance_details_by_config_rule(ConfigRuleName="by-hand")[
        "EvaluationResults"
    ]
    assert (result["ComplianceType"], result["Annotation"]) == ("COMPLIANT", "Looked at by two.")
    for name, error in (
        (rule.name, "InvalidParameterValueException"),
        ("none", "NoSuchConfigRuleException"),
    ):
        with pytest.raises(ClientError) as refused:
            config.put_external_evaluation(ConfigRuleName=name, ExternalEvaluation=evaluation)
        assert refused.value.response["Error"]["Code"] == error
