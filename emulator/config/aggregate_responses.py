"""What an organization's aggregator answers: results of every account, and queries of its items.

Results come from the accounts' own Config, whose recorder has to be there. The query language is
the part that its documentation shows with `AND`, `=`, `IN`, `LIKE 'prefix%'` and `>`; anything else
is refused.
"""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from emulator.config.answers import ConfigAnswer
from emulator.config.items import USER_TYPE, make_item
from emulator.config.models import Config
from emulator.gateway.errors import Refusal
from emulator.organizations.models import Organization, organization_of

GROUP_TYPE = "AWS::IAM::Group"
KEPT = ("COMPLIANT", "NON_COMPLIANT")
"""Aggregates know these two alone (botocore's model, AggregateEvaluationResult)."""
MAX_RULES = 1000
CONDITION = re.compile(
    r"\s*([\w.]+)\s*(?:(=|>)\s*'([^']*)'|(LIKE)\s*'([^'%]{3,})%'|(IN)\s*\(([^)]*)\))\s*",
    re.IGNORECASE,
)


class AggregateResponse(ConfigAnswer):
    """The operations of an aggregator, and how many resources an account has."""

    def describe_aggregate_compliance_by_config_rules(self) -> str:
        """The rules of every account, with whether a resource is NON_COMPLIANT."""
        organization = self._find_organization()
        filters = self._get_param("Filters") or {}
        found = []
        for config in self._read_configs(organization):
            for name in config.config_rules:
                stored = config.results(name).stored(KEPT)
                bad = sum(result.compliance == "NON_COMPLIANT" for result in stored)
                if not stored or filters.get("AwsRegion", self.region) != self.region:
                    continue
                compliance: dict[str, Any] = {"ComplianceType": KEPT[bool(bad)]}
                if filters.get("ComplianceType") not in (None, KEPT[bool(bad)]):
                    continue
                if bad:
                    compliance["ComplianceContributorCount"] = {
                        "CappedCount": min(bad, 25),
                        "CapExceeded": bad > 25,
                    }
                found.append(
                    {
                        "ConfigRuleName": name,
                        "Compliance": compliance,
                        "AccountId": config.account_id,
                        "AwsRegion": self.region,
                    }
                )
        return self._pages(
            "AggregateComplianceByConfigRules", found, MAX_RULES, most=organization.page_limit
        )

    def get_aggregate_compliance_details_by_config_rule(self) -> str:
        """The results of one rule in one account."""
        organization = self._find_organization()
        account, name = self._get_param("AccountId"), self._get_param("ConfigRuleName")
        wanted = self._get_param("ComplianceType")
        if wanted not in (None, *KEPT):
            raise Refusal("ValidationException", f"{wanted} is not supported for aggregates.")
        found = []
        for config in self._read_configs(organization):
            if config.account_id == account and name in config.config_rules:
                for result in config.results(name).stored((wanted,) if wanted else KEPT):
                    place = {"AccountId": account, "AwsRegion": self.region}
                    found.append(result.answer(name) | place)
        return self._pages("AggregateEvaluationResults", found, most=organization.page_limit)

    def select_aggregate_resource_config(self) -> str:
        """The items of users and groups that an expression selects, each as a text of JSON."""
        organization = self._find_organization()
        fields, conditions = read_expression(self._get_param("Expression"))
        found = [
            json.dumps(
                {name: value for name in fields if (value := find_field(item, name)) is not None}
            )
            for config in self._read_configs(organization)
            for item in read_query_items(config)
            if all(meets(item, *condition) for condition in conditions)
        ]
        return self._pages("Results", found, most=organization.page_limit)

    def get_aggregate_discovered_resource_counts(self) -> str:
        """How many IAM users the aggregator knows in each account."""
        filters = self._get_param("Filters") or {}
        if filters.get("ResourceType") != USER_TYPE:
            raise Refusal("ValidationException", "Only AWS::IAM::User is counted here.")
        counts = {
            config.account_id: len(config.iam.users)
            for config in self._read_configs(self._find_organization())
        }
        answer = {
            "TotalDiscoveredResources": sum(counts.values()),
            "GroupByKey": "ACCOUNT_ID",
            "GroupedResourceCounts": [
                {"GroupName": account, "ResourceCount": users}
                for account, users in counts.items()
                if users
            ],
        }
        return json.dumps(answer)

    def get_discovered_resource_counts(self) -> str:
        """How many IAM users this account's recorder knows."""
        users = len(self.config_backend.list_users(deleted=False))
        counts = [{"resourceType": USER_TYPE, "count": users}] if users else []
        return json.dumps({"totalDiscoveredResources": users, "resourceCounts": counts})

    def _find_organization(self) -> Organization:
        organization = organization_of(self.current_account)
        name = self._get_param("ConfigurationAggregatorName")
        if organization is None or name not in self.config_backend.config_aggregators:
            raise Refusal("NoSuchConfigurationAggregatorException", f"No aggregator {name}.")
        return organization

    def _read_configs(self, organization: Organization) -> Iterator[Config]:
        for account in organization.members:
            config = Config.of(account, self.region)
            if config.recorders:
                yield config


