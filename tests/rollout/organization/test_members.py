"""Looking into accounts for longer than a role's credentials last."""

import pytest

from rollout.aws.session import open_session
from rollout.organization.accounts import Account
from rollout.organization.members import Members
from tests.support.organizations import MANAGEMENT, SHOP, Estate, run


def test_a_role_is_assumed_again_before_its_credentials_end(estate: Estate) -> None:
    members = Members(open_session(None, "us-east-1"), "OrganizationAccountAccessRole")
    shop = Account(SHOP, "shop")
    first = members.open(shop)
    estate.sleep(45 * 60)
    assert members.open(shop) is first
    estate.sleep(10 * 60)
    assert members.open(shop) is not first


@pytest.mark.parametrize("region", ["eu-south-2", "il-central-1"])
def test_a_region_that_cannot_record_users_is_refused_with_the_reason(
    estate: Estate, region: str
) -> None:
    estate.members.add_recorder(MANAGEMENT, region)
    outcome = run(f"check --region {region}")
    assert outcome.code == 2
    assert f"AWS Config cannot record AWS::IAM::User in {region} at all" in outcome.err
