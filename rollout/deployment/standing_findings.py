"""How many findings stand now, as far as the desk can know cheaply: for who switches deletion on.

An organization's aggregator counts users for each rule, to 25 and "more" (botocore's model,
ComplianceContributorCount). Without one nobody can know without looking into every account.
"""

from rollout.aws.session import NotSeen, Session, try_read, turn_pages
from rollout.deployment.estate import Estate
from rollout.errors import NotThere
from rollout.names import PACK, is_our_rule
from rollout.organization.recorder import find_aggregator
from rollout.packs.readback import read_rule_name
from rule.counted import count


def tell_findings(estate: Estate) -> str:
    """Return "12 findings stand now", with "at least" or "not seen" where that is the case."""
    if not estate.pack.exists:
        return "the rule has judged nobody yet"
    read = read_everywhere if estate.organization else read_here
    found = try_read(lambda: read(estate.session))
    if isinstance(found, NotSeen):
        return f"how many findings stand now was not seen ({found.why})"
    number, more = found
    least = "at least " if more else ""
    return f"{least}{count(number, 'finding')} {'stands' if number == 1 else 'stand'} now"


def read_everywhere(session: Session) -> tuple[int, bool] | NotSeen:
    """Return how many users an aggregator holds NON_COMPLIANT, and whether there are more."""
    aggregator = find_aggregator(session)
    if isinstance(aggregator, NotSeen):
        return aggregator
    pages = turn_pages(
        session.config.describe_aggregate_compliance_by_config_rules,
        ConfigurationAggregatorName=aggregator,
        Filters={"AwsRegion": session.region, "ComplianceType": "NON_COMPLIANT"},
        Limit=1000,
    )
    number, more = 0, False
    for page in pages:
        for each in page["AggregateComplianceByConfigRules"]:
            if is_our_rule(each["ConfigRuleName"]):
                held = each["Compliance"].get("ComplianceContributorCount", {})
                number += held.get("CappedCount", 0)
                more = more or bool(held.get("CapExceeded"))
    return number, more


def read_here(session: Session) -> tuple[int, bool] | NotSeen:
    """Return how many users the rule of this account alone holds NON_COMPLIANT."""
    try:
        rule = read_rule_name(session, PACK)
    except NotThere as missing:
        return NotSeen(str(missing))
    pages = session.config.get_paginator("get_compliance_details_by_config_rule").paginate(
        ConfigRuleName=rule, ComplianceTypes=["NON_COMPLIANT"]
    )
    return sum(len(page["EvaluationResults"]) for page in pages), False
