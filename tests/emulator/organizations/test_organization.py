from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator.cloud import use_account
from tests.support.organizations import (
    BANK,
    LATE,
    MANAGEMENT,
    OLD,
    REGION,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    run,
)
from tests.support.paths import ROOT

NAME = "iam-user-no-setup-access-key"
PACK = (ROOT / "conformance-pack.yaml").read_text()
ROLE = "--member-role OrganizationAccountAccessRole"


@pytest.fixture
def stack_set(estate: World) -> Any:
    """CloudFormation, with the rule deployed to every member."""
    run(f"deploy --exclude {MANAGEMENT}")
    estate.sleep(60)  # the pack as a whole ends later than its last account
    return boto3.client("cloudformation")


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_every_list_comes_in_pages(estate: World) -> None:
    organizations = boto3.client("organizations")
    first = organizations.list_accounts()
    assert (len(first["Accounts"]), "NextToken" in first) == (2, True)
    found = organizations.get_paginator("list_accounts").paginate().build_full_result()
    assert [each["Id"] for each in found["Accounts"]] == [
        MANAGEMENT,
        SECURITY,
        SHOP,
        BANK,
        OLD,
        SANDBOX,
    ]


def test_a_member_may_describe_the_organization_and_list_nothing(estate: World) -> None:
    with use_account(estate.cloud.open_account(SHOP)):
        organizations = boto3.client("organizations")
        assert organizations.describe_organization()["Organization"]["Id"] == "o-exampleorg"
        with pytest.raises(ClientError) as error:
            organizations.list_accounts()
    assert code(error) == "AccessDeniedException"


def test_one_operation_at_a_time_and_each_account_in_its_turn(
    estate: World, stack_set: Any
) -> None:
    targets = {"OrganizationalUnitIds": [estate.organization.root.id]}
    operation = stack_set.update_stack_instances(
        StackSetName=NAME, DeploymentTargets=targets, Regions=[REGION]
    )["OperationId"]
    with pytest.raises(ClientError) as error:
        stack_set.update_stack_instances(
            StackSetName=NAME, DeploymentTargets=targets, Regions=[REGION]
        )
    results = stack_set.list_stack_set_operation_results(StackSetName=NAME, OperationId=operation)
    estate.sleep(60)
    ended = stack_set.describe_stack_set_operation(StackSetName=NAME, OperationId=operation)
    assert code(error) == "OperationInProgressException"
    assert {each["Status"] for each in results["Summaries"]} == {"RUNNING"}
    assert ended["StackSetOperation"]["Status"] == "SUCCEEDED"


def test_beyond_the_failure_tolerance_the_rest_is_cancelled(estate: World, stack_set: Any) -> None:
    estate.sets.failing[SECURITY] = "It fails."
    estate.sets.at_once = 1
    operation = stack_set.update_stack_instances(
        StackSetName=NAME,
        DeploymentTargets={"OrganizationalUnitIds": [estate.organization.root.id]},
        Regions=[REGION],
    )["OperationId"]
    estate.sleep(60)
    found = (
        stack_set.get_paginator("list_stack_set_operation_results")
        .paginate(StackSetName=NAME, OperationId=operation)
        .build_full_result()
    )
    assert {each["Account"]: each["Status"] for each in found["Summaries"]} == {
        SECURITY: "FAILED",
        SHOP: "CANCELLED",
        BANK: "CANCELLED",
        SANDBOX: "CANCELLED",
    }


def test_a_pack_without_the_function_fails_with_awss_reason(estate: World) -> None:
    estate.packs.be_prompt()
    config = boto3.client("config")
    config.put_organization_conformance_pack(
        OrganizationConformancePackName="early", TemplateBody=PACK
    )
    with pytest.raises(ClientError) as error:
        config.put_organization_conformance_pack(
            OrganizationConformancePackName="early", TemplateBody=PACK
        )
    estate.sleep(60)
    status = config.get_organization_conformance_pack_detailed_status(
        OrganizationConformancePackName="early", Filters={"AccountId": SHOP}
    )["OrganizationConformancePackDetailedStatuses"][0]
    assert code(error) == "ResourceInUseException"
    assert (status["Status"], status["ErrorCode"]) == (
        "CREATE_FAILED",
        "InsufficientPermissionsException",
    )


def test_who_joins_gets_the_pack_first_and_the_stack_a_minute_later(
    estate: World, stack_set: Any
) -> None:
    estate.join(LATE, "late")
    estate.sleep(30)
    estate.organization.agenda.settle()
    (pack,) = estate.packs.packs.values()
    assert (pack.accounts[LATE].status, LATE in estate.members.stacks) == ("CREATE_FAILED", False)
    for _ in range(2):  # the operation begins, then ends
        estate.sleep(60)
        estate.organization.agenda.settle()
    assert (pack.accounts[LATE].status, LATE in estate.members.stacks) == ("CREATE_FAILED", True)


def put(config: Any, *excluded: str) -> None:
    """Put the pack of the tests in all accounts but the management account, which has no stack."""
    config.put_organization_conformance_pack(
        OrganizationConformancePackName=NAME,
        TemplateBody=PACK,
        ExcludedAccounts=[MANAGEMENT, *excluded],
    )


