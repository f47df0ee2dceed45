"""What the rule holds of the users in one account, as findings, each with the name of now."""

from rollout.aws.session import Session
from rollout.errors import Refused
from rollout.findings.finding import Finding, find
from rollout.organization.accounts import Account
from rollout.remediation.rule_in_force import RuleInForce, read_rule_in_force
from rollout.remediation.tagged_users import read_tagged_users
from rule.decision import NON_COMPLIANT

PAGE = 100


def read_rule(session: Session) -> RuleInForce:
    """Return the account's rule. Raises Refused where there is none."""
    rule = read_rule_in_force(session)
    if rule is None:
        raise Refused(f"{session.label}: the rule does not stand there; deploy it first.")
    return rule


def read_held(
    session: Session, rule: RuleInForce, account: Account, unit: str = ""
) -> list[Finding]:
    """Return the findings that AWS Config holds for the rule, each with the user's name of now."""
    names = {user.who.id: name for name, user in read_tagged_users(session).items()}
    found = list[Finding]()
    for user_id, annotation in read_non_compliant(session, rule).items():
        found += find(
            NON_COMPLIANT,
            annotation,
            account=account.id,
            account_name=account.name,
            unit=unit,
            user=names.get(user_id, ""),
            user_id=user_id,
        )
    return found


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
