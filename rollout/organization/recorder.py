"""The configuration recorder: whether it runs and whether it records IAM users.

Where it does not, change events never come and only the schedule works (FACTS 3); where there is
no recorder at all, AWS Config refuses the pack.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rollout.aws.session import NotSeen, Session, turn_pages
from rule.live import RESOURCE_TYPE

NO_USERS = frozenset(
    {
        "ap-south-2",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-7",
        "ca-west-1",
        "eu-central-2",
        "eu-south-2",
        "il-central-1",
        "me-central-1",
        "mx-central-1",
    }
)
"""Regions that cannot record IAM users, whatever the recorder's settings say (FACTS 3, 2026; what
opened later is not listed)."""
MAIN_REGIONS = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}


@dataclass(frozen=True)
class Recorder:
    """The recorder of one account and Region."""

    exists: bool
    running: bool = False
    records_users: bool = False
    daily: bool = False
    region: str = ""

    @property
    def fault(self) -> str:
        """What is wrong with it, or ""."""
        if self.region in NO_USERS:
            return f"AWS Config cannot record {RESOURCE_TYPE} in {self.region} at all"
        if not self.exists:
            return "there is no Config recorder"
        if not self.running:
            return "the Config recorder is stopped"
        if not self.records_users:
            return f"the Config recorder does not record {RESOURCE_TYPE}"
        return ""


def read_recorder(session: Session) -> Recorder:
    """Return the recorder that the customer manages; service-linked ones do not feed rules."""
    config = session.config
    recorders = [
        each
        for each in config.describe_configuration_recorders()["ConfigurationRecorders"]
        if not each.get("servicePrincipal")
    ]
    if not recorders:
        return Recorder(exists=False, region=session.region)
    recorder = recorders[0]
    statuses = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    running = any(
        each.get("recording") for each in statuses if each.get("name") == recorder.get("name")
    )
    return Recorder(
        exists=True,
        running=running,
        records_users=records_users(recorder.get("recordingGroup") or {}),
        daily=is_daily(recorder.get("recordingMode") or {}),
        region=session.region,
    )


def records_users(group: Mapping[str, Any]) -> bool:
    """Does a recording group record IAM users, a global type?

    The rules are those of the API reference, RecordingGroup: a strategy wins over the older
    fields, and everything without a strategy means global types only when it says so.
    """
    strategy = (group.get("recordingStrategy") or {}).get("useOnly")
    if strategy == "EXCLUSION_BY_RESOURCE_TYPES":
        excluded = (group.get("exclusionByResourceTypes") or {}).get("resourceTypes") or []
        return RESOURCE_TYPE not in excluded
    if strategy == "INCLUSION_BY_RESOURCE_TYPES" or not group.get("allSupported"):
        return RESOURCE_TYPE in (group.get("resourceTypes") or [])
    return bool(group.get("includeGlobalResourceTypes"))


def is_daily(mode: Mapping[str, Any]) -> bool:
    """Are IAM users recorded once a day only?"""
    for override in mode.get("recordingModeOverrides") or []:
        if RESOURCE_TYPE in override.get("resourceTypes", []):
            return bool(override["recordingFrequency"] == "DAILY")
    return mode.get("recordingFrequency") == "DAILY"


def find_aggregator(session: Session) -> str | NotSeen:
    """Return the name of an organization aggregator in this account and Region."""
    pages = session.config.get_paginator("describe_configuration_aggregators").paginate()
    for page in pages:
        for each in page["ConfigurationAggregators"]:
            if "OrganizationAggregationSource" in each:
                return each["ConfigurationAggregatorName"]
    return NotSeen("no aggregator of the organization in this account and Region")


def read_users_by_account(session: Session) -> dict[str, int] | NotSeen:
    """Return how many IAM users an organization aggregator here has on record, by account."""
    aggregator = find_aggregator(session)
    return aggregator if isinstance(aggregator, NotSeen) else count_users(session, aggregator)


def count_users(session: Session, aggregator: str) -> dict[str, int]:
    """Return how many IAM users the aggregator has on record, by account.

    One call for a thousand accounts. It says that users were recorded, not that the recorder runs.
    """
    counts = turn_pages(
        session.config.get_aggregate_discovered_resource_counts,
        ConfigurationAggregatorName=aggregator,
        Filters={"ResourceType": RESOURCE_TYPE, "Region": session.region},
        GroupByKey="ACCOUNT_ID",
        Limit=1000,
    )
    return {
        each["GroupName"]: int(each["ResourceCount"])
        for page in counts
        for each in page["GroupedResourceCounts"]
    }
