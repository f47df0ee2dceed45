"""AWS Config's operations on the rules of one account, as its packs left them."""

import json
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.models import lambda_backends
from moto.config import responses
from moto.config.exceptions import (
    InvalidNextTokenException,
    InvalidParameterValueException,
    NoSuchConfigRuleException,
    ValidationException,
)
from moto.config.models import config_backends
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from emulator.awslambda.models import Lambda
from emulator.config.items import USER_TYPE
from emulator.config.models import Config
from emulator.config.process_checks import PROCESS_CHECK
from emulator.config.results import find_refused
from emulator.config.rules import run_due
from emulator.gateway.pages import InvalidToken, cut_page
from emulator.gateway.validation import find_input_fault
from emulator.organizations.models import Refusal, organization_of

MAX_STATUSES = 50
"""Rules in one page of DescribeConfigRuleEvaluationStatus (botocore's model)."""


class RuleResponse(responses.ConfigResponse):
    """What a pack consists of, how its rules ran, and what an aggregator counts."""

    def describe_conformance_pack_compliance(self) -> str:
        """The rules of a pack."""
        name = self._get_param("ConformancePackName")
        backend = config_backends[self.current_account][self.region]
        assert isinstance(backend, Config)
        rules = backend.organization_packs.get(name)
        if rules is None:
            (pack,) = backend.packs.find([name])
            rules = [rule for rule in backend.config_rules if rule.endswith(pack.id)]
        listed = [{"ConfigRuleName": rule, "ComplianceType": "COMPLIANT"} for rule in rules]
        answer = {"ConformancePackName": name, "ConformancePackRuleComplianceList": listed}
        return json.dumps(answer)

    def describe_config_rule_evaluation_status(self) -> str:
        """When rules last ran."""
        backend = config_backends[self.current_account][self.region]
        functions = lambda_backends[self.current_account][self.region]
        assert isinstance(backend, Config)
        assert isinstance(functions, Lambda)
        run_due(backend, functions)
        found = []
        for name in self._get_param("ConfigRuleNames") or list(backend.config_rules):
            if name not in backend.config_rules:
                raise NoSuchConfigRuleException(name)
            rule = backend.config_rules[name]
            told = {
                "ConfigRuleName": name,
                "ConfigRuleArn": rule.config_rule_arn,
                "ConfigRuleId": rule.config_rule_id,
                "FirstEvaluationStarted": bool(backend.invocations.get(name)),
            }
            found.append(told | backend.runs.get(name, {}))
        try:
            size = min(self._get_param("Limit") or MAX_STATUSES, MAX_STATUSES)
            page, token = cut_page(found, self._get_param("NextToken"), size)
        except InvalidToken:
            raise InvalidNextTokenException from None
        answer: dict[str, Any] = {
            "ConfigRulesEvaluationStatus": list(page) if backend.shows_runs else []
        }
        return json.dumps(answer | ({"NextToken": token} if token else {}))

    def put_external_evaluation(self) -> str:
        """Store the result of a process check, which somebody outside AWS judges."""
        given: dict[str, Any] = json.loads(self.body)
        if fault := find_input_fault("config", "PutExternalEvaluation", given):
            raise ValidationException(fault)
        backend = config_backends[self.current_account][self.region]
        assert isinstance(backend, Config)
        name = given["ConfigRuleName"]
        results, source = backend.results(name), backend.config_rules[name].source
        evaluation = given["ExternalEvaluation"]
        fault = find_refused([evaluation])
        if source.source_identifier != PROCESS_CHECK:
            # That other rules are refused, and so, is not documented (L).
            fault = f"The rule {name} is no process check."
        if fault:
            raise InvalidParameterValueException(fault)
        results.put(evaluation, datetime.now(UTC))
        return "{}"

    def get_aggregate_discovered_resource_counts(self) -> str:
        """How many IAM users an organization's aggregator knows in each account."""
        organization = organization_of(self.current_account)
        name = self._get_param("ConfigurationAggregatorName")
        if organization is None or name not in self.config_backend.config_aggregators:
            raise Refusal("NoSuchConfigurationAggregatorException", f"No aggregator {name}.")
        filters = self._get_param("Filters") or {}
        if filters.get("ResourceType") != USER_TYPE:
            raise Refusal("ValidationException", "Only AWS::IAM::User is counted here.")
        counts = []
        for account in organization.members:
            recorded = bool(config_backends[account][self.region].recorders)
            users = len(iam_backends[account][get_partition(self.region)].users) if recorded else 0
            if users:
                counts.append({"GroupName": account, "ResourceCount": users})
        answer = {
            "TotalDiscoveredResources": sum(int(str(each["ResourceCount"])) for each in counts),
            "GroupByKey": "ACCOUNT_ID",
            "GroupedResourceCounts": counts,
        }
        return json.dumps(answer)
