"""The StackSet that brings template.yaml to the members: read, created, deleted.

AWS's two words for an instance come down to one here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rollout.aws.session import Session
from rollout.names import STACK_SET
from rollout.organization.accounts import Organization
from rollout.stacks.parameters import list_parameters
from rollout.stacks.stack import StackIs

if TYPE_CHECKING:
    from types_boto3_cloudformation.literals import CallAsType
    from types_boto3_cloudformation.type_defs import (
        PaginatorConfigTypeDef,
        StackInstanceSummaryTypeDef,
    )

RUNNING = ("RUNNING", "QUEUED", "STOPPING")
INSTANCES_PAGE: "PaginatorConfigTypeDef" = {"PageSize": 100}


@dataclass(frozen=True)
class StackInstance:
    """The stack of one account."""

    account: str
    state: StackIs
    reason: str = ""


@dataclass(frozen=True)
class StackSet:
    """The StackSet as it stands; `exists` is false where there is none."""

    exists: bool
    ours: bool = True
    template: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    auto_deployment: bool = False
    units: tuple[str, ...] = ()
    instances: Mapping[str, StackInstance] = field(default_factory=dict)
    running: str = ""
    """The id of the operation that runs, or ""."""

    def differs(self, template: str, parameters: Mapping[str, str]) -> bool:
        """Does it have another template or other parameters?"""
        changed = {**self.parameters, **parameters} != self.parameters
        return changed or self.template.strip() != template.strip() or not self.auto_deployment


def call_as(session: Session, organization: Organization) -> "CallAsType":
    """Return CallAs, which every StackSet call of a delegated administrator has to say."""
    return "SELF" if session.account == organization.management else "DELEGATED_ADMIN"


def read_stack_set(session: Session, organization: Organization) -> StackSet:
    """Return the StackSet with its instances in this Region: two calls and one a hundred."""
    client, who = session.cloudformation, call_as(session, organization)
    try:
        described = client.describe_stack_set(StackSetName=STACK_SET, CallAs=who)["StackSet"]
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
        units=tuple(described.get("OrganizationalUnitIds", [])),
        auto_deployment=bool((described.get("AutoDeployment") or {}).get("Enabled")),
        instances=read_instances(session, organization),
        running=find_running(session, organization),
    )


def read_instances(session: Session, organization: Organization) -> dict[str, StackInstance]:
    """Return the instances in this Region by account."""
    pages = session.cloudformation.get_paginator("list_stack_instances").paginate(
        StackSetName=STACK_SET,
        PaginationConfig=INSTANCES_PAGE,
        CallAs=call_as(session, organization),
    )
    return {
        each["Account"]: parse_instance(each)
        for page in pages
        for each in page["Summaries"]
        if each["Region"] == session.region
    }


def parse_instance(summary: "StackInstanceSummaryTypeDef") -> StackInstance:
    """Return an instance from its summary."""
    detailed = (summary.get("StackInstanceStatus") or {}).get("DetailedStatus", "")
    state = StackIs(str(summary.get("Status", "OUTDATED")).lower())
    if detailed == "SKIPPED_SUSPENDED_ACCOUNT":
        state = StackIs.SUSPENDED
    elif state is StackIs.OUTDATED and detailed in ("FAILED", "FAILED_IMPORT"):
        state = StackIs.FAILED
    elif state is StackIs.OUTDATED and detailed == "CANCELLED":
        state = StackIs.CANCELLED
    return StackInstance(summary["Account"], state, summary.get("StatusReason") or "")


def find_running(session: Session, organization: Organization) -> str:
    """Return the id of the operation that runs, or "". The newest come first, so one page."""
    operations = session.cloudformation.list_stack_set_operations(
        StackSetName=STACK_SET, MaxResults=20, CallAs=call_as(session, organization)
    )
    return next(
        (each["OperationId"] for each in operations["Summaries"] if each["Status"] in RUNNING), ""
    )


def create_stack_set(
    session: Session, organization: Organization, template: str, parameters: Mapping[str, str]
) -> None:
    """Create the StackSet, still without instances."""
    session.cloudformation.create_stack_set(
        StackSetName=STACK_SET,
        Description="What the AWS Config rule iam-user-no-setup-access-key needs in each account",
        TemplateBody=template,
        Parameters=list_parameters(template, {}, parameters),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": False},
        CallAs=call_as(session, organization),
    )


def delete_stack_set(session: Session, organization: Organization) -> None:
    """Delete the StackSet, which has no instances any more."""
    session.cloudformation.delete_stack_set(
        StackSetName=STACK_SET, CallAs=call_as(session, organization)
    )
