import json
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import Account
from emulator.config.rules import ConsoleLine, Rule
from tests.conftest import NOW
from tests.support.paths import CASES

CASE = CASES / "iam-user-change-event.json"
RULE = "iam-user-no-setup-access-key"


def evaluation(resource: str, compliance: str = "COMPLIANT", **more: Any) -> dict[str, Any]:
    return {
        "ComplianceResourceType": "AWS::IAM::User",
        "ComplianceResourceId": resource,
        "ComplianceType": compliance,
        "OrderingTimestamp": NOW,
    } | more


def put(token: str, *evaluations: dict[str, Any], test_mode: bool = False) -> dict[str, Any]:
    answer = boto3.client("config").put_evaluations(
        Evaluations=evaluations, ResultToken=token, TestMode=test_mode
    )
    del answer["ResponseMetadata"]
    return dict(answer)


def shape(value: Any) -> Any:
    """Return the names and types of a JSON value, without what the account filled in."""
    if isinstance(value, dict):
        return {name: "tags" if name == "tags" else shape(part) for name, part in value.items()}
    if isinstance(value, list):
        return [shape(part) for part in value]
    return type(value).__name__


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


@pytest.fixture
def rule(account: Account) -> Rule:
    return account.add_rule(RULE, lambda event, context: None, {"GraceHours": "4"})


def token(rule: Rule) -> str:
    return str(rule.send_schedule().event["resultToken"])


def stored(rule: Rule) -> list[tuple[str, str]]:
    return [(result.resource_id, result.compliance) for result in rule.results.stored()]


def test_a_rule_of_a_pack_has_the_suffix_and_can_be_described(account: Account) -> None:
    rule = account.add_rule(RULE, lambda event, context: None, {"GraceHours": "4"})
    described = boto3.client("config").describe_config_rules()["ConfigRules"]
    assert [(r["ConfigRuleName"], json.loads(r["InputParameters"])) for r in described] == [
        (rule.name, {"GraceHours": "4"})
    ]
    assert rule.name.startswith(f"{RULE}-conformance-pack-")
    assert len(rule.name) == len(f"{RULE}-conformance-pack-xxxxxxxxx")


def test_a_result_is_stored_under_the_rule_of_its_token(account: Account, rule: Rule) -> None:
    answer = put(token(rule), evaluation("AIDA1", "NON_COMPLIANT", Annotation="A sentence."))
    details = boto3.client("config").get_compliance_details_by_config_rule(
        ConfigRuleName=rule.name
    )["EvaluationResults"]
    (detail,) = details
    recorded = detail.pop("ResultRecordedTime")
    invoked = detail.pop("ConfigRuleInvokedTime")
    assert answer == {"FailedEvaluations": []}
    assert detail == {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": rule.name,
                "ResourceType": "AWS::IAM::User",
                "ResourceId": "AIDA1",
                "EvaluationMode": "DETECTIVE",
            },
            "OrderingTimestamp": NOW,
        },
        "ComplianceType": "NON_COMPLIANT",
        "Annotation": "A sentence.",
    }
    assert NOW <= invoked <= recorded <= account.clock.now()


def test_a_later_result_replaces_the_earlier_one(rule: Rule) -> None:
    put(token(rule), evaluation("AIDA1", "NON_COMPLIANT"), evaluation("AIDA2"))
    put(token(rule), evaluation("AIDA1"))
    assert stored(rule) == [("AIDA1", "COMPLIANT"), ("AIDA2", "COMPLIANT")]


def test_an_unknown_token_is_refused(rule: Rule) -> None:
    with pytest.raises(ClientError) as error:
        put("made up", evaluation("AIDA1"))
    assert code(error) == "InvalidResultTokenException"


def test_test_mode_takes_any_token_and_stores_nothing(rule: Rule) -> None:
    assert put("TESTMODE", evaluation("AIDA1"), test_mode=True) == {"FailedEvaluations": []}
    assert put(token(rule), evaluation("AIDA1"), test_mode=True) == {"FailedEvaluations": []}
    assert stored(rule) == []


def test_an_empty_list_is_accepted(rule: Rule) -> None:
    assert put(token(rule)) == {"FailedEvaluations": []}


@pytest.mark.parametrize(
    "evaluations",
    [
        pytest.param([evaluation(f"AIDA{n}") for n in range(101)], id="101 evaluations"),
        pytest.param([evaluation("A"), evaluation("B", Annotation="x" * 257)], id="257 characters"),
        pytest.param([evaluation("A"), evaluation("B", "PERHAPS")], id="an unknown compliance"),
    ],
)
def test_what_aws_refuses_is_refused_whole(rule: Rule, evaluations: list[dict[str, Any]]) -> None:
    with pytest.raises(ClientError) as error:
        put(token(rule), *evaluations)
    assert code(error) == "ValidationException"
    assert stored(rule) == []


