"""The results that AWS Config holds for the rule, and which of the new ones are worth putting.

AWS Config charges by the result put, and keeps a result until another one for the user replaces it.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rdklib import Evaluation

from rule.decision import NON_COMPLIANT, NOT_APPLICABLE, Verdict
from rule.live import RESOURCE_TYPE
from rule.parameters import Policy

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient


@dataclass(frozen=True)
class Stored:
    """The result that AWS Config holds for one user."""

    compliance: str
    annotation: str
    recorded: datetime


NO_RESULT = Stored(NOT_APPLICABLE, "", datetime.min.replace(tzinfo=UTC))
GONE = "The user is gone."


def evaluation(compliance: str, user_id: str, annotation: str) -> Evaluation:
    """Return the result for one user in rdklib's form."""
    return Evaluation(compliance, user_id, RESOURCE_TYPE, annotation)


def read_stored(config: "ConfigServiceClient", rule_name: str) -> dict[str, Stored]:
    """Return the results that AWS Config holds for the rule, by user id."""
    stored = dict[str, Stored]()
    for page in config.get_paginator("get_compliance_details_by_config_rule").paginate(
        ConfigRuleName=rule_name, PaginationConfig={"PageSize": 100}
    ):
        for result in page["EvaluationResults"]:
            qualifier = result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]
            stored[qualifier["ResourceId"]] = Stored(
                result["ComplianceType"],
                result.get("Annotation", ""),
                # Without its time a result counts as the youngest: then the user is read live.
                result.get("ResultRecordedTime", datetime.max.replace(tzinfo=UTC)),
            )
    return stored


def choose_evaluations(
    verdicts: Mapping[str, Verdict],
    existing: Set[str],
    stored: Mapping[str, Stored],
    policy: Policy,
    fresh: Set[str] = frozenset(),
) -> list[Evaluation]:
    """Return what has to be put; everything is by user id, `fresh` is put even where unchanged.

    A finding is always put, so that a failed remediation is tried again. A stored user who is not
    among the existing or has no password is cleared by NOT_APPLICABLE; one who vanished during the
    run exists, but has no verdict, and is left out.
    """
    chosen = list[Evaluation]()
    for user_id, verdict in verdicts.items():
        old = stored.get(user_id, NO_RESULT)
        if verdict.compliance == NOT_APPLICABLE:
            wanted = old.compliance != NOT_APPLICABLE
        else:
            wanted = (
                policy.report_unchanged
                or verdict.compliance == NON_COMPLIANT
                or user_id in fresh
                or (verdict.compliance, verdict.annotation) != (old.compliance, old.annotation)
            )
        if wanted:
            chosen.append(evaluation(verdict.compliance, user_id, verdict.annotation))
    for user_id in sorted(stored.keys() - existing):
        if stored[user_id].compliance != NOT_APPLICABLE:
            chosen.append(evaluation(NOT_APPLICABLE, user_id, GONE))
    return chosen
