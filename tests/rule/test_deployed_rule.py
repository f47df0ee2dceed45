"""What the deployed rule holds of a user, and by which parameters it judges him."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from emulator import Account, open_account
from emulator.config.rules import Rule
from rule.deployed_rule import Holding, RuleUnclear, read_holding, read_rule
from rule.parameters import InvalidParameters
from tests.conftest import NOW
from tests.support.facts import policy

ID = "AIDAEXAMPLE000000001"
NAME = "iam-user-no-setup-access-key"
ARN = f"arn:aws:lambda:us-east-1:111122223333:function:{NAME}"
FIRST = "Nothing was done: let the rule judge the user first (aws configservice"


@dataclass
class Place:
    """An account with the rule, which can hold a result."""

    account: Account
    rule: Rule

    def hold(self, compliance: str, rule: str = "") -> None:
        """Let a rule hold a result for the user."""
        evaluation = {
            "ComplianceResourceType": "AWS::IAM::User",
            "ComplianceResourceId": ID,
            "ComplianceType": compliance,
            "OrderingTimestamp": NOW.timestamp(),
        }
        self.account.config.results(rule or self.rule.name).put(evaluation, NOW)

    @property
    def stored(self) -> Any:
        """The rule as AWS Config has it."""
        return self.account.config.config_rules[self.rule.name]

    def set(self, parameters: str) -> None:
        """Change what the rule's InputParameters are."""
        self.stored.input_parameters = parameters

    def read(self) -> Holding:
        """Return what the deployed rule holds of the user."""
        return read_holding(boto3.client("config"), ID, ARN)


@pytest.fixture
def place() -> Iterator[Place]:
    """The account, its clock standing still."""
    with open_account(NOW, ticking=False) as account:
        yield Place(account, account.add_rule(NAME, lambda event, context: {}))


def test_a_finding_brings_the_rules_own_parameters(place: Place) -> None:
    place.hold("NON_COMPLIANT")
    place.set(json.dumps({"Criterion": "UNUSED", "GraceHours": "8"}))
    rules = policy(Criterion="UNUSED", GraceHours="8")
    assert place.read() == Holding("NON_COMPLIANT", place.rule.name, rules)


def test_a_rule_without_parameters_judges_by_the_defaults(place: Place) -> None:
    place.hold("NON_COMPLIANT")
    place.set("")
    assert place.read().policy == policy()


def test_what_a_rule_carries_for_rdklib_alone_is_no_parameter_of_ours(place: Place) -> None:
    place.hold("NON_COMPLIANT")
    names = ("ExecutionRoleName", "ExecutionRoleRegion", "AssumeRoleMode")
    place.set(json.dumps({**dict.fromkeys(names, "x"), "GraceHours": "8"}))
    assert place.read().policy == policy(GraceHours="8")


def test_a_parameter_out_of_bounds_is_the_same_error_as_the_rules_own(place: Place) -> None:
    place.hold("NON_COMPLIANT")
    place.set(json.dumps({"GraceHours": "999"}))
    said = 'GraceHours is "999"; give a whole number of hours from 0 to 720.'
    with pytest.raises(InvalidParameters, match=said):
        place.read()


@pytest.mark.parametrize("compliance", ["COMPLIANT", "NOT_APPLICABLE"])
def test_without_a_finding_the_rule_itself_is_not_read(place: Place, compliance: str) -> None:
    place.hold(compliance)
    with place.account.calls.since_now() as calls:
        found = place.read()
    assert calls.actions() == ["config:GetComplianceDetailsByResource"]
    assert found == Holding(compliance, place.rule.name)
    assert found.describe(ID) == (
        f"Rule {place.rule.name} holds {ID} {compliance}. Nothing was done: if that is old, let the"
        " rule judge the user first (aws configservice start-config-rules-evaluation"
        f" --config-rule-names {place.rule.name})."
    )


def test_results_of_other_rules_are_none_of_ours(place: Place) -> None:
    other = "our-own-" + NAME
    place.account.config.config_rules[other] = place.stored
    place.hold("NON_COMPLIANT", other)
    found = place.read()
    assert found == Holding("", "")
    assert found.describe(ID) == (
        f"No rule {NAME} holds a result for {ID}. {FIRST} start-config-rules-evaluation)."
    )


def test_two_rules_of_ours_are_an_error_that_names_them_in_order(place: Place) -> None:
    twins = [f"{NAME}-a", f"{NAME}-z"]
    for each in reversed(twins):
        place.account.config.config_rules[each] = place.stored
        place.hold("NON_COMPLIANT", each)
    with pytest.raises(RuleUnclear) as error:
        place.read()
    assert str(error.value) == (
        f"2 rules hold {ID}: {twins[0]} and {twins[1]}. Nothing was changed. Leave one of them, or"
        " delete the results of the others."
    )


@pytest.mark.parametrize(
    ("owner", "source", "said"),
    [
        ("CUSTOM_LAMBDA", ARN.replace("1111", "9999"), ARN.replace("1111", "9999")),
        ("CUSTOM_LAMBDA", f"{ARN}-2", f"{ARN}-2"),
        ("AWS", ARN, ARN),
        ("CUSTOM_POLICY", None, "another owner"),
    ],
)
def test_a_rule_that_this_accounts_function_does_not_judge_is_an_error(
    place: Place, owner: str, source: str | None, said: str
) -> None:
    place.hold("NON_COMPLIANT")
    place.stored.source.owner, place.stored.source.source_identifier = owner, source
    with pytest.raises(RuleUnclear) as error:
        place.read()
    assert str(error.value) == (
        f"Rule {place.rule.name} is not judged by {ARN}, but by {said}. Nothing was changed."
    )


@pytest.mark.parametrize("answer", ["NoSuchConfigRuleException", "an empty list"])
def test_a_rule_that_is_gone_by_now_is_an_error_that_names_it(answer: str) -> None:
    config = boto3.client("config", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(config) as stub:
        if answer == "an empty list":
            stub.add_response("describe_config_rules", {"ConfigRules": []})
        else:
            stub.add_client_error("describe_config_rules", answer)
        with pytest.raises(RuleUnclear) as error:
            read_rule(config, "ours")
    assert str(error.value) == (
        "Rule ours held the user NON_COMPLIANT and is gone by now. Nothing was changed. Deploy the"
        " rule again, and let it judge the user first."
    )
