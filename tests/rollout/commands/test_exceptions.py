import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from rollout.remediation.exceptions import compare_exceptions
from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    NOW,
    OLD,
    REGION,
    SANDBOX,
    SHOP,
    World,
    run,
)

ROLE = "--member-role OrganizationAccountAccessRole"
TAG = "no-setup-access-key:exception-"
GOOD = {"owner": "team-payments", "expires": "2026-10-31", "reason": "partner delays"}


def tags(**parts: str) -> dict[str, str]:
    return {TAG + part: value for part, value in parts.items()}


@pytest.fixture
def people(estate: World) -> World:
    """Users with exceptions of every kind in two accounts."""
    shop, bank = (estate.members.config(each, REGION).iam for each in (SHOP, BANK))
    shop.add_user("ben.idle", tags=tags(**GOOD))
    shop.add_user("eve.lapsed", tags=tags(**GOOD | {"expires": "2026-08-31"}))
    shop.add_user("ida.typo", tags=tags(**GOOD | {"expires": "31.10.2026"}))
    shop.add_user("jo.plain", tags={"team": "shop"})
    bank.add_user("kim.soon", tags=tags(**GOOD | {"expires": "2026-09-10"}))
    bank.add_user("lea.both", tags=tags(owner="x", expires="2026-08-01"))
    return estate


def test_the_list_has_the_expired_ones_first_then_what_is_wrong(people: World) -> None:
    outcome = run(f"exceptions list {ROLE}")
    assert outcome.code == 1
    table = outcome.out[outcome.out.index("EXPIRES") :].splitlines()[1:]
    assert [line.split()[0:6] for line in table if SHOP in line or BANK in line] == [
        ["2026-08-31", "-1", SHOP, "shop", "eve.lapsed", "team-payments"],
        ["2026-08-01", "-31", BANK, "bank", "lea.both", "x"],
        ["31.10.2026", "-", SHOP, "shop", "ida.typo", "team-payments"],
        ["2026-09-10", "9", BANK, "bank", "kim.soon", "team-payments"],
        ["2026-10-31", "60", SHOP, "shop", "ben.idle", "team-payments"],
    ]
    assert outcome.result("exceptions in 5 of 5 accounts") == "2 valid, 1 expired, 2 invalid"
    assert (
        f"{SHOP} shop: eve.lapsed: The exception ended on 2026-08-31. Its owner: team-payments."
        in outcome.out
    )
    assert f"{BANK} bank: lea.both: Invalid exception: reason is missing." in outcome.out


def test_expiring_leaves_out_what_has_time(people: World) -> None:
    document = json.loads(run(f"exceptions list --expiring 14d --format json {ROLE}").out)
    assert [each["user"] for each in document["exceptions"]] == [
        "eve.lapsed",
        "lea.both",
        "ida.typo",
        "kim.soon",
    ]
    assert document["exceptions"][3] == {
        "account": BANK,
        "account_name": "bank",
        "user": "kim.soon",
        "owner": "team-payments",
        "expires": "2026-09-10",
        "days_left": 9,
        "reason": "partner delays",
        "state": "valid",
        "fault": "",
    }


def test_an_account_that_is_not_read_is_named_and_never_fine(estate: World) -> None:
    outcome = run("exceptions list")
    assert outcome.code == 3
    assert json.loads(run("exceptions list --format json").out)["not_read"][0] == {
        "account": "222200000000",
        "why": "no --member-role was given",
    }


def test_one_account_alone_needs_no_organization(estate: World) -> None:
    iam = estate.members.config(MANAGEMENT, REGION).iam
    iam.add_user("ben.idle", tags=tags(**GOOD))
    estate.cloud.calls.clear()
    outcome = run("exceptions list --account-only")
    assert (outcome.code, outcome.result("exceptions in 1 of 1 account")) == (0, "1 valid")
    assert not any(each.startswith("organizations:") for each in estate.cloud.calls.actions())


