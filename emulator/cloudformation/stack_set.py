"""A stack set with service-managed permissions: its instances and its operations."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class StackFailed(Exception):
    """A stack could not be created, updated or deleted; the text is AWS's reason."""


@dataclass
class StackInstance:
    """The stack of one account and Region."""

    account: str
    region: str
    unit: str
    status: str = "OUTDATED"
    detailed: str = "PENDING"
    reason: str = ""
    operation: str = ""


@dataclass
class Operation:
    """One operation and its results by account."""

    id: str
    action: str
    targets: dict[str, Any]
    created: datetime
    tolerated: int
    status: str = "RUNNING"
    ended: datetime | None = None
    results: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many accounts failed."""
        return sum(result["Status"] == "FAILED" for result in self.results.values())


@dataclass
class StackSet:
    """A stack set of the organization."""

    id: str
    name: str
    template: str
    parameters: dict[str, str]
    auto_deployment: dict[str, Any]
    tags: list[dict[str, str]]
    capabilities: list[str]
    description: str = ""
    permission_model: str = "SERVICE_MANAGED"
    units: list[str] = field(default_factory=list)
    only: frozenset[str] | None = None
    """The accounts that instances were made for last, where they were named one by one: automatic
    deployment then keeps to them as well (L)."""
    regions: list[str] = field(default_factory=list)
    instances: dict[str, StackInstance] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
