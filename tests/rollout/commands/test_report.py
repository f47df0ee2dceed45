"""The verb `report` on an emulated organization with planted cases, from both sources."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollout.findings.finding import read_finding
from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    REGION,
    ROLE,
    SANDBOX,
    SECURITY,
    SHOP,
    World,
    open_estate,
    run,
)
from tests.support.planted import add_user, evaluate, find_keys, find_user, plant
from tools.happenings import add_aggregator

FROM_MEMBERS = f"report --source members --member-role {ROLE}"
SUMS = [
    "UNIT        ACCOUNTS  USERS  FINDINGS  WAITING  QUARANTINE  EXCEPTIONS",
    "(root)             2      0         0        0           0           0",
    "production         2      5         2        1           1           1",
    "testing            1      2         1        0           0           0",
    "all                5      7         3        1           1           1",
]


@pytest.fixture(scope="module")
def planted() -> Iterator[World]:
    """An organization in which every state stands somewhere, and an aggregator where the caller is.

    Whoever changes it changes it back; the last test does not.
    """
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        plant(estate)
        add_aggregator(estate)
        yield estate


def who(out: str) -> list[tuple[str, str, str]]:
    """Return user, state and why first of each finding of a report in JSON."""
    return [
        (each["user"], each["state"], ", ".join(each["why_first"]))
        for each in json.loads(out)["findings"]
    ]


EVERYBODY = [
    ("adam.boss", "finding", "production, administrator, no MFA"),
    ("ben.idle", "finding", "production, no MFA"),
    ("zoe.test", "finding", "no MFA"),
    ("finn.new", "waiting", "production, no MFA"),
    ("gil.returns", "quarantine", "production, no MFA"),
    ("dan.waiver", "exception", "production, no MFA"),
]


def test_members_tell_what_their_own_config_holds_worst_first(planted: World) -> None:
    outcome = run(FROM_MEMBERS)
    lines = outcome.out.splitlines()
    assert (outcome.code, outcome.err) == (1, "")
    assert lines[1] == "source: each account's own AWS Config in us-east-1"
    assert lines[4:9] == SUMS
    assert [line.split()[:4] + line.split("  ")[-1:] for line in lines[11:14]] == [
        ["1", SHOP, "shop", "adam.boss", "production, administrator, no MFA"],
        ["2", SHOP, "shop", "ben.idle", "production, no MFA"],
        ["3", SANDBOX, "sandbox", "zoe.test", "no MFA"],
    ]
    assert lines[14:] == [
        "3 findings in 2 of 5 accounts.",
        "Next: python -m rollout remediate --batch 10 --dry-run",
    ]
    assert who(run(f"{FROM_MEMBERS} --format json").out) == EVERYBODY


def test_an_aggregator_and_the_role_tell_the_same(planted: World) -> None:
    told = run(f"report --member-role {ROLE} --format json").out
    assert json.loads(told)["source"] == f"the aggregator all in {MANAGEMENT} management, {REGION}"
    # Who has MFA is asked for findings alone.
    assert who(told) == [
        (user, state, why if state == "finding" else why.removesuffix(", no MFA"))
        for user, state, why in EVERYBODY
    ]
    assert json.loads(told)["not_read"] == []


def test_an_aggregator_alone_names_what_it_cannot_tell(planted: World) -> None:
    outcome = run("report")
    assert outcome.code == 1
    assert outcome.out.splitlines()[4:9] == SUMS
    assert [line[:30] for line in outcome.out.splitlines() if line.startswith("not read")] == [
        f"not read: {SECURITY} security"[:30],
        f"not read: {MANAGEMENT} management"[:30],
    ]
    assert "3 findings in 2 of 5 accounts, 2 accounts not read.\nMFA is not in AWS" in outcome.out


def test_without_aggregator_and_role_it_says_what_to_do(planted: World) -> None:
    with pytest.MonkeyPatch.context() as patches:
        config = planted.members.config(MANAGEMENT, REGION)
        patches.setattr(config, "config_aggregators", {})
        outcome = run("report")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no aggregator of the organization in this account and Region. Make one" in outcome.err


def test_an_account_that_cannot_be_read_is_named_and_hides_no_other(planted: World) -> None:
    planted.cloud.faults.fail("config", "DescribeConfigRules", "AccessDeniedException", times=1)
    told = json.loads(run(f"{FROM_MEMBERS} --format json").out)
    (missing,) = told["not_read"]
    assert "config:DescribeConfigRules is not allowed to" in missing["why"]
    assert len(told["accounts"]) == 4


def test_findings_stand_though_their_users_cannot_be_described(planted: World) -> None:
    planted.cloud.faults.fail("iam", "GetAccountAuthorizationDetails", "AccessDenied", times=None)
    told = json.loads(run(f"{FROM_MEMBERS} --format json").out)
    planted.cloud.faults.clear()
    assert [each["user"] for each in told["findings"]] == [""] * 6
    assert [note.partition(":")[0] for note in told["notes"]] == [
        f"{SHOP} shop",
        f"{BANK} bank",
        f"{SANDBOX} sandbox",
    ]


def test_nothing_found_but_something_not_read_is_exit_3(planted: World) -> None:
    planted.cloud.faults.fail("config", "DescribeConfigRules", "AccessDeniedException", times=1)
    outcome = run(f"{FROM_MEMBERS} --account {SHOP}")
    assert outcome.code == 3
    assert "0 findings in 0 of 1 account, 1 account not read." in outcome.out


def test_an_account_whose_rule_has_not_run_lately_is_named(planted: World) -> None:
    config = planted.members.config(BANK, REGION)
    (runs,) = config.runs.values()
    with pytest.MonkeyPatch.context() as patches:
        last = runs["LastSuccessfulEvaluationTime"] - 3 * 86_400
        patches.setitem(runs, "LastSuccessfulEvaluationTime", last)
        outcome = run(FROM_MEMBERS)
        later = run(f"{FROM_MEMBERS} --stale-hours 100")
    assert f"stale: {BANK} bank: last judged 2026-08-29 12:00 UTC\n" in outcome.out
    assert "3 findings in 2 of 5 accounts, 1 account stale." in outcome.out
    assert "stale" not in later.out


def test_a_finding_in_an_account_that_is_not_read_now_is_not_gone(
    planted: World, tmp_path: Path
) -> None:
    before = tmp_path / "before.json"
    before.write_text(run(f"{FROM_MEMBERS} --format json").out)
    outcome = run(f"{FROM_MEMBERS} --since {before} --account {SANDBOX}")
    assert "0 new, 0 gone. 2 in accounts that were not read now." in outcome.out


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"form": "report"}', '{"form": 1}'])
def test_what_is_no_report_is_refused_before_aws_is_asked(
    planted: World, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with planted.cloud.calls.since_now() as calls:
        outcome = run(f"report --since {path}")
    assert (outcome.code, calls.actions()) == (2, [])
    assert outcome.err == (
        f"python -m rollout: {path} is no report: give what python -m rollout report --format json"
        " has written.\n"
    )


def test_production_is_known_by_tag_unit_or_name(planted: World) -> None:
    def first(pattern: str) -> list[str]:
        told = json.loads(run(f"{FROM_MEMBERS} --format json --production {pattern}").out)
        return [each["user"] for each in told["findings"] if "production" in each["why_first"]]

    assert first("name=SAND*") == ["zoe.test"]
    assert first("unit=testing") == ["zoe.test"]
    assert first("unit=regulated") == ["gil.returns", "dan.waiver"]
    assert first("Environment=prod*") == []
    planted.organization.members[SANDBOX].tags["Environment"] = "Production"
    assert first("Environment=prod*") == ["zoe.test"]
    assert run("report --production prod").code == 2


def test_csv_has_a_line_for_each_finding_and_each_account_not_read(planted: World) -> None:
    rows = list(csv.DictReader(io.StringIO(run("report --format csv").out)))
    assert [(row["account"], row["user"], row["state"]) for row in rows] == [
        (SHOP, "adam.boss", "finding"),
        (SHOP, "ben.idle", "finding"),
        (SANDBOX, "zoe.test", "finding"),
        (SHOP, "finn.new", "waiting"),
        (BANK, "gil.returns", "quarantine"),
        (BANK, "dan.waiver", "exception"),
        (SECURITY, "", "not read"),
        (MANAGEMENT, "", "not read"),
    ]


def test_json_is_read_back_as_the_same_findings(planted: World) -> None:
    told = json.loads(run(f"{FROM_MEMBERS} --format json").out)["findings"]
    assert [read_finding(each).describe() for each in told] == told


def test_one_account_alone(planted: World) -> None:
    outcome = run("report --account-only", documented=False)
    assert outcome.code == 0
    assert "0 findings in 0 of 1 account." in outcome.out


def test_since_an_earlier_report_says_what_is_new_and_gone(planted: World, tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    before.write_text(run(f"{FROM_MEMBERS} --format json").out)
    add_user(planted, BANK, "new.one")
    shop = planted.members.config(SHOP, REGION)
    find_keys(find_user(shop, "ben.idle"))[0].record_use(planted.cloud.clock.now())
    planted.sleep(86_400)
    for account in (BANK, SHOP):
        evaluate(planted.members.config(account, REGION), planted.cloud.clock.now())
    outcome = run(f"{FROM_MEMBERS} --since {before}")
    assert "accounts. Since 2026-09-01: 2 new, 1 gone.\n" in outcome.out
    since = json.loads(run(f"{FROM_MEMBERS} --since {before} --format json").out)["since"]
    assert [each["user"] for each in since["gone"]] == ["ben.idle"]
    assert sorted(each["user"] for each in since["new"]) == ["finn.new", "new.one"]
    assert (since["still"], since["not_known"]) == (2, 0)
