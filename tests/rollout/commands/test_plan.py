import json

from tests.support.organizations import BANK, LATE, MANAGEMENT, SANDBOX, SECURITY, SHOP, World, run

MEMBERS_ONLY = f"--exclude {MANAGEMENT}"


def accounts(text: str) -> list[tuple[str, ...]]:
    return [tuple(each.values()) for each in json.loads(text)["accounts"]]


def test_before_the_first_deployment_everything_is_created_by_unit(estate: World) -> None:
    outcome = run("plan --format json")
    assert accounts(outcome.out) == [
        (SECURITY, "security", "(root)", "create", "create"),
        (SHOP, "shop", "production", "create", "create"),
        (BANK, "bank", "production/regulated", "create", "create"),
        (SANDBOX, "sandbox", "testing", "create", "create"),
        (MANAGEMENT, "management", "(root)", "create", "create"),
    ]
    assert [
        (each["part"], each["change"], len(each["accounts"]))
        for each in json.loads(outcome.out)["steps"]
    ] == [
        ("bucket", "create", 0),
        ("code", "upload", 0),
        ("stack-set", "create", 0),
        ("stacks", "create", 4),
        ("stack", "create", 1),
        ("pack", "create", 5),
    ]
    assert estate.sets.sets == {}


def test_after_a_deployment_nothing_would_change(estate: World) -> None:
    run(f"deploy {MEMBERS_ONLY}")
    outcome = run(f"plan {MEMBERS_ONLY}")
    assert "deploy would change nothing." in outcome.out
    assert accounts(run(f"plan {MEMBERS_ONLY} --format json").out)[0] == (
        SECURITY,
        "security",
        "(root)",
        "unchanged",
        "unchanged",
    )


def test_what_a_parameter_changes_is_shown_as_now_and_then(estate: World) -> None:
    run(f"deploy {MEMBERS_ONLY}")
    told = json.loads(run(f"plan {MEMBERS_ONLY} --grace-hours 8 --format json").out)
    assert told["parameters"] == [{"name": "GraceHours", "now": "4", "then": "8"}]
    assert {each["pack"] for each in told["accounts"]} == {"update"}
    assert {each["stack"] for each in told["accounts"]} == {"unchanged"}


def test_an_account_that_would_lose_the_rule_stands_out(estate: World) -> None:
    run(f"deploy {MEMBERS_ONLY}")
    told = accounts(run(f"plan {MEMBERS_ONLY} {SANDBOX} --format json").out)
    assert told[-1] == (SANDBOX, "sandbox", "testing", "-", "remove")


def test_an_account_that_joined_since_is_created(estate: World) -> None:
    run(f"deploy {MEMBERS_ONLY}")
    estate.sets.joining_seconds = estate.packs.joining_seconds = 1e6
    estate.join(LATE, "late")
    told = accounts(run(f"plan {MEMBERS_ONLY} --format json").out)
    assert told[-1] == (LATE, "late", "(root)", "create", "create")


def test_the_cost_is_an_estimate_that_says_what_it_assumes(estate: World) -> None:
    outcome = run("plan --frequency One_Hour")
    assert outcome.line("Cost") == (
        "Cost, an estimate: at most $36.00 a month: 5 accounts, 50 users with a password (10"
        " assumed in each of 5 accounts), 720 runs a month, $0.001 an evaluation. Without"
        " --report-unchanged about $0.05 for the first run; after it new and changed results, and"
        " every finding again in every run until it is mended: $72.00 a month for 100 findings."
    )


def test_the_pack_can_be_read_as_it_would_be_put(estate: World) -> None:
    outcome = run("plan --show-pack")
    assert f"arn:aws:iam::{MANAGEMENT}:role/iam-user-no-setup-access-key-remediation" in outcome.out
    assert "111122223333" not in outcome.out
