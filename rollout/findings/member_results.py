"""Reads what AWS Config holds in one account, from inside: five calls where nothing stands."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from rollout.aws.failures import tell_error
from rollout.aws.session import Session
from rollout.errors import Refused
from rollout.findings.finding import Finding, find
from rollout.findings.rights import Rights, read_policy_names
from rollout.findings.rule_in_force import read_rule_in_force
from rollout.findings.survey import Held, Person
from rule.live import RESOURCE_TYPE

NO_RULE = "it has no rule of ours: deploy has not reached it, or somebody removed it"


def read_held(session: Session, *, results_alone: bool = False) -> Held:
    """Return what AWS Config holds here. Raises Refused where there is no rule of ours.

    `results_alone` saves two calls: how many users there are, and when the rule last ran.
    """
    rule = read_rule_in_force(session)
    if rule is None:
        raise Refused(NO_RULE)
    findings, names = list[Finding](), dict[str, Person]()
    for result in read_results(session, rule.name):
        findings += find(
            result["ComplianceType"],
            result.get("Annotation", ""),
            account=session.account,
            user_id=result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"],
        )
    groups, note = dict[str, Rights](), ""
    if findings:
        try:
            names, groups = read_member_people(session, {each.user_id for each in findings})
        except (Refused, ClientError) as error:
            # The findings stand all the same; what is not known of their users is said.
            note = f"names and rights of its users: {tell_error(error)}"
    return Held(
        0 if results_alone else count_recorded(session),
        tuple(findings),
        names,
        groups,
        rule.name,
        None if results_alone else read_last_run(session, rule.name),
        rule.parameters,
        note,
    )


def count_recorded(session: Session) -> int:
    """Return how many users AWS Config has recorded here."""
    counts = session.config.get_discovered_resource_counts(resourceTypes=[RESOURCE_TYPE])
    return int(counts["totalDiscoveredResources"])


def read_results(session: Session, rule: str) -> Iterable[Mapping[str, Any]]:
    """Yield the stored results of users that are judged."""
    pages = session.config.get_paginator("get_compliance_details_by_config_rule").paginate(
        ConfigRuleName=rule,
        ComplianceTypes=["NON_COMPLIANT", "COMPLIANT"],
        PaginationConfig={"PageSize": 100},
    )
    for page in pages:
        yield from page["EvaluationResults"]


def read_last_run(session: Session, rule: str) -> datetime | None:
    """Return when the rule last ran to its end; None where AWS does not say, as it may not."""
    answer = session.config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])
    times = [
        each["LastSuccessfulEvaluationTime"]
        for each in answer["ConfigRulesEvaluationStatus"]
        if "LastSuccessfulEvaluationTime" in each
    ]
    return max(times).astimezone(UTC).replace(microsecond=0) if times else None


def read_member_people(
    session: Session, ids: set[str]
) -> tuple[dict[str, Person], dict[str, Rights]]:
    """Return these users, whether each has MFA, and the rights of the account's groups."""
    people, groups = dict[str, Person](), dict[str, Rights]()
    pages = session.iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User", "Group"], PaginationConfig={"PageSize": 1000}
    )
    for page in pages:
        for user in page["UserDetailList"]:
            if user["UserId"] in ids:
                people[user["UserId"]] = Person(
                    user["UserName"],
                    Rights(
                        read_policy_names(user.get("AttachedManagedPolicies"), "PolicyName"),
                        read_policy_documents(user.get("UserPolicyList")),
                        tuple(user.get("GroupList", ())),
                    ),
                    has_mfa(session, user["UserName"]),
                )
        for group in page["GroupDetailList"]:
            groups[group["GroupName"]] = Rights(
                read_policy_names(group.get("AttachedManagedPolicies"), "PolicyName"),
                read_policy_documents(group.get("GroupPolicyList")),
            )
    return people, groups


def read_policy_documents(policies: Iterable[Mapping[str, Any]] | None) -> tuple[Any, ...]:
    """Return the documents of inline policies."""
    return tuple(each["PolicyDocument"] for each in policies or () if "PolicyDocument" in each)


def has_mfa(session: Session, name: str) -> bool | None:
    """Has the user an MFA device? None for one that has just gone."""
    try:
        return bool(session.iam.list_mfa_devices(UserName=name)["MFADevices"])
    except session.iam.exceptions.NoSuchEntityException:
        return None


def read_beside(
    session: Session, rule: str, names: Mapping[str, str]
) -> tuple[datetime | None, dict[str, bool | None]]:
    """Return what an aggregator does not hold: the last run, and whether users have MFA, by id."""
    return read_last_run(session, rule), {id: has_mfa(session, name) for id, name in names.items()}