def look(config: Any, what: str) -> Any:
    """Look once at the pack: the word of its error, its aggregate status, or its rows' words."""
    names = {"OrganizationConformancePackNames": [NAME]}
    try:
        if what == "aggregate":
            answer = config.describe_organization_conformance_pack_statuses(**names)
            return [e["Status"] for e in answer["OrganizationConformancePackStatuses"]]
        answer = config.get_organization_conformance_pack_detailed_status(
            OrganizationConformancePackName=NAME
        )
    except ClientError as error:
        return error.response["Error"]["Code"]
    return {e["Status"] for e in answer["OrganizationConformancePackDetailedStatuses"]}


def test_right_after_a_put_a_slow_aws_knows_no_pack_then_nothing_then_an_old_state(
    estate: World, stack_set: Any
) -> None:
    config = boto3.client("config")
    config.delete_organization_conformance_pack(OrganizationConformancePackName=NAME)
    estate.sleep(600)
    put(config)
    assert look(config, "aggregate") == "NoSuchOrganizationConformancePackException"
    assert [look(config, "aggregate") for _ in range(2)] == [[], ["CREATE_IN_PROGRESS"]]
    assert look(config, "rows") == "NoSuchOrganizationConformancePackException"
    assert [look(config, "rows") for _ in range(2)] == [set(), set()]
    estate.sleep(119)
    assert look(config, "rows") == set()
    estate.sleep(600)
    assert look(config, "aggregate") == ["CREATE_SUCCESSFUL"]
    put(config)
    looks = [look(config, "aggregate") for _ in range(2)]
    estate.sleep(61)
    assert [*looks, look(config, "aggregate")] == [
        [],
        ["CREATE_SUCCESSFUL"],  # it is about the put before
        ["UPDATE_IN_PROGRESS"],
    ]


def test_one_lot_of_accounts_ends_long_before_the_next_begins(
    estate: World, stack_set: Any
) -> None:
    config = boto3.client("config")
    estate.organization.page_limit = 100
    estate.packs.be_prompt()
    estate.packs.at_once, estate.packs.gap_seconds = 2, 40.0
    put(config)
    words = []
    for _ in range(3):
        estate.sleep(20)
        words.append(look(config, "rows"))
    assert words == [{"UPDATE_SUCCESSFUL", "CREATE_SUCCESSFUL"}] * 2 + [{"UPDATE_SUCCESSFUL"}], (
        words
    )


def test_an_account_that_a_pack_left_may_keep_its_row(estate: World, stack_set: Any) -> None:
    config = boto3.client("config")
    estate.packs.be_prompt()
    estate.packs.keeps_rows = True
    for words in ("DELETE_SUCCESSFUL", "DELETE_SUCCESSFUL", "CREATE_SUCCESSFUL"):
        put(config, *([SHOP] if "DELETE" in words else []))
        estate.sleep(60)
        (row,) = config.get_organization_conformance_pack_detailed_status(
            OrganizationConformancePackName=NAME, Filters={"AccountId": SHOP}
        )["OrganizationConformancePackDetailedStatuses"]
        assert row["Status"] == words


def test_a_new_delegation_is_refused_at_first(estate: World) -> None:
    with use_account(estate.cloud.open_account(SECURITY)):
        config = boto3.client("config")
        with pytest.raises(ClientError) as error:
            config.describe_organization_conformance_packs()
        assert code(error) == "OrganizationAccessDeniedException"
        assert config.describe_organization_conformance_packs()["ResponseMetadata"]


def test_one_administrator_does_not_see_the_packs_of_another(estate: World, stack_set: Any) -> None:
    estate.packs.denied_looks = 0
    with use_account(estate.cloud.open_account(SECURITY)), pytest.raises(ClientError) as error:
        boto3.client("config").describe_organization_conformance_packs(
            OrganizationConformancePackNames=[NAME]
        )
    assert code(error) == "NoSuchOrganizationConformancePackException"


def test_full_members_have_real_stacks_and_functions_that_run(estate: World) -> None:
    estate.members.full = True
    deployed = run(f"deploy --exclude {MANAGEMENT} {ROLE}")
    assert [row[2:] for row in deployed.rows()] == [["current", "ok", "ok"]] * 4
    with use_account(estate.cloud.open_account(SHOP)):
        outputs = boto3.client("cloudformation").describe_stacks()["Stacks"][0]["Outputs"]
    assert [each["OutputKey"] for each in outputs] == ["FunctionArn"]
    assert run(f"remove --yes {ROLE}").code == 0


def test_the_policies_of_a_target_are_those_attached_to_itself(estate: World) -> None:
    organization = estate.organization
    policy = organization.add_policy("guard", "{}", organization.root.id, SHOP)
    organizations = boto3.client("organizations")
    found = {
        target: [
            each["Name"]
            for each in organizations.list_policies_for_target(
                TargetId=target, Filter="SERVICE_CONTROL_POLICY"
            )["Policies"]
        ]
        for target in (organization.root.id, SHOP, BANK)
    }
    assert found == {
        organization.root.id: ["FullAWSAccess", "guard"],
        SHOP: ["FullAWSAccess", "guard"],
        BANK: ["FullAWSAccess"],
    }
    assert organizations.describe_policy(PolicyId=policy.id)["Policy"]["Content"] == "{}"
    with pytest.raises(ClientError) as error:
        organizations.list_policies_for_target(
            TargetId="123456789012", Filter="SERVICE_CONTROL_POLICY"
        )
    assert code(error) == "TargetNotFoundException"
    with pytest.raises(ClientError) as error:
        organizations.describe_policy(PolicyId="p-12345678")
    assert code(error) == "PolicyNotFoundException"
