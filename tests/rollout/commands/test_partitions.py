"""An organization of China or GovCloud: checked, deployed, told, worked off and removed there."""

import json
from collections.abc import Iterator

import pytest
from moto.utilities.utils import get_partition

from emulator.config.models import Config
from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    SANDBOX,
    SECURITY,
    SHOP,
    CommandRun,
    World,
    open_estate,
    run,
)
from tests.support.workshop import open_workshop
from tools.happenings import attach_policies

ROLE = "OrganizationAccountAccessRole"
NAME = "iam-user-no-setup-access-key"
EVERYBODY = (SECURITY, SHOP, BANK, SANDBOX, MANAGEMENT)
REGIONS = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


@pytest.fixture(params=["aws-cn", pytest.param("aws-us-gov", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An organization of another partition; who sleeps moves its clock."""
    with open_estate(region=REGIONS[request.param]) as opened:
        monkeypatch.setattr("time.sleep", opened.sleep)
        yield opened


def look(arguments: str, code: int = 0) -> CommandRun:
    """Run a verb that can look into every account; see its exit code, and no other partition."""
    outcome = run(f"{arguments} --member-role {ROLE}")
    assert outcome.code == code, outcome.out + outcome.err
    assert "arn:aws:" not in outcome.out + outcome.err
    return outcome


def read_arns(config: Config) -> tuple[list[str], list[str]]:
    """Return the sources of an account's rules, and the roles of their remediation."""
    sources = [each.source.source_identifier for each in config.config_rules.values()]
    given = [each["Parameters"] for each in config.remediations.configurations.values()]
    return sources, [each for each in json.dumps(given).split('"') if each.startswith("arn:")]


def test_an_organization_is_deployed_and_removed_with_the_arns_of_its_partition(
    place: World,
) -> None:
    partition, region = get_partition(place.region), place.region
    assert look("check").line("No faults") == "No faults. Nothing was changed."
    attach_policies(place)
    look("deploy --automatic-remediation --yes")
    for account in EVERYBODY:
        assert read_arns(place.members.config(account, region)) == (
            [f"arn:{partition}:lambda:{region}:{account}:function:{NAME}"],
            [f"arn:{partition}:iam::{account}:role/{NAME}-remediation"],
        ), account
    assert "deploy would change nothing." in look("plan --automatic-remediation").out
    assert look("status").line("No faults") == "No faults. Nothing was changed."
    assumed = {each.parameters["RoleArn"] for each in place.cloud.calls.made("sts:AssumeRole")}
    others = set(EVERYBODY) - {MANAGEMENT}
    assert assumed >= {f"arn:{partition}:iam::{each}:role/{ROLE}" for each in others}
    look("remove --yes")
    assert (place.sets.sets, place.packs.packs) == ({}, {})
    sent = {each.action for each in place.cloud.calls.made() if "arn:aws:" in repr(each)}
    assert sent == set()


def test_findings_are_worked_off_and_undone_in_every_partition(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    workshop = open_workshop(place, monkeypatch, SHOP)
    key = workshop.add(SHOP, "ben.idle")
    workshop.judge(SHOP)
    look(f"remediate --account {SHOP} --yes")
    assert key.status == "Inactive"
    look(f"restore --account {SHOP} --user ben.idle --yes")
    assert key.status == "Active"
    assert [each.action for each in place.cloud.calls.made() if "arn:aws:" in repr(each)] == []


def test_the_region_that_records_iam_is_found_in_every_partition(
    place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = {"cn-north-1": "cn-northwest-1", "us-gov-west-1": "us-gov-east-1"}[place.region]
    monkeypatch.setenv("AWS_REGION", beside)
    monkeypatch.setenv("AWS_DEFAULT_REGION", beside)
    assert f"account {MANAGEMENT} management, {place.region} ." in look("check").out


def test_in_china_no_command_is_said_to_activate_what_aws_does_not_offer(place: World) -> None:
    place.organization.stacksets_access = "DISABLED"
    below = look("check", 1).below("trusted access for StackSets")
    said = "CloudFormation says DISABLED"
    if get_partition(place.region) == "aws-cn":
        assert below == [
            f"{said}, and its guide says that StackSets cannot have trusted access in China"
        ]
    else:
        assert below == [said, "run: aws cloudformation activate-organizations-access"]