def read_query_items(config: Config) -> Iterator[dict[str, Any]]:
    """Yield the items of an account's users and groups as queries see them."""
    iam = config.iam
    for user in iam.users.values():
        if config.records_users and user.id not in config.unrecorded:
            item = make_item(iam, user, "OK", user.create_date)
            yield item | {"accountId": config.account_id, "tags": list_tags(item["tags"])}
    for group in iam.groups.values():
        yield {
            "accountId": config.account_id,
            "awsRegion": "global",
            "resourceType": GROUP_TYPE,
            "resourceId": group.id,
            "resourceName": group.name,
            "tags": [],
            "configuration": {
                "groupName": group.name,
                "attachedManagedPolicies": [
                    {"policyName": policy.name, "policyArn": arn}
                    for arn, policy in group.managed_policies.items()
                ],
                "groupPolicyList": [
                    {"policyName": name, "policyDocument": quote(str(document))}
                    for name, document in group.policies.items()
                ],
            },
        }


def list_tags(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return tags as queries have them."""
    return [{"key": k, "value": v, "tag": f"{k}={v}"} for k, v in tags.items()]


def read_expression(expression: str) -> tuple[list[str], list[tuple[str, str, list[str]]]]:
    """Return the fields and the conditions of an expression. Raises Refusal."""
    found = re.fullmatch(r"\s*SELECT\s+(.+?)\s+WHERE\s+(.+)", expression, re.IGNORECASE | re.DOTALL)
    if found is None:
        raise Refusal("InvalidExpressionException", "This is no expression.")
    conditions = []
    for part in re.split(r"\s+AND\s+", found[2], flags=re.IGNORECASE):
        one = CONDITION.fullmatch(part)
        if one is None:
            raise Refusal("InvalidExpressionException", f"{part}: this is not understood.")
        values = re.findall(r"'([^']*)'", one[7]) if one[6] else [one[3] or one[5] or ""]
        conditions.append((one[1], (one[2] or one[4] or one[6]).upper(), values))
    return [name.strip() for name in found[1].split(",")], conditions


def find_field(item: Any, path: str) -> Any:
    """Return what stands at a path with dots, None where there is nothing."""
    for name in path.split("."):
        item = item.get(name) if isinstance(item, dict) else None
    return item


def meets(item: dict[str, Any], path: str, operator: str, values: list[str]) -> bool:
    """Does the item meet a condition? In a list one element is enough."""
    first, _, rest = path.partition(".")
    inside = item.get(first)
    if isinstance(inside, list):
        found = [str(find_field(each, rest)) for each in inside]
    else:
        value = find_field(item, path)
        found = [] if value is None else [str(value)]
    if operator == "LIKE":
        return any(value.startswith(values[0]) for value in found)
    if operator == ">":
        return any(value > values[0] for value in found)
    return any(value in values for value in found)
