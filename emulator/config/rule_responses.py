"""AWS Config's operations on the rules of one account, as its packs left them."""

import json
from datetime import UTC, datetime

from moto.config.exceptions import InvalidParameterValueException, NoSuchConfigRuleException

from emulator.config.answers import ConfigAnswer
from emulator.config.process_checks import PROCESS_CHECK
from emulator.config.results import find_refused
from emulator.config.rules import run_due

MAX_STATUSES = 50
"""Rules in one page of DescribeConfigRuleEvaluationStatus (botocore's model)."""


class RuleResponse(ConfigAnswer):
    """What a pack consists of, how its rules ran, and what people put for them."""

    def describe_conformance_pack_compliance(self) -> str:
        """The rules of a pack."""
        name = self._get_param("ConformancePackName")
        rules = self.config_backend.pack_rules.get(name, [])
        if not rules:
            self.config_backend.packs.find([name])
        listed = [{"ConfigRuleName": rule, "ComplianceType": "COMPLIANT"} for rule in rules]
        answer = {"ConformancePackName": name, "ConformancePackRuleComplianceList": listed}
        return json.dumps(answer)

    def describe_config_rule_evaluation_status(self) -> str:
        """When rules last ran."""
        backend = self.config_backend
        run_due(backend)
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
        shown = found if backend.shows_runs else []
        return self._pages("ConfigRulesEvaluationStatus", shown, MAX_STATUSES, most=MAX_STATUSES)

    def put_external_evaluation(self) -> str:
        """Store the result of a process check, which somebody outside AWS judges."""
        backend, name = self.config_backend, self._get_param("ConfigRuleName")
        results, source = backend.results(name), backend.config_rules[name].source
        evaluation = self._get_param("ExternalEvaluation")
        fault = find_refused([evaluation])
        if source.source_identifier != PROCESS_CHECK:
            # That other rules are refused, and so, is not documented (L).
            fault = f"The rule {name} is no process check."
        if fault:
            raise InvalidParameterValueException(fault)
        results.put(evaluation, datetime.now(UTC))
        return "{}"