def test_an_exception_is_added_renewed_and_removed(estate: World) -> None:
    user = estate.members.config(SHOP, REGION).iam.add_user("ben.idle", tags={"team": "shop"})
    add = f"exceptions add {SHOP}/ben.idle --owner team-payments --reason delay {ROLE}"
    assert run(f"{add} --expires 2026-10-31 --dry-run").code == 0
    assert user.tag_values == {"team": "shop"}
    assert run(f"{add} --expires 2026-10-31").code == 0
    wanted = tags(owner="team-payments", expires="2026-10-31", reason="delay")
    assert user.tag_values == {"team": "shop"} | wanted
    again = run(f"{add} --expires 2026-10-31")
    assert again.result(f"{SHOP} shop: ben.idle") == "as it stands"
    assert run(f"{add} --expires 2026-11-01").code == 0
    assert user.tag_values[TAG + "expires"] == "2026-11-01"
    assert run(f"exceptions remove {SHOP}/ben.idle {ROLE}").code == 0
    assert user.tag_values == {"team": "shop"}
    gone = run(f"exceptions remove {SHOP}/ben.idle {ROLE}")
    assert gone.result(f"{SHOP} shop: ben.idle") == "has no exception"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param(
            "--expires 2026-08-31 --reason x",
            "The exception ended on 2026-08-31.",
            id="a day that is over",
        ),
        pytest.param(
            "--expires 2027-01-01 --reason x",
            "Invalid exception: it ends on 2027-01-01, more than 30 days ahead.",
            id="more days ahead than the deployed rule takes",
        ),
        pytest.param(
            "--expires tomorrow --reason x",
            'Invalid exception: expires "tomorrow" is no date (YYYY-MM-DD).',
            id="no date",
        ),
        pytest.param(
            "--expires 2026-09-20 --reason a,b",
            'reason has ","; a tag takes letters, digits, blanks and _.:/=+-@.',
            id="a character that no tag takes",
        ),
        pytest.param(
            f"--expires 2026-09-20 --reason {'x' * 257}",
            "reason has 257 characters, a tag takes 256.",
            id="more characters than a tag takes",
        ),
    ],
)
def test_what_would_not_be_good_is_refused_in_the_rule_s_words(
    estate: World, options: str, why: str
) -> None:
    run(f"deploy --exclude {MANAGEMENT} --max-exception-days 30", documented=False)
    user = estate.members.config(SHOP, REGION).iam.add_user("ben.idle")
    outcome = run(f"exceptions add {SHOP}/ben.idle --owner team {options} {ROLE}")
    assert outcome.code == 2
    assert f"{SHOP}/ben.idle: {why}" in outcome.err
    assert user.tag_values == {}


def test_a_user_who_is_not_there_or_whose_name_differs_in_case_is_refused(estate: World) -> None:
    add = f"--owner team --expires 2026-09-20 --reason x {ROLE}"
    assert "No IAM user has the name nobody." in run(f"exceptions add {SHOP}/nobody {add}").err
    outcome = run(f"exceptions add {OLD}/ben.idle {add}")
    assert (outcome.code, f"{OLD}: no such active account" in outcome.err) == (2, True)
    assert "write ACCOUNT/USER" in run(f"exceptions add ben.idle {add}").err


def write(folder: Path, *entries: str) -> str:
    file = folder / "exceptions.toml"
    file.write_text("".join(f"[[exception]]\n{each}\n" for each in entries))
    return str(file)


def entry(user: str, *, account: str = SHOP, expires: str = "2026-10-31") -> str:
    return (
        f'account = "{account}"\nuser = "{user}"\nowner = "team-payments"\n'
        f'expires = {expires}\nreason = "partner delays"\n'
    )


def test_a_file_is_applied_and_what_stands_in_no_file_is_named(
    people: World, tmp_path: Path
) -> None:
    file = write(tmp_path, entry("ben.idle"), entry("jo.plain"), entry("eve.lapsed"))
    jo = people.members.config(SHOP, REGION).iam.get_user("jo.plain")
    dry = run(f"exceptions apply {file} --dry-run {ROLE}")
    assert (dry.code, jo.tags) == (1, [{"Key": "team", "Value": "shop"}])
    assert dry.result(f"exceptions in {file}") == "1 as they stand, 2 to write, 3 in no file"
    assert dry.result(f"{SHOP} shop: jo.plain") == "would be written"
    outcome = run(f"exceptions apply {file} {ROLE} --format json")
    document = json.loads(outcome.out)
    assert [each["user"] for each in document["writes"]] == ["jo.plain", "eve.lapsed"]
    assert [each["user"] for each in document["in_no_file"]] == ["ida.typo", "kim.soon", "lea.both"]
    assert {each["Key"]: each["Value"] for each in jo.tags or []} == {"team": "shop"} | tags(**GOOD)
    again = run(f"exceptions apply {file} --account {SHOP} {ROLE}")
    assert again.result(f"exceptions in {file}") == "3 as they stand, 1 in no file"


