"""Operations of the StackSet: started when none is in the way, followed account by account.

A StackSet has one operation at a time, and auto-deployment starts its own whenever an account
joins: so every change waits for what runs and tries again when another one came first. A failed
account does not stop the others; what came of each is read afterwards.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rollout.aws.session import Session
from rollout.aws.waiting import wait
from rollout.names import STACK_SET
from rollout.organization.accounts import Organization
from rollout.output.teller import Teller
from rollout.stacks.parameters import list_parameters
from rollout.stacks.stack_set import INSTANCES_PAGE, RUNNING, StackSet, call_as, find_running

EVERYWHERE: dict[str, Any] = {
    "RegionConcurrencyType": "PARALLEL",
    "FailureTolerancePercentage": 100,
    "MaxConcurrentPercentage": 100,
}
"""How stacks are made and deleted: a failed account does not stop the others."""
TOLERATED = 5
"""Percent of the accounts that may fail a release before the rest is left as it is."""
MAX_UNITS = 50
"""Of one call's DeploymentTargets (FACTS 13)."""


@dataclass
class Operations:
    """Starts operations of the StackSet and follows them to their end."""

    session: Session
    organization: Organization
    teller: Teller
    minutes: float
    percent: int = 10
    """Of the accounts, that get a release at a time."""

    def update(
        self,
        present: StackSet,
        template: str,
        parameters: Mapping[str, str],
        accounts: Iterable[str] = (),
    ) -> None:
        """Bring template and parameters to every instance; parameters not given stay.

        With accounts, to the instances of these alone: the others become outdated.
        """
        chosen = list(accounts)
        where: dict[str, Any] = {}
        if chosen:
            where["DeploymentTargets"] = narrow([self.organization.root], chosen)
            where["Regions"] = [self.session.region]
        self.run(
            "update_stack_set",
            OperationPreferences=self.make_waves(),
            **where,
            TemplateBody=template,
            Parameters=list_parameters(template, present.parameters, parameters),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            PermissionModel="SERVICE_MANAGED",
            AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        )

    def create_instances(self, units: Iterable[str], exclude: Iterable[str]) -> None:
        """Create the stack wherever it is missing in these units; the units stay targets."""
        left_out = sorted(exclude)
        for part in batched(units):
            targets: dict[str, Any] = {"OrganizationalUnitIds": part}
            if left_out:
                targets |= {"AccountFilterType": "DIFFERENCE", "Accounts": left_out}
            self.run("create_stack_instances", targets)

    def update_instances(
        self, units: Iterable[str], accounts: Iterable[str], *, in_waves: bool
    ) -> None:
        """Bring the StackSet once more to these accounts."""
        preferences = self.make_waves() if in_waves else EVERYWHERE
        chosen = list(accounts)
        for part in batched(units):
            # A part without an account that is meant would be refused: no instance is there.
            inside = self.organization.under(tuple(part))
            everywhere = self.organization.root in part
            here = [e for e in chosen if everywhere or self.organization.find(e).unit in inside]
            if here:
                targets = narrow(part, here)
                self.run("update_stack_instances", targets, OperationPreferences=preferences)

    def make_waves(self) -> dict[str, Any]:
        """Return how a release goes out: in waves, so that a bad one stops early."""
        return {
            **EVERYWHERE,
            "FailureTolerancePercentage": TOLERATED,
            "MaxConcurrentPercentage": self.percent,
        }

    def delete_instances(self) -> None:
        """Delete every stack of the StackSet, wherever in the organization it is."""
        everywhere = {"OrganizationalUnitIds": [self.organization.root]}
        self.run("delete_stack_instances", everywhere, RetainStacks=False)

    def forget_instances(self, accounts: Iterable[str]) -> None:
        """Take accounts off the StackSet without touching what is in them."""
        targets = narrow([self.organization.root], accounts)
        self.run("delete_stack_instances", targets, RetainStacks=True)

    def run(self, operation: str, targets: dict[str, Any] | None = None, **parameters: Any) -> None:
        """Start an operation as soon as none is in the way, and follow it."""
        if targets is not None:
            parameters |= {"DeploymentTargets": targets, "Regions": [self.session.region]}
        client = self.session.cloudformation
        start: Callable[..., Any] = getattr(client, operation)
        for _ in wait(f"The operation in the way of {operation}", self.minutes):
            if running := find_running(self.session, self.organization):
                self.follow(running)
            try:
                started = start(
                    StackSetName=STACK_SET,
                    **{"OperationPreferences": EVERYWHERE, **parameters},
                    CallAs=call_as(self.session, self.organization),
                )
            except client.exceptions.OperationInProgressException:
                continue
            self.follow(started["OperationId"])
            return

    def follow(self, operation_id: str) -> None:
        """Tell what an operation does, account by account, until it has ended."""
        client, who = self.session.cloudformation, call_as(self.session, self.organization)
        with self.teller.follow("stack") as follow:
            for _ in wait(f"The StackSet operation {operation_id}", self.minutes):
                status = client.describe_stack_set_operation(
                    StackSetName=STACK_SET, OperationId=operation_id, CallAs=who
                )["StackSetOperation"]["Status"]
                pages = client.get_paginator("list_stack_set_operation_results").paginate(
                    StackSetName=STACK_SET,
                    OperationId=operation_id,
                    PaginationConfig=INSTANCES_PAGE,
                    CallAs=who,
                )
                results = [each for page in pages for each in page["Summaries"]]
                failed = {
                    str(self.organization.find(each["Account"])): _tell(each)
                    for each in results
                    if each["Status"] in ("FAILED", "CANCELLED")
                }
                done = sum(each["Status"] not in ("PENDING", "RUNNING") for each in results)
                follow.show(failed, done, len(results))
                if status not in RUNNING:
                    return


def batched(units: Iterable[str]) -> Iterator[list[str]]:
    """Yield the units in parts that one call takes."""
    chosen = list(units)
    for start in range(0, len(chosen), MAX_UNITS):
        yield chosen[start : start + MAX_UNITS]


def narrow(units: list[str], accounts: Iterable[str]) -> dict[str, Any]:
    """Return the targets that are these accounts alone.

    Not for making instances: StackSets would keep the filter for accounts that join later.
    """
    return {
        "OrganizationalUnitIds": units,
        "AccountFilterType": "INTERSECTION",
        "Accounts": sorted(accounts),
    }


def _tell(result: Mapping[str, Any]) -> str:
    reason = result.get("StatusReason")
    return f"stack {result['Status'].lower()}{f': {reason}' if reason else ''}"
