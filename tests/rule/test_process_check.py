"""The process check of AWS's CIS packs, set by each scheduled run to what it found."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import Account
from emulator.config.rules import Rule
from emulator.iam.users import User
from rule.clients import make_clients
from rule.evaluator import lambda_handler
from rule.facts import Identity
from rule.parameters import parse_parameters
from rule.process_check import NotSet, attest, choose_process_checks, set_process_checks
from rule.tally import Tally
from tests.conftest import NOW
from tests.support.passing_time import let_time_pass

LONG_AGO = NOW - timedelta(days=60)
CHECK = "iam-user-console-and-api-access-at-creation"
FOUND = Tally("the-rule", "111122223333", NOW, users=37, findings=0)
KEY = "an access key made at setup and never used"
PROCESS_CHECK = {"Owner": "AWS", "SourceIdentifier": "AWS_CONFIG_PROCESS_CHECK"}
MANAGED = {"Owner": "AWS", "SourceIdentifier": "IAM_USER_MFA_ENABLED"}


@pytest.fixture(autouse=True)
def _nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    let_time_pass(monkeypatch)


@pytest.fixture
def rule(account: Account) -> Rule:
    """The rule, told to set the process check."""
    account.iam.report.rounds = 0
    return account.add_rule(
        "iam-user-no-setup-access-key", lambda_handler, {"ProcessCheckRule": CHECK}
    )


def add_check(name: str, source: dict[str, str] = PROCESS_CHECK) -> None:
    """Add a rule of AWS to the account."""
    rule: Any = {"ConfigRuleName": name, "Source": source}
    boto3.client("config").put_config_rule(ConfigRule=rule)


def add_user(account: Account, name: str, created: datetime | None = LONG_AGO) -> User:
    """Add a user with a password, and a key made at its setup unless `created` is None."""
    user = account.iam.add_user(name, created=created or LONG_AGO, password=LONG_AGO)
    if created:
        account.iam.add_key(user, created=created)
    return user


def read_results(account: Account, name: str) -> list[tuple[Any, ...]]:
    """Return what AWS Config holds for a process check: of what, compliance, annotation, time.

    The names of AWS's own, with their suffix, are longer than the queries by name take.
    """
    return [
        (each.resource_type, each.resource_id, each.compliance, each.annotation, each.ordered)
        for each in account.config.results(name).stored()
    ]


def read_log(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was printed after the evaluation's own two lines."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()][2:]


def counted(line: dict[str, Any]) -> tuple[int, int, str]:
    """Return how many were set, how many not, and that the line is one of metrics."""
    named = {each["Name"] for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert named == {"ProcessChecksSet", "ProcessChecksNotSet"}
    return line["ProcessChecksSet"], line["ProcessChecksNotSet"], line["MessageType"]


# --- what is said of the account ---


@pytest.mark.parametrize(
    ("found", "criterion", "compliance", "sentence"),
    [
        pytest.param(
            FOUND, "SETUP_UNUSED", "COMPLIANT", f"0 of 37 console users have {KEY}; rule the-rule."
        ),
        pytest.param(
            replace(FOUND, findings=2),
            "SETUP_UNUSED",
            "NON_COMPLIANT",
            f"2 of 37 console users have {KEY}; rule the-rule.",
        ),
        pytest.param(
            replace(FOUND, findings=1),
            "UNUSED",
            "NON_COMPLIANT",
            "1 of 37 console users has an access key never used; rule the-rule.",
        ),
        pytest.param(
            replace(FOUND, excepted=1, waiting=2, quarantined=3),
            "SETUP",
            "COMPLIANT",
            "0 of 37 console users have an access key made at setup, not counting 1 with an"
            " exception, 2 waiting, 3 in quarantine; rule the-rule.",
        ),
        pytest.param(
            replace(FOUND, findings=2, quarantined=1, whole=False),
            "SETUP_UNUSED",
            "NON_COMPLIANT",
            f"At least 2 console users have {KEY}, not counting 1 in quarantine; not every user"
            " could be read; rule the-rule.",
        ),
        pytest.param(
            replace(FOUND, findings=1, whole=False),
            "SETUP_UNUSED",
            "NON_COMPLIANT",
            f"At least 1 console user has {KEY}; not every user could be read; rule the-rule.",
        ),
        pytest.param(
            replace(FOUND, rule="r" * 128, findings=4999, waiting=4999, users=5000, whole=False),
            "SETUP_UNUSED",
            "NON_COMPLIANT",
            f"At least 4,999 console users have {KEY}; not every user could be read; rule"
            f" {'r' * 128}.",
        ),
    ],
)
def test_the_sentence_counts(found: Tally, criterion: str, compliance: str, sentence: str) -> None:
    assert attest(found, parse_parameters({"Criterion": criterion})) == (compliance, sentence)
    assert len(sentence) <= 256


def test_nothing_is_compliant_after_a_run_that_did_not_read_everybody() -> None:
    with pytest.raises(NotSet, match="found nothing, but it did not read every user"):
        attest(replace(FOUND, whole=False), parse_parameters({}))


# --- which rules are meant ---


def list_rules(**sources: dict[str, str]) -> Any:
    """Return rules as DescribeConfigRules has them; "_x" in a name stands for a pack's suffix."""
    return [
        {"ConfigRuleName": name.replace("_x", "-conformance-pack-"), "Source": source}
        for name, source in sources.items()
    ]


