"""What is counted against AWS Config's quotas, and what has our function's name already."""

from rollout.aws.session import Session
from rollout.names import FUNCTION


def read_counts(session: Session, in_organization: bool) -> tuple[int, int, int]:
    """Return how many organization packs, packs and rules there are; 25 rules a call."""
    config = session.config
    organization_packs = 0
    if in_organization:
        pages = config.get_paginator("describe_organization_conformance_packs").paginate(
            PaginationConfig={"PageSize": 100}
        )
        organization_packs = sum(len(page["OrganizationConformancePacks"]) for page in pages)
    packs = sum(
        len(page["ConformancePackDetails"])
        for page in config.get_paginator("describe_conformance_packs").paginate(
            PaginationConfig={"PageSize": 20}
        )
    )
    rules = sum(
        len(page["ConfigRules"])
        for page in config.get_paginator("describe_config_rules").paginate()
    )
    return organization_packs, packs, rules


def has_function(session: Session) -> bool:
    """Is there a function of our name in this account?"""
    client = session.awslambda
    try:
        client.get_function_configuration(FunctionName=FUNCTION)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True
