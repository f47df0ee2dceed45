"""Looking into accounts for longer than a role's credentials last."""

import pytest

from emulator.gateway.calls import Call
from rollout.aws.session import Session, open_session
from rollout.errors import SignedOut
from rollout.organization.accounts import Account
from rollout.organization.members import Members, name_session
from tests.support.organizations import MANAGEMENT, SHOP, Estate, run


def test_a_role_is_assumed_again_before_its_credentials_end(estate: Estate) -> None:
    members = Members(open_session(None, "us-east-1"), "OrganizationAccountAccessRole")
    shop = Account(SHOP, "shop")
    first = members.open(shop)
    estate.sleep(45 * 60)
    assert members.open(shop) is first
    estate.sleep(10 * 60)
    assert members.open(shop) is not first


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        ("arn:aws:sts::999900000000:assumed-role/Operator/ann@example.com", "ann@example.com"),
        ("arn:aws:iam::999900000000:user/team/ann", "ann"),
        ("arn:aws:iam::999900000000:root", "root"),
        (f"arn:aws:iam::999900000000:user/{'a' * 64}", "a" * 56),
        ("arn:aws:iam::999900000000:user/ann ü", "ann--"),
    ],
)
def test_sessions_in_members_carry_the_operator_s_name(caller: str, name: str) -> None:
    assert name_session(caller) == f"rollout-{name}"


def test_a_member_s_cloudtrail_shows_who_it_was_and_a_repr_shows_no_credentials(
    estate: Estate,
) -> None:
    session = open_session(None, "us-east-1")
    members = Members(session, "OrganizationAccountAccessRole")
    shop = members.open(Account(SHOP, "shop"))
    (call,) = (each for each in estate.cloud.calls.made() if each.operation == "AssumeRole")
    assert call.parameters["RoleSessionName"] == name_session(session.caller)
    assert isinstance(shop, Session)
    assert shop.keys["aws_secret_access_key"]
    for secret in shop.keys.values():
        assert secret not in f"{members!r} {shop!r} {session!r}"


@pytest.mark.parametrize("region", ["eu-south-2", "il-central-1"])
def test_a_region_that_cannot_record_users_is_refused_with_the_reason(
    estate: Estate, region: str
) -> None:
    estate.members.add_recorder(MANAGEMENT, region)
    outcome = run(f"check --region {region}")
    assert outcome.code == 2
    assert f"AWS Config cannot record AWS::IAM::User in {region} at all" in outcome.err


def test_an_operators_token_that_ends_in_the_smoke_tests_ends_the_run_in_one_sentence(
    estate: Estate,
) -> None:
    role = "--member-role OrganizationAccountAccessRole"
    fault = estate.cloud.faults.fail("", "", "ExpiredToken", times=None)
    begun = list[Call]()

    def is_late(call: Call) -> bool:
        if call.operation == "Invoke":
            begun.append(call)
        return bool(begun)

    fault.matches = is_late  # type: ignore[method-assign]
    outcome = run(f"deploy --exclude {MANAGEMENT} {role}")
    assert outcome.code == 2
    assert "the function fails" not in outcome.out
    changed, said = outcome.err.splitlines()
    assert changed == (
        "Changed: the bucket; the code; the StackSet; stacks of 4 accounts; the conformance pack"
        " (4 accounts)."
    )
    assert said == (
        "python -m rollout: Your credentials have expired (ExpiredToken). Sign in again (aws sso"
        " login) and run the same command again; it goes on."
    )


def test_clients_of_a_member_are_let_go_after_the_look_and_its_credentials_kept(
    estate: Estate,
) -> None:
    session = open_session(None, "us-east-1")
    members = Members(session, "OrganizationAccountAccessRole")
    both = [Account(MANAGEMENT, "management"), Account(SHOP, "shop")]
    for _ in range(2):
        members.look(both, lambda each: (each.ssm, each.config.describe_config_rules()))
    shop = members.open(both[1])
    assert {"ssm", "config"} & vars(shop).keys() == set()
    assert {"ssm", "config"} <= vars(session).keys()
    assert estate.cloud.calls.count("sts:AssumeRole") == 1


def test_a_members_credentials_that_ended_early_are_renewed_once(estate: Estate) -> None:
    members = Members(open_session(None, "us-east-1"), "OrganizationAccountAccessRole")
    fault = estate.cloud.faults.fail("sts", "GetCallerIdentity", "ExpiredToken")
    shop = Account(SHOP, "shop")
    seen = members.look([shop], lambda session: session.sts.get_caller_identity()["Account"])
    assert (seen, fault.met) == ({SHOP: SHOP}, 1)


def test_the_operators_own_credentials_that_ended_are_no_account_that_is_not_seen(
    estate: Estate,
) -> None:
    members = Members(open_session(None, "us-east-1"), "")
    estate.cloud.faults.fail("iam", "ListAccountAliases", "ExpiredToken", times=None)
    here = Account(MANAGEMENT, "management")
    with pytest.raises(SignedOut, match="have expired"):
        members.look([here], lambda session: session.iam.list_account_aliases())