def test_a_hundred_evaluations_of_256_characters_are_stored(rule: Rule) -> None:
    put(token(rule), *[evaluation(f"AIDA{n}", Annotation="x" * 256) for n in range(100)])
    assert len(stored(rule)) == 100


def test_evaluations_fail_one_by_one_on_demand(account: Account, rule: Rule) -> None:
    account.config.failing_evaluations.add("AIDA2")
    answer = put(token(rule), evaluation("AIDA1"), evaluation("AIDA2", Annotation="x"))
    assert [failed["ComplianceResourceId"] for failed in answer["FailedEvaluations"]] == ["AIDA2"]
    assert stored(rule) == [("AIDA1", "COMPLIANT")]


def test_not_applicable_is_kept_and_an_older_result_wins(rule: Rule) -> None:
    put(token(rule), evaluation("AIDA1", "NOT_APPLICABLE"), evaluation("AIDA2", "NON_COMPLIANT"))
    put(token(rule), evaluation("AIDA2", OrderingTimestamp=NOW - timedelta(seconds=1)))
    assert stored(rule) == [("AIDA1", "NOT_APPLICABLE"), ("AIDA2", "COMPLIANT")]


def test_results_come_in_pages(rule: Rule) -> None:
    ids = [f"AIDA{number:03}" for number in range(230)]
    for start in range(0, 230, 100):
        put(token(rule), *[evaluation(one) for one in ids[start : start + 100]])
    config = boto3.client("config")
    usual = config.get_compliance_details_by_config_rule(ConfigRuleName=rule.name)
    pages, next_token = [], ""
    while True:
        page = config.get_compliance_details_by_config_rule(
            ConfigRuleName=rule.name, Limit=100, NextToken=next_token
        )
        pages.append(
            [
                result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]
                for result in page["EvaluationResults"]
            ]
        )
        next_token = page.get("NextToken", "")
        if not next_token:
            break
    assert len(usual["EvaluationResults"]) == 10
    assert pages == [ids[:100], ids[100:200], ids[200:]]


def test_results_are_filtered_by_compliance(rule: Rule) -> None:
    put(token(rule), evaluation("AIDA1"), evaluation("AIDA2", "NON_COMPLIANT"))
    found = boto3.client("config").get_compliance_details_by_config_rule(
        ConfigRuleName=rule.name, ComplianceTypes=["NON_COMPLIANT"]
    )["EvaluationResults"]
    assert [result["ComplianceType"] for result in found] == ["NON_COMPLIANT"]


def test_results_of_a_rule_with_a_name_over_64_characters_cannot_be_read(account: Account) -> None:
    rule = account.add_rule("r" * 38, lambda event, context: None)
    client = boto3.client("config")
    with pytest.raises(ClientError) as error:
        client.get_compliance_details_by_config_rule(ConfigRuleName=rule.name)
    assert len(rule.name) == 65
    assert code(error) == "ValidationException"


def test_results_of_a_rule_that_is_not_there_cannot_be_read(account: Account) -> None:
    with pytest.raises(ClientError) as error:
        boto3.client("config").get_compliance_details_by_config_rule(ConfigRuleName="none")
    assert code(error) == "NoSuchConfigRuleException"


def test_results_are_forgotten_when_their_rule_is_deleted(rule: Rule) -> None:
    config = boto3.client("config")
    late = token(rule)
    put(late, evaluation("AIDA1"))
    config.delete_config_rule(ConfigRuleName=rule.name)
    with pytest.raises(ClientError) as error:
        put(late, evaluation("AIDA1"))
    assert code(error) == "NoSuchConfigRuleException"


def test_an_empty_token_is_refused(rule: Rule) -> None:
    with pytest.raises(ClientError) as error:
        put("", evaluation("AIDA1"))
    assert code(error) == "InvalidParameterValueException"


