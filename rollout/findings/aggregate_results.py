"""Reads what an organization's aggregator holds: few calls, whatever the number of accounts.

Which accounts have a rule of ours: a page for a thousand rules. Details only where something can
stand: results that are NON_COMPLIANT; and those that are COMPLIANT only in accounts where a user
carries a tag of ours (quarantines, exceptions) or was created lately (keys that wait). Names, tags
and rights: for the users of the findings alone, a hundred a query.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rollout.aws.session import Session, turn_pages
from rollout.findings.finding import Finding, find
from rollout.findings.rights import Rights, read_policy_names
from rollout.findings.survey import Held, Person
from rollout.names import is_our_rule
from rollout.organization.recorder import count_users
from rule.live import RESOURCE_TYPE

READERS = 4
"""Accounts whose details are read at a time; Config's rate for these calls is not published."""
IDS = 100
"""Ids in one query: its expression has at most 4,096 characters."""
TAGS = "no-setup-access-key:"
LATELY = timedelta(hours=720 + 24 + 24)
"""The longest GraceHours, the longest setup window, and a day until the next run."""
COLUMNS = "accountId, resourceId, resourceName, configuration"
GROUP_TYPE = "AWS::IAM::Group"


@dataclass(frozen=True)
class Aggregate:
    """An aggregator, seen from the session's account and Region."""

    session: Session
    name: str

    def select(self, expression: str) -> Iterator[dict[str, Any]]:
        """Yield the items that a query selects."""
        pages = self.session.config.get_paginator("select_aggregate_resource_config").paginate(
            Expression=expression, ConfigurationAggregatorName=self.name
        )
        for page in pages:
            for text in page["Results"]:
                yield json.loads(text)

    def read_rules(self) -> dict[str, tuple[str, bool]]:
        """Return our rule in each account, and whether it has a result that is NON_COMPLIANT."""
        pages = turn_pages(
            self.session.config.describe_aggregate_compliance_by_config_rules,
            ConfigurationAggregatorName=self.name,
            Filters={"AwsRegion": self.session.region},
            Limit=1000,
        )
        found = dict[str, tuple[str, bool]]()
        for page in pages:
            for each in page["AggregateComplianceByConfigRules"]:
                if is_our_rule(each["ConfigRuleName"]):
                    bad = each["Compliance"]["ComplianceType"] == "NON_COMPLIANT"
                    found[each["AccountId"]] = (each["ConfigRuleName"], bad)
        return found

    def read_details(self, account: str, rule: str, compliance: str) -> list[Finding]:
        """Return the findings in the results of one account that have this compliance."""
        pages = turn_pages(
            self.session.config.get_aggregate_compliance_details_by_config_rule,
            ConfigurationAggregatorName=self.name,
            ConfigRuleName=rule,
            AccountId=account,
            AwsRegion=self.session.region,
            ComplianceType=compliance,
            Limit=100,
        )
        return [
            finding
            for page in pages
            for each in page["AggregateEvaluationResults"]
            for finding in find(
                each["ComplianceType"],
                each.get("Annotation", ""),
                account=account,
                user_id=each["EvaluationResultIdentifier"]["EvaluationResultQualifier"][
                    "ResourceId"
                ],
            )
        ]


def read_aggregate(
    aggregate: Aggregate, now: datetime, accounts: Collection[str], *, thorough: bool
) -> dict[str, Held]:
    """Return what AWS Config holds of these accounts, by id; one without a rule is not in it.

    `thorough` reads the COMPLIANT results of every account: under Criterion UNUSED a key that waits
    may belong to a user who was created long ago.
    """
    rules = {id: rule for id, rule in aggregate.read_rules().items() if id in accounts}
    users = count_users(aggregate.session, aggregate.name)
    looked = set(rules) if thorough else find_accounts(aggregate, now)
    wanted = [(id, name, "NON_COMPLIANT") for id, (name, bad) in rules.items() if bad]
    wanted += [(id, name, "COMPLIANT") for id, (name, _) in rules.items() if id in looked]
    with ThreadPoolExecutor(READERS, thread_name_prefix="read-details") as readers:
        try:
            found = list(readers.map(lambda each: aggregate.read_details(*each), wanted))
        finally:
            readers.shutdown(cancel_futures=True)
    findings = dict[str, list[Finding]]({id: [] for id in rules})
    for (id, _, _), some in zip(wanted, found, strict=True):
        findings[id] += some
    people = read_recorded_people(aggregate, {each.user_id for some in found for each in some})
    groups = read_groups(aggregate, people.values())
    return {
        id: Held(users.get(id, 0), tuple(findings[id]), people, groups.get(id, {}), name)
        for id, (name, _) in rules.items()
    }


def find_accounts(aggregate: Aggregate, now: datetime) -> set[str]:
    """Return the accounts in which a COMPLIANT result can hold something to look at."""
    lately = (now - LATELY).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    found = set[str]()
    for condition in (f"tags.tag LIKE '{TAGS}%'", f"configuration.createDate > '{lately}'"):
        asked = f"SELECT accountId WHERE resourceType = '{RESOURCE_TYPE}' AND {condition}"
        found |= {each["accountId"] for each in aggregate.select(asked)}
    return found


def read_recorded_people(aggregate: Aggregate, ids: Iterable[str]) -> dict[str, Person]:
    """Return these users by id, as they were recorded; who was not is missing."""
    return {
        item["resourceId"]: Person(item["resourceName"], read_rights(item, "userPolicyList"))
        for item in select_in(aggregate, RESOURCE_TYPE, "resourceId", ids)
    }


def read_groups(aggregate: Aggregate, people: Iterable[Person]) -> dict[str, dict[str, Rights]]:
    """Return the rights of these users' groups, by account and name."""
    names = {name for person in people for name in person.rights.groups}
    found = dict[str, dict[str, Rights]]()
    for item in select_in(aggregate, GROUP_TYPE, "resourceName", names):
        of = found.setdefault(item["accountId"], {})
        of[item["resourceName"]] = read_rights(item, "groupPolicyList")
    return found


def select_in(
    aggregate: Aggregate, kind: str, column: str, values: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """Yield the items of a type whose column has one of these values."""
    # Neither an id nor a name of IAM's pattern holds a quote.
    wanted = sorted(value for value in values if "'" not in value)
    size = IDS if column == "resourceId" else 25
    for at in range(0, len(wanted), size):
        some = ", ".join(f"'{value}'" for value in wanted[at : at + size])
        yield from aggregate.select(
            f"SELECT {COLUMNS} WHERE resourceType = '{kind}' AND {column} IN ({some})"
        )


def read_rights(item: Mapping[str, Any], inline: str) -> Rights:
    """Return the rights in a configuration item of a user or a group."""
    configuration = item.get("configuration") or {}
    policies = configuration.get(inline) or ()
    return Rights(
        read_policy_names(configuration.get("attachedManagedPolicies"), "policyName"),
        tuple(each["policyDocument"] for each in policies if "policyDocument" in each),
        tuple(configuration.get("groupList") or ()),
    )