@pytest.mark.parametrize(
    ("prefix", "rules", "names", "faults"),
    [
        pytest.param(
            "check",
            list_rules(check_xab1=PROCESS_CHECK, check_xcd2=PROCESS_CHECK, checked=PROCESS_CHECK),
            ["check-conformance-pack-ab1", "check-conformance-pack-cd2"],
            [],
            id="the check of two packs is set in both, and another of a longer name is not",
        ),
        pytest.param(
            "che",
            list_rules(check_xab1=PROCESS_CHECK),
            ["check-conformance-pack-ab1"],
            [],
            id="the beginning of a name will do",
        ),
        pytest.param(
            "che",
            list_rules(check_xab1=PROCESS_CHECK, cheese=PROCESS_CHECK),
            [],
            [
                'ProcessCheckRule is "che", with which several controls begin: check, cheese. None'
                " was set: give the name of one."
            ],
            id="two controls that begin so are none",
        ),
        pytest.param(
            "che",
            list_rules(check=PROCESS_CHECK, cheese=MANAGED),
            ["check"],
            [
                "Rule cheese is no process check (its source is not AWS_CONFIG_PROCESS_CHECK): it"
                " was not set."
            ],
            id="beside a rule of another kind the check is set",
        ),
        pytest.param(
            "check",
            list_rules(check={**PROCESS_CHECK, "Owner": "CUSTOM_LAMBDA"}),
            [],
            [
                "Rule check is no process check (its source is not AWS_CONFIG_PROCESS_CHECK): it"
                " was not set."
            ],
            id="a rule of somebody's own is no process check",
        ),
    ],
)
def test_the_rules_that_are_meant(
    prefix: str, rules: Any, names: list[str], faults: list[str]
) -> None:
    assert choose_process_checks(prefix, rules) == (names, faults)


# --- the scheduled run ---


