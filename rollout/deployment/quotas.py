"""What is counted against AWS Config's quotas, and what has our function's name already."""

from rollout.aws.session import Desk
from rollout.names import FUNCTION


def read_counts(desk: Desk, in_organization: bool) -> tuple[int, int, int]:
    """Return how many organization packs, packs and rules there are; 25 rules a call."""
    organization_packs = 0
    if in_organization:
        found = desk.pages(
            "config",
            "describe_organization_conformance_packs",
            "OrganizationConformancePacks",
            PaginationConfig={"PageSize": 100},
        )
        organization_packs = len(found)
    packs = desk.pages(
        "config",
        "describe_conformance_packs",
        "ConformancePackDetails",
        PaginationConfig={"PageSize": 20},
    )
    rules = desk.pages("config", "describe_config_rules", "ConfigRules")
    return organization_packs, len(packs), len(rules)


def has_function(desk: Desk) -> bool:
    """Is there a function of our name in this account?"""
    client = desk.client("lambda")
    try:
        client.get_function_configuration(FunctionName=FUNCTION)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True
