"""Remediations that failed, and those that AWS Config has given up, read in one account.

After as many failed attempts as the rule allows Config makes a remediation exception and never
starts that user's remediation again until somebody clears it (FACTS 5).
"""

from dataclasses import dataclass

from rollout.aws.session import Session, turn_pages
from rule.live import RESOURCE_TYPE


@dataclass(frozen=True)
class BadRemediation:
    """One user's remediation that did not come to an end: who, why, whether Config gave it up."""

    user: str
    """The user's id, AIDA...; the name where Config knows it."""
    resource: str
    why: str
    given_up: bool


def read_bad_remediations(session: Session, rule: str) -> tuple[BadRemediation, ...]:
    """Return the remediations of a rule that failed or were given up; a page a hundred each."""
    config = session.config
    if not config.describe_remediation_configurations(ConfigRuleNames=[rule])[
        "RemediationConfigurations"
    ]:
        return ()
    exceptions = {
        each["ResourceId"]: each.get("Message", "")
        for page in turn_pages(config.describe_remediation_exceptions, ConfigRuleName=rule)
        for each in page["RemediationExceptions"]
    }
    failures = {}
    for page in config.get_paginator("describe_remediation_execution_status").paginate(
        ConfigRuleName=rule
    ):
        for each in page["RemediationExecutionStatuses"]:
            if each.get("State") == "FAILED":
                said = [step.get("ErrorMessage", "") for step in each.get("StepDetails", [])]
                key = each.get("ResourceKey", {}).get("resourceId", "")
                failures[key] = "; ".join(filter(None, said)) or "no reason given"
    found = sorted(failures.keys() | exceptions.keys())
    names = read_user_names(session, found)
    return tuple(
        BadRemediation(
            names.get(each, each),
            each,
            failures.get(each) or exceptions.get(each) or "no reason given",
            each in exceptions,
        )
        for each in found
    )


def read_user_names(session: Session, ids: list[str]) -> dict[str, str]:
    """Return the users' names by id, as far as Config knows them; at most twenty ids a call."""
    names: dict[str, str] = {}
    for start in range(0, len(ids), 20):
        found = session.config.list_discovered_resources(
            resourceType=RESOURCE_TYPE, resourceIds=ids[start : start + 20]
        )["resourceIdentifiers"]
        names |= {each.get("resourceId", ""): each.get("resourceName", "") for each in found}
    return {key: f"{name} ({key})" for key, name in names.items() if name}
