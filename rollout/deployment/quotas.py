"""What is counted against AWS Config's quotas, and what has our function's name already."""

from dataclasses import dataclass

from rollout.aws.session import Session
from rollout.names import FUNCTION


@dataclass(frozen=True)
class Counts:
    """How many there are: organization packs, and packs and rules of this account."""

    organization_packs: int
    packs: int
    rules: int
    names: tuple[str, ...] = ()
    """Of the rules."""
    pack_names: tuple[str, ...] = ()


def read_counts(session: Session, in_organization: bool) -> Counts:
    """Return how many organization packs, packs and rules there are; 25 rules a call."""
    config = session.config
    organization_packs = 0
    if in_organization:
        found = config.get_paginator("describe_organization_conformance_packs").paginate(
            PaginationConfig={"PageSize": 100}
        )
        organization_packs = sum(len(page["OrganizationConformancePacks"]) for page in found)
    packs = tuple(
        each["ConformancePackName"]
        for page in config.get_paginator("describe_conformance_packs").paginate(
            PaginationConfig={"PageSize": 20}
        )
        for each in page["ConformancePackDetails"]
    )
    rules = tuple(
        each.get("ConfigRuleName", "")
        for page in config.get_paginator("describe_config_rules").paginate()
        for each in page["ConfigRules"]
    )
    return Counts(organization_packs, len(packs), len(rules), rules, packs)


def has_function(session: Session) -> bool:
    """Is there a function of our name in this account?"""
    client = session.awslambda
    try:
        client.get_function_configuration(FunctionName=FUNCTION)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True
