"""Looking into accounts for longer than a role's credentials last."""

import importlib
import os
import pkgutil
import sys
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

import rollout
from emulator.gateway.calls import Call
from rollout.aws.session import Session, open_session
from rollout.errors import SignedOut
from rollout.organization.accounts import Account
from rollout.organization.member_actions import write_session_policy
from rollout.organization.members import Members, name_session
from tests.support.organizations import MANAGEMENT, SHOP, World, run


def test_a_role_is_assumed_again_before_its_credentials_end(estate: World) -> None:
    members = Members(open_session(None, "us-east-1"), "OrganizationAccountAccessRole", "status")
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
    estate: World,
) -> None:
    session = open_session(None, "us-east-1")
    members = Members(session, "OrganizationAccountAccessRole", "status")
    shop = members.open(Account(SHOP, "shop"))
    (call,) = (each for each in estate.cloud.calls.made() if each.operation == "AssumeRole")
    assert call.parameters["RoleSessionName"] == name_session(session.caller)
    assert call.parameters["Policy"] == write_session_policy("status", "aws", SHOP)
    assert isinstance(shop, Session)
    assert shop.keys["aws_secret_access_key"]
    for secret in shop.keys.values():
        assert secret not in f"{members!r} {shop!r} {session!r}"


@pytest.mark.parametrize("region", ["eu-south-2", "il-central-1"])
def test_a_region_that_cannot_record_users_is_refused_with_the_reason(
    estate: World, region: str
) -> None:
    estate.members.add_recorder(MANAGEMENT, region)
    outcome = run(f"check --region {region}")
    assert outcome.code == 2
    assert f"AWS Config cannot record AWS::IAM::User in {region} at all" in outcome.err


def test_an_operators_token_that_ends_in_the_smoke_tests_ends_the_run_in_one_sentence(
    estate: World,
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
    estate: World,
) -> None:
    session = open_session(None, "us-east-1")
    members = Members(session, "OrganizationAccountAccessRole", "status")
    both = [Account(MANAGEMENT, "management"), Account(SHOP, "shop")]
    for _ in range(2):
        members.look(both, lambda each: (each.ssm, each.config.describe_config_rules()))
    shop = members.open(both[1])
    assert {"ssm", "config"} & vars(shop).keys() == set()
    assert {"ssm", "config"} <= vars(session).keys()
    assert estate.cloud.calls.count("sts:AssumeRole") == 1


def test_a_members_credentials_that_ended_early_are_renewed_once(estate: World) -> None:
    members = Members(open_session(None, "us-east-1"), "OrganizationAccountAccessRole", "status")
    fault = estate.cloud.faults.fail("sts", "GetCallerIdentity", "ExpiredToken")
    shop = Account(SHOP, "shop")
    seen = members.look([shop], lambda session: session.sts.get_caller_identity()["Account"])
    assert (seen, fault.met) == ({SHOP: SHOP}, 1)


def test_the_operators_own_credentials_that_ended_are_no_account_that_is_not_seen(
    estate: World,
) -> None:
    members = Members(open_session(None, "us-east-1"), "")
    estate.cloud.faults.fail("iam", "ListAccountAliases", "ExpiredToken", times=None)
    here = Account(MANAGEMENT, "management")
    with pytest.raises(SignedOut, match="have expired"):
        members.look([here], lambda session: session.iam.list_account_aliases())


def test_no_repr_of_what_holds_credentials_shows_them(
    estate: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever holds a session is shown whole: in a traceback, a log or a debugger."""
    made: list[object] = []
    for holder in find_holders():

        def note(self: object, *given: Any, init: Any = holder.__init__, **named: Any) -> None:
            init(self, *given, **named)
            made.append(self)

        monkeypatch.setattr(holder, "__init__", note)
    for command in ("deploy --yes", "check", "status", "exceptions list", "report", "remove --yes"):
        run(f"{command} --member-role OrganizationAccountAccessRole")
    sessions = [each for each in made if isinstance(each, Session)]
    secrets = {secret for each in sessions for secret in each.keys.values()}
    secrets.add(os.environ["AWS_SECRET_ACCESS_KEY"])
    assert {type(each).__name__ for each in made} >= {"Session", "Members", "Estate", "Place"}
    shown = "".join(map(repr, made))
    assert [each for each in secrets if each in shown] == []


def find_holders() -> list[Any]:
    """Return the classes of the desk that are a session, or have something that has one."""
    for module in pkgutil.walk_packages(rollout.__path__, "rollout."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    classes = {
        each
        for name, module in sys.modules.items()
        if name.startswith("rollout.")
        for each in vars(module).values()
        if isinstance(each, type) and is_dataclass(each) and each.__module__.startswith("rollout.")
    }
    found, more = set[Any](), {Session}
    while more:
        found |= more
        names = {each.__name__ for each in found}
        more = {
            each
            for each in classes - found
            if any(name in str(part.type) for part in fields(each) for name in names)
        }
    return list(found)
