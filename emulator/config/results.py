"""What AWS Config stores of a rule's evaluations, and what PutEvaluations refuses to store.

Two things are not documented. NOT_APPLICABLE is listed, as AWS names it among the values of
EvaluationResult (M), and an older OrderingTimestamp replaces a newer one like any other (L).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

COMPLIANCE_TYPES = ("COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE")
"""What a rule may put. INSUFFICIENT_DATA is in the model's enum and refused (API reference)."""


@dataclass(frozen=True)
class EvaluationResult:
    """One stored evaluation."""

    resource_type: str
    resource_id: str
    compliance: str
    annotation: str | None
    ordered: datetime
    recorded: datetime
    invoked: datetime

    def answer(self, rule_name: str) -> dict[str, Any]:
        """Return the result as GetComplianceDetailsByConfigRule sends it."""
        detail: dict[str, Any] = {
            "EvaluationResultIdentifier": {
                "EvaluationResultQualifier": {
                    "ConfigRuleName": rule_name,
                    "ResourceType": self.resource_type,
                    "ResourceId": self.resource_id,
                    "EvaluationMode": "DETECTIVE",
                },
                "OrderingTimestamp": self.ordered.timestamp(),
            },
            "ComplianceType": self.compliance,
            "ResultRecordedTime": self.recorded.timestamp(),
            "ConfigRuleInvokedTime": self.invoked.timestamp(),
        }
        if self.annotation is not None:
            detail["Annotation"] = self.annotation
        return detail


@dataclass
class Results:
    """The stored evaluations of one rule, by resource."""

    _by_resource: dict[tuple[str, str], EvaluationResult] = field(default_factory=dict)

    def put(self, evaluation: dict[str, Any], invoked: datetime) -> None:
        """Store one evaluation of PutEvaluations, already checked."""
        resource = (evaluation["ComplianceResourceType"], evaluation["ComplianceResourceId"])
        ordered = datetime.fromtimestamp(evaluation["OrderingTimestamp"], UTC)
        self._by_resource[resource] = EvaluationResult(
            *resource,
            evaluation["ComplianceType"],
            evaluation.get("Annotation"),
            ordered,
            datetime.now(UTC),
            invoked,
        )

    def stored(self, compliance_types: Iterable[str] = ()) -> list[EvaluationResult]:
        """Return the results, or those of `compliance_types`, in the order they were first put."""
        wanted = set(compliance_types) or set(COMPLIANCE_TYPES)
        return [result for result in self._by_resource.values() if result.compliance in wanted]

    def clear(self) -> None:
        """Forget every result, as DeleteEvaluationResults does."""
        self._by_resource.clear()


def find_refused(evaluations: Iterable[dict[str, Any]]) -> str | None:
    """Return AWS's complaint about a result that its model allows and no rule may put, or None."""
    for evaluation in evaluations:
        if evaluation["ComplianceType"] not in COMPLIANCE_TYPES:
            return f"{evaluation['ComplianceType']} is no result that may be put."
    return None