def test_a_scheduled_run_with_findings_sets_it_non_compliant(
    account: Account, rule: Rule, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("ben", "eve"):
        add_user(account, name)
    add_user(account, "ann", created=None)
    account.iam.add_user("robot", created=LONG_AGO)
    add_check(f"{CHECK}-conformance-pack-abc123def")
    assert rule.send_schedule().errors == []
    said = f"2 of 3 console users have {KEY}; rule {rule.name}."
    (result,) = read_results(account, f"{CHECK}-conformance-pack-abc123def")
    assert result[:4] == ("AWS::::Account", account.account_id, "NON_COMPLIANT", said)
    assert NOW < result[4] < account.clock.now()
    told, metrics = read_log(capsys)
    assert told == {
        "level": "INFO",
        "message": "process check set",
        "rule": f"{CHECK}-conformance-pack-abc123def",
        "compliance": "NON_COMPLIANT",
        "annotation": said,
    }
    assert counted(metrics) == (1, 0, "ScheduledNotification")


def test_the_next_run_without_findings_sets_it_compliant(account: Account, rule: Rule) -> None:
    ben = add_user(account, "ben")
    add_check(CHECK)
    rule.send_schedule()
    account.iam.delete_login_profile(ben.name)
    account.iam.report.generated = None
    add_user(account, "new", created=NOW)
    assert rule.send_schedule().errors == []
    ((_, _, *held, _),) = read_results(account, CHECK)
    assert held == [
        "COMPLIANT",
        f"0 of 1 console user has {KEY}, not counting 1 waiting; rule {rule.name}.",
    ]


def test_a_change_of_a_user_sets_nothing(
    account: Account, rule: Rule, capsys: pytest.CaptureFixture[str]
) -> None:
    ben = add_user(account, "ben")
    add_check(CHECK)
    with account.calls.since_now() as calls:
        assert rule.send_change(ben).errors == []
    assert read_results(account, CHECK) == []
    assert calls.made("config:DescribeConfigRules") == []
    assert read_log(capsys) == []


def test_without_the_parameter_no_call_more_is_made(account: Account) -> None:
    account.iam.report.rounds = 0
    rule = account.add_rule("iam-user-no-setup-access-key", lambda_handler)
    add_check(CHECK)
    with account.calls.since_now() as calls:
        assert rule.send_schedule().errors == []
    assert read_results(account, CHECK) == []
    assert calls.made("config:DescribeConfigRules") == []


def test_a_rule_beyond_the_first_page_is_found(account: Account, rule: Rule) -> None:
    for number in range(30):
        add_check(f"iam-a-{number:02}", MANAGED)
    add_check(CHECK)
    assert rule.send_schedule().errors == []
    assert [each[2] for each in read_results(account, CHECK)] == ["COMPLIANT"]


@pytest.mark.parametrize(
    ("others", "error"),
    [
        pytest.param(
            (),
            f'ProcessCheckRule is "{CHECK}", and no rule here has a name that begins so. Give the'
            " beginning of the name of a process check, or nothing.",
            id="no rule has the name",
        ),
        pytest.param(
            ((CHECK, MANAGED),),
            f"Rule {CHECK} is no process check (its source is not AWS_CONFIG_PROCESS_CHECK): it"
            " was not set.",
            id="the rule is of another kind",
        ),
    ],
)
def test_a_check_that_cannot_be_set_is_logged_and_counted_and_costs_nothing(
    account: Account,
    rule: Rule,
    capsys: pytest.CaptureFixture[str],
    others: Iterable[tuple[str, dict[str, str]]],
    error: str,
) -> None:
    add_user(account, "ben")
    for other in others:
        add_check(*other)
    with account.calls.since_now() as calls:
        assert rule.send_schedule().errors == []
    assert [each.compliance for each in rule.list_lines()] == ["NON_COMPLIANT"]
    told, metrics = read_log(capsys)
    assert told == {
        "level": "ERROR",
        "message": "process check not set",
        "rule": CHECK,
        "error": error,
    }
    assert counted(metrics) == (0, 1, "ScheduledNotification")
    assert calls.made("config:PutExternalEvaluation") == []


@pytest.mark.parametrize("action", ["DescribeConfigRules", "PutExternalEvaluation"])
def test_a_call_that_fails_costs_nothing(
    account: Account, rule: Rule, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    add_user(account, "ben")
    add_check(CHECK)
    account.faults.fail("config", action, "AccessDeniedException", "Not you.", times=9)
    assert rule.send_schedule().errors == []
    assert [each.compliance for each in rule.list_lines()] == ["NON_COMPLIANT"]
    told, metrics = read_log(capsys)
    assert told["level"] == "ERROR"
    assert "Not you." in told["error"]
    assert counted(metrics) == (0, 1, "ScheduledNotification")
    assert read_results(account, CHECK) == []


def test_one_check_that_is_refused_does_not_keep_the_other_from_being_set(
    account: Account, rule: Rule
) -> None:
    names = [f"{CHECK}-conformance-pack-{each}" for each in ("aaa", "bbb")]
    for name in names:
        add_check(name)
    account.faults.fail("config", "PutExternalEvaluation", "InvalidParameterValueException")
    assert rule.send_schedule().errors == []
    assert [len(read_results(account, name)) for name in names] == [0, 1]


@pytest.mark.parametrize(
    ("finding", "held"),
    [
        pytest.param(False, [], id="nothing was found: it keeps what it has"),
        pytest.param(
            True,
            [
                "NON_COMPLIANT",
                f"At least 1 console user has {KEY}; not every user could be read; rule ",
            ],
            id="a finding is a finding",
        ),
    ],
)
def test_a_run_that_does_not_read_everybody_never_says_compliant(
    account: Account,
    rule: Rule,
    monkeypatch: pytest.MonkeyPatch,
    finding: bool,
    held: list[str],
) -> None:
    def refuse(iam: Any, who: Identity) -> bool:
        if who.name == "unread":
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "GetUser")
        return True

    monkeypatch.setattr("rule.readers.has_password", refuse)
    add_user(account, "ben", created=LONG_AGO if finding else None)
    add_user(account, "unread")
    add_check(CHECK)
    assert rule.send_schedule().errors != []
    results = [list(each[2:4]) for each in read_results(account, CHECK)]
    assert results == ([[held[0], f"{held[1]}{rule.name}."]] if held else [])


def test_without_time_left_nothing_is_asked(
    account: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    add_check(CHECK)
    policy = parse_parameters({"ProcessCheckRule": CHECK})
    config: Any = make_clients().session.client
    with account.calls.since_now() as calls:
        set_process_checks(
            lambda **given: config("config", **given),
            policy,
            FOUND,
            lambda: 19.0,
            ("MessageType", "ScheduledNotification"),
        )
    assert calls.actions() == []
    told, _ = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert told["error"] == "The function's time is nearly over."


def test_its_calls_are_short(account: Account) -> None:
    seen = dict[str, Any]()

    def refuse(**given: Any) -> Any:
        seen.update(given)
        raise ClientError({"Error": {"Code": "x", "Message": "Enough."}}, "x")

    policy = parse_parameters({"ProcessCheckRule": CHECK})
    set_process_checks(refuse, policy, FOUND, lambda: 60.0, ("MessageType", "x"))
    config = seen["config"]
    assert config.retries == {"mode": "standard", "total_max_attempts": 2}
    assert (config.connect_timeout, config.read_timeout) == (3, 5)
