"""What AWS Config stores of a rule's evaluations, and what PutEvaluations refuses to store.

Two things are not documented, and each is one
attribute of `Results`: whether NOT_APPLICABLE is listed, and what an older OrderingTimestamp does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

COMPLIANCE_TYPES = ("COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE")
"""What a rule may put. INSUFFICIENT_DATA is in the model's enum and refused (API reference)."""


@dataclass(frozen=True)
class Result:
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

    keeps_not_applicable: bool = True
    """List NOT_APPLICABLE results. AWS names it among the values of EvaluationResult, so it is
    taken to be kept (M); False removes the resource instead, as the console shows it."""
    refuses_older: bool = False
    """Ignore an evaluation that is ordered before the stored one. Not documented (L)."""
    _by_resource: dict[tuple[str, str], Result] = field(default_factory=dict)

    def put(self, evaluation: dict[str, Any], invoked: datetime) -> None:
        """Store one evaluation of PutEvaluations, already checked."""
        resource = (evaluation["ComplianceResourceType"], evaluation["ComplianceResourceId"])
        ordered = datetime.fromtimestamp(evaluation["OrderingTimestamp"], UTC)
        present = self._by_resource.get(resource)
        if self.refuses_older and present is not None and present.ordered > ordered:
            return
        compliance = evaluation["ComplianceType"]
        if compliance == "NOT_APPLICABLE" and not self.keeps_not_applicable:
            self._by_resource.pop(resource, None)
            return
        self._by_resource[resource] = Result(
            *resource,
            compliance,
            evaluation.get("Annotation"),
            ordered,
            datetime.now(UTC),
            invoked,
        )

    def stored(self, compliance_types: Iterable[str] = ()) -> list[Result]:
        """Return the results, or those of `compliance_types`, in the order they were first put."""
        wanted = set(compliance_types) or set(COMPLIANCE_TYPES)
        return [result for result in self._by_resource.values() if result.compliance in wanted]

    def clear(self) -> None:
        """Forget every result, as DeleteEvaluationResults does."""
        self._by_resource.clear()


def find_fault(evaluations: Iterable[dict[str, Any]]) -> str | None:
    """Return AWS's complaint about a result that its model allows and no rule may put, or None."""
    for evaluation in evaluations:
        if evaluation["ComplianceType"] not in COMPLIANCE_TYPES:
            return f"{evaluation['ComplianceType']} is no result that may be put."
    return None