def test_a_rule_whose_function_does_not_exist_is_refused(account: Account) -> None:
    with pytest.raises(ClientError) as error:
        boto3.client("config").put_config_rule(
            ConfigRule={
                "ConfigRuleName": RULE,
                "Source": {
                    "Owner": "CUSTOM_LAMBDA",
                    "SourceIdentifier": "arn:aws:lambda:us-east-1:111122223333:function:none",
                    "SourceDetails": [
                        {"EventSource": "aws.config", "MessageType": "ScheduledNotification"}
                    ],
                },
            }
        )
    assert code(error) == "InsufficientPermissionsException"


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        pytest.param({"Limit": 101}, "ValidationException", id="over 100 a page"),
        pytest.param({"NextToken": "x"}, "InvalidNextTokenException", id="a token of no page"),
    ],
)
def test_a_page_that_is_none_is_refused(rule: Rule, query: dict[str, Any], refusal: str) -> None:
    with pytest.raises(ClientError) as error:
        boto3.client("config").get_compliance_details_by_config_rule(
            ConfigRuleName=rule.name, **query
        )
    assert code(error) == refusal


def test_discovered_users_come_in_pages(account: Account) -> None:
    names = [f"user-{number:03}" for number in range(150)]
    for name in names:
        account.iam.add_user(name)
    pages = boto3.client("config").get_paginator("list_discovered_resources")
    found = [
        [resource["resourceName"] for resource in page["resourceIdentifiers"]]
        for page in pages.paginate(resourceType="AWS::IAM::User")
    ]
    assert found == [names[:100], names[100:]]


def test_resources_of_other_types_are_those_of_moto(account: Account) -> None:
    boto3.client("s3").create_bucket(Bucket="some-bucket")
    found = boto3.client("config").list_discovered_resources(resourceType="AWS::S3::Bucket")
    assert [resource["resourceName"] for resource in found["resourceIdentifiers"]] == [
        "some-bucket"
    ]


def test_users_are_discovered_by_id_and_by_name_where_they_are_recorded(account: Account) -> None:
    config = boto3.client("config")
    ann, bob, new = (account.iam.add_user(name) for name in ("ann", "bob", "new"))
    account.config.unrecorded.add(new.id)

    def names(**query: Any) -> list[str]:
        answer = config.list_discovered_resources(resourceType="AWS::IAM::User", **query)
        return [resource["resourceName"] for resource in answer["resourceIdentifiers"]]

    assert names() == ["ann", "bob"]
    assert names(resourceIds=[bob.id, new.id]) == ["bob"]
    assert names(resourceName="ann") == ["ann"]
    with pytest.raises(ClientError) as both:
        names(resourceIds=[ann.id], resourceName="ann")
    assert code(both) == "ValidationException"
    with pytest.raises(ClientError) as too_many:
        names(resourceIds=[ann.id] * 21)
    assert code(too_many) == "ValidationException"
    account.config.records_users = False
    assert names() == []


def test_deleted_users_are_discovered_only_when_asked_for(account: Account) -> None:
    config = boto3.client("config")
    ann = account.iam.add_user("ann")
    boto3.client("iam").delete_user(UserName="ann")
    query = {"resourceType": "AWS::IAM::User", "resourceIds": [ann.id]}
    found = config.list_discovered_resources(**query, includeDeletedResources=True)
    assert config.list_discovered_resources(**query)["resourceIdentifiers"] == []
    assert [
        (resource["resourceName"], "resourceDeletionTime" in resource)
        for resource in found["resourceIdentifiers"]
    ] == [("ann", True)]


def test_a_change_event_has_the_form_of_a_real_one(account: Account, rule: Rule) -> None:
    real = json.loads(CASE.read_text())
    real_message = json.loads(real["invokingEvent"])
    boto3.client("iam").create_group(GroupName="MyTestGroup")
    user = account.iam.add_user("alice", created=NOW, tags={"team": "red"})
    boto3.client("iam").add_user_to_group(GroupName="MyTestGroup", UserName="alice")
    sent = rule.send_change(user, "ResourceDiscovered")
    assert shape(sent.event) == shape(real)
    assert shape(sent.message) == shape(real_message)
    item = sent.message["configurationItem"]
    assert item["configuration"]["tags"] == [{"key": "team", "value": "red"}]
    assert item["tags"] == {"team": "red"}
    assert item["configuration"]["createDate"] == "2026-09-01T12:00:00.000Z"


def test_the_console_lists_names_and_sentences(account: Account, rule: Rule) -> None:
    ids = [account.iam.add_user(name).id for name in ("zoe", "ann", "robot")]
    put(
        token(rule),
        evaluation(ids[0], "NON_COMPLIANT", Annotation="A setup key."),
        evaluation(ids[1]),
        evaluation(ids[2], "NOT_APPLICABLE"),
        evaluation("AIDAGONE"),
    )
    assert rule.list_lines() == [
        ConsoleLine("AIDAGONE", "COMPLIANT", ""),
        ConsoleLine("ann", "COMPLIANT", ""),
        ConsoleLine("zoe", "NON_COMPLIANT", "A setup key."),
    ]
