"""Whom the rule in one account holds NON_COMPLIANT by now."""

from rollout.aws.session import Session
from rollout.findings.rule_in_force import RuleInForce

PAGE = 100


def read_non_compliant(session: Session, rule: RuleInForce) -> dict[str, str]:
    """Return the sentences on the users whom the rule holds NON_COMPLIANT, by user id."""
    pages = session.config.get_paginator("get_compliance_details_by_config_rule").paginate(
        ConfigRuleName=rule.name,
        ComplianceTypes=["NON_COMPLIANT"],
        PaginationConfig={"PageSize": PAGE},
    )
    return {
        each["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"]: each.get(
            "Annotation", ""
        )
        for page in pages
        for each in page["EvaluationResults"]
    }
