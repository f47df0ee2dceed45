"""The StackSet that brings template.yaml to the members, and its operations.

A StackSet has one operation at a time, and auto-deployment starts its own whenever an account
joins: so every change waits for what runs and tries again when another one came first. A failed
account does not stop the others (failure tolerance 100 %); what came of each is read afterwards.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rollout.console import Story
from rollout.desk import Desk
from rollout.names import STACK_SET
from rollout.organization import Organization
from rollout.patience import wait

PREFERENCES = {
    "RegionConcurrencyType": "PARALLEL",
    "FailureTolerancePercentage": 100,
    "MaxConcurrentPercentage": 100,
}
RUNNING = ("RUNNING", "QUEUED", "STOPPING")
PAGE = {"PageSize": 100}


@dataclass(frozen=True)
class Instance:
    """The stack of one account: `state` is current, outdated, failed, suspended or inoperable."""

    account: str
    state: str
    reason: str = ""


@dataclass(frozen=True)
class StackSet:
    """The StackSet as it stands; `exists` is false where there is none."""

    exists: bool
    ours: bool = True
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    auto_deployment: bool = False
    instances: Mapping[str, Instance] = field(default_factory=dict)
    running: str = ""
    """The id of the operation that runs, or ""."""

    def differs(self, template: str, parameters: Mapping[str, str]) -> bool:
        """Does it have another template or other parameters?"""
        changed = {**self.parameters, **parameters} != self.parameters
        return changed or self.template.strip() != template.strip() or not self.auto_deployment


def call_as(desk: Desk, organization: Organization) -> dict[str, str]:
    """Return the parameter that every StackSet call of a delegated administrator needs."""
    return {} if desk.account == organization.management else {"CallAs": "DELEGATED_ADMIN"}


def read_stack_set(desk: Desk, organization: Organization) -> StackSet:
    """Return the StackSet with its instances in this Region: two calls and one a hundred."""
    client, who = desk.client("cloudformation"), call_as(desk, organization)
    try:
        described = client.describe_stack_set(StackSetName=STACK_SET, **who)["StackSet"]
    except client.exceptions.StackSetNotFoundException:
        return StackSet(exists=False)
    parameters = {
        each["ParameterKey"]: each.get("ParameterValue", "")
        for each in described.get("Parameters", [])
    }
    return StackSet(
        exists=True,
        ours=described.get("PermissionModel") == "SERVICE_MANAGED" and "CodeKey" in parameters,
        template=described.get("TemplateBody", ""),
        parameters=parameters,
        auto_deployment=bool((described.get("AutoDeployment") or {}).get("Enabled")),
        instances=read_instances(desk, organization),
        running=find_running(desk, organization),
    )


def read_instances(desk: Desk, organization: Organization) -> dict[str, Instance]:
    """Return the instances in this Region by account."""
    found = desk.pages(
        "cloudformation",
        "list_stack_instances",
        "Summaries",
        StackSetName=STACK_SET,
        PaginationConfig=PAGE,
        **call_as(desk, organization),
    )
    return {
        each["Account"]: parse_instance(each) for each in found if each["Region"] == desk.region
    }


def parse_instance(summary: Mapping[str, Any]) -> Instance:
    """Return an instance from its summary."""
    detailed = (summary.get("StackInstanceStatus") or {}).get("DetailedStatus", "")
    state = str(summary.get("Status", "")).lower()
    if detailed == "SKIPPED_SUSPENDED_ACCOUNT":
        state = "suspended"
    elif state == "outdated" and detailed in ("FAILED", "CANCELLED", "FAILED_IMPORT"):
        state = detailed.partition("_")[0].lower()
    return Instance(summary["Account"], state, summary.get("StatusReason") or "")


def find_running(desk: Desk, organization: Organization) -> str:
    """Return the id of the operation that runs, or "". The newest come first, so one page."""
    operations = desk.client("cloudformation").list_stack_set_operations(
        StackSetName=STACK_SET, MaxResults=20, **call_as(desk, organization)
    )
    return next(
        (each["OperationId"] for each in operations["Summaries"] if each["Status"] in RUNNING), ""
    )


def create_stack_set(
    desk: Desk, organization: Organization, template: str, parameters: Mapping[str, str]
) -> None:
    """Create the StackSet, still without instances."""
    desk.client("cloudformation").create_stack_set(
        StackSetName=STACK_SET,
        Description="What the AWS Config rule iam-user-no-setup-access-key needs in each account",
        TemplateBody=template,
        Parameters=_list(parameters),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        **call_as(desk, organization),
    )


@dataclass
class Operations:
    """Starts operations of the StackSet and follows them to their end."""

    desk: Desk
    organization: Organization
    story: Story
    minutes: float

    def update(self, present: StackSet, template: str, parameters: Mapping[str, str]) -> None:
        """Bring template and parameters to every instance; parameters not given stay."""
        self.run(
            "update_stack_set",
            TemplateBody=template,
            Parameters=_list({**present.parameters, **parameters}),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            PermissionModel="SERVICE_MANAGED",
            AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        )

    def create_instances(self, units: Iterable[str], exclude: Iterable[str]) -> None:
        """Create the stack wherever it is missing in these units; the units stay targets."""
        left_out = sorted(exclude)
        targets: dict[str, Any] = {"OrganizationalUnitIds": list(units)}
        if left_out:
            targets |= {"AccountFilterType": "DIFFERENCE", "Accounts": left_out}
        self.run("create_stack_instances", DeploymentTargets=targets, Regions=[self.desk.region])

    def update_instances(self, units: Iterable[str], accounts: Iterable[str]) -> None:
        """Try once more in these accounts."""
        targets = {
            "OrganizationalUnitIds": list(units),
            "AccountFilterType": "INTERSECTION",
            "Accounts": sorted(accounts),
        }
        self.run("update_stack_instances", DeploymentTargets=targets, Regions=[self.desk.region])

    def delete_instances(self) -> None:
        """Delete every stack of the StackSet, wherever in the organization it is."""
        self.run(
            "delete_stack_instances",
            DeploymentTargets={"OrganizationalUnitIds": [self.organization.root]},
            Regions=[self.desk.region],
            RetainStacks=False,
        )

    def forget_instances(self, accounts: Iterable[str]) -> None:
        """Take accounts off the StackSet without touching what is in them."""
        targets = {
            "OrganizationalUnitIds": [self.organization.root],
            "AccountFilterType": "INTERSECTION",
            "Accounts": sorted(accounts),
        }
        self.run(
            "delete_stack_instances",
            DeploymentTargets=targets,
            Regions=[self.desk.region],
            RetainStacks=True,
        )

    def run(self, operation: str, **parameters: Any) -> None:
        """Start an operation as soon as none is in the way, and follow it."""
        client = self.desk.client("cloudformation")
        start: Callable[..., Any] = getattr(client, operation)
        for _ in wait(f"The operation in the way of {operation}", self.minutes):
            if running := find_running(self.desk, self.organization):
                self.follow(running)
            try:
                started = start(
                    StackSetName=STACK_SET,
                    OperationPreferences=PREFERENCES,
                    **parameters,
                    **call_as(self.desk, self.organization),
                )
            except client.exceptions.OperationInProgressException:
                continue
            self.follow(started["OperationId"])
            return

    def follow(self, operation_id: str) -> None:
        """Tell what an operation does, account by account, until it has ended."""
        client, who = self.desk.client("cloudformation"), call_as(self.desk, self.organization)
        with self.story.progress("stacks") as follow:
            for _ in wait(f"The StackSet operation {operation_id}", self.minutes):
                status = client.describe_stack_set_operation(
                    StackSetName=STACK_SET, OperationId=operation_id, **who
                )["StackSetOperation"]["Status"]
                results = self.desk.pages(
                    "cloudformation",
                    "list_stack_set_operation_results",
                    "Summaries",
                    StackSetName=STACK_SET,
                    OperationId=operation_id,
                    PaginationConfig=PAGE,
                    **who,
                )
                states = {
                    str(self.organization.find(each["Account"])): _tell(each) for each in results
                }
                done = sum(each["Status"] not in ("PENDING", "RUNNING") for each in results)
                follow.show(states, done, len(results))
                if status not in RUNNING:
                    return


def delete_stack_set(desk: Desk, organization: Organization) -> None:
    """Delete the StackSet, which has no instances any more."""
    desk.client("cloudformation").delete_stack_set(
        StackSetName=STACK_SET, **call_as(desk, organization)
    )


def _tell(result: Mapping[str, Any]) -> str:
    reason = result.get("StatusReason")
    return f"stack {result['Status'].lower()}{f': {reason}' if reason else ''}"


def _list(parameters: Mapping[str, str]) -> list[dict[str, str]]:
    return [
        {"ParameterKey": key, "ParameterValue": value} for key, value in sorted(parameters.items())
    ]