def test_a_file_of_an_account_that_left_the_organization_changes_nothing(
    people: World, tmp_path: Path
) -> None:
    file = write(tmp_path, entry("jo.plain"), entry("x", account=OLD), entry("x", account="9" * 12))
    outcome = run(f"exceptions apply {file} {ROLE}")
    assert outcome.code == 2
    assert f"{file}:8: {OLD} is no active account of o-exampleorg." in outcome.err
    assert f"{file}:15: {'9' * 12} is no active account" in outcome.err
    assert people.members.config(SHOP, REGION).iam.get_user("jo.plain").tag_values == {
        "team": "shop"
    }


def test_an_account_that_cannot_be_read_does_not_keep_the_others(
    people: World, tmp_path: Path
) -> None:
    people.cloud.faults.fail("iam", "GetAccountAuthorizationDetails", "AccessDenied", times=1)
    file = write(tmp_path, entry("jo.plain"), entry("kim.soon", account=BANK))
    outcome = run(f"exceptions apply {file} {ROLE}")
    assert "1 not seen" in outcome.out or "4 ok, 1 not seen" in outcome.out


def test_two_operators_do_not_overwrite_each_other(
    people: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = people.members.config(SHOP, REGION).iam
    file = write(tmp_path, entry("jo.plain"), entry("eve.lapsed"))

    def change_meanwhile(*given: Any) -> object:
        found = compare_exceptions(*given)
        iam.get_user("jo.plain").tag_values |= tags(**GOOD | {"owner": "somebody"})
        iam.delete_user("eve.lapsed")
        return found

    monkeypatch.setattr("rollout.commands.exceptions.compare_exceptions", change_meanwhile)
    outcome = run(f"exceptions apply {file} {ROLE}")
    assert outcome.code == 1
    assert f"{SHOP}/jo.plain: somebody changed its exception meanwhile" in outcome.out
    assert f"{SHOP}/eve.lapsed: No IAM user has the name eve.lapsed." in outcome.out
    assert iam.get_user("jo.plain").tag_values[TAG + "owner"] == "somebody"


def test_a_refusal_of_one_write_does_not_keep_the_others(people: World, tmp_path: Path) -> None:
    people.cloud.faults.fail("iam", "TagUser", "AccessDenied", times=1)
    file = write(tmp_path, entry("jo.plain"), entry("eve.lapsed"))
    outcome = run(f"exceptions apply {file} {ROLE}")
    assert (outcome.code, outcome.out.count("iam:TagUser is not allowed")) == (1, 1)
    results = [outcome.result(f"{SHOP} shop: {name}") for name in ("jo.plain", "eve.lapsed")]
    assert sorted(results) == ["not written", "written"]


def test_pages_are_turned(estate: World) -> None:
    iam = estate.members.config(SANDBOX, REGION).iam
    iam.page_limit = 2
    for number in range(7):
        iam.add_user(f"user-{number}", tags=tags(**GOOD))
    assert run(f"exceptions list {ROLE}").result("exceptions in 5 of 5 accounts") == "7 valid"


def test_today_is_the_last_day_and_yesterday_is_over(estate: World) -> None:
    iam = estate.members.config(SHOP, REGION).iam
    for name, day in (("today", NOW.date()), ("yesterday", NOW.date() - timedelta(days=1))):
        iam.add_user(name, tags=tags(**GOOD | {"expires": date.isoformat(day)}))
    document = json.loads(run(f"exceptions list --format json {ROLE}").out)
    assert {each["user"]: each["state"] for each in document["exceptions"]} == {
        "today": "valid",
        "yesterday": "expired",
    }
