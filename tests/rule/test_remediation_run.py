"""One run of the remediation function from its event to its log: what it answers, what it prints.

In this process, under the operator's credentials: the deployed function is in tests/templates.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from emulator import Account, open_account
from emulator.config.rules import Rule
from emulator.iam.users import AccessKey, User
from rule import remediation
from rule.remediation import NotARequest, RemediationFailed, lambda_handler
from tests.conftest import NOW
from tests.support.runbook import NAME, PARAMETERS, TAG

CREATED = NOW - timedelta(days=60)
ACCOUNT = "111122223333"
BORN = "was created at 2026-07-03T12:00:00Z, the user at 2026-07-03T12:00:00Z"


@dataclass
class Context:
    """What the function reads of Lambda's context."""

    invoked_function_arn: str = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{NAME}-remediation"


@dataclass
class Place:
    """An account in which the rule holds a user with one setup key that nobody ever used."""

    account: Account
    rule: Rule
    user: User
    key: AccessKey
    capsys: pytest.CaptureFixture[str]

    def hold(self, compliance: str) -> None:
        """Let the rule hold a result for the user."""
        evaluation = {
            "ComplianceResourceType": "AWS::IAM::User",
            "ComplianceResourceId": self.user.id,
            "ComplianceType": compliance,
            "OrderingTimestamp": NOW.timestamp(),
        }
        self.rule.results.put(evaluation, NOW)

    def invoke(self, dry_run: object = "false") -> Any:
        """Run the function for the user."""
        return lambda_handler({"UserId": self.user.id, "DryRun": dry_run}, Context())

    def read_tag(self) -> str:
        """Return the value of the key's quarantine tag."""
        tags = {tag["Key"]: tag["Value"] for tag in self.user.tags or []}
        return tags[TAG + self.key.access_key_id]

    def read_log(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the two lines that a run printed, less what is measured."""
        line, metrics = (json.loads(each) for each in self.capsys.readouterr().out.splitlines())
        assert 0 <= line.pop("Milliseconds") < 60_000
        return line, metrics


@pytest.fixture
def place(capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    """The account, its clock standing still, with a user whom the rule holds NON_COMPLIANT."""
    with open_account(NOW, ticking=False) as account:
        remediation.make_remediation_clients.cache_clear()
        rule = account.add_rule(NAME, lambda event, context: {}, PARAMETERS)
        user = account.iam.add_user("ann", created=CREATED, password=CREATED)
        key = account.iam.add_key(user, created=CREATED)
        there = Place(account, rule, user, key, capsys)
        there.hold("NON_COMPLIANT")
        yield there
        remediation.make_remediation_clients.cache_clear()


def test_a_run_prints_one_line_that_says_what_was_done_and_one_with_its_metrics(
    place: Place,
) -> None:
    answer = place.invoke()
    key_id, user_id = place.key.access_key_id, place.user.id
    told = {
        "AccessKeyId": key_id,
        "Done": "quarantined",
        "Why": f"Access key {key_id} of ann {BORN}: AWS has no use of it on record. Make it"
        " inactive, then delete it.",
        "Undo": f"aws iam update-access-key --user-name ann --access-key-id {key_id} --status"
        " Active",
    }
    verdict = told["Why"]
    assert answer == {"User": "ann", "Verdict": verdict, "Keys": [told]}
    line, metrics = place.read_log()
    assert line == {
        "level": "INFO",
        "message": "remediated",
        "account": ACCOUNT,
        "user_id": user_id,
        "dry_run": False,
        "user": "ann",
        "verdict": verdict,
        "keys": [told],
        "Quarantined": 1,
        "Deleted": 0,
        "Kept": 0,
        "Failed": 0,
        "NoticesLost": 0,
    }
    ((directive,), counted) = (metrics.pop("_aws")["CloudWatchMetrics"], metrics)
    assert (directive["Namespace"], directive["Dimensions"]) == (NAME, [["DryRun"]])
    units = {each["Name"]: each["Unit"] for each in directive["Metrics"]}
    assert units == {
        "Quarantined": "Count",
        "Deleted": "Count",
        "Kept": "Count",
        "Failed": "Count",
        "NoticesLost": "Count",
        "Milliseconds": "Milliseconds",
    }
    assert counted.pop("Milliseconds") >= 0
    assert counted == {
        "DryRun": "false",
        "Quarantined": 1,
        "Deleted": 0,
        "Kept": 0,
        "Failed": 0,
        "NoticesLost": 0,
    }


def count(line: dict[str, Any]) -> dict[str, int]:
    """Return the counts of a line of the log that are not 0."""
    names = ("Quarantined", "Deleted", "Kept", "Failed", "NoticesLost")
    return {name: line[name] for name in names if line.get(name)}


def test_a_dry_run_counts_what_is_kept_and_not_what_would_be_done(place: Place) -> None:
    used = place.account.iam.add_key(place.user, created=CREATED, last_used=NOW)
    answer = place.invoke("true")
    assert {each["AccessKeyId"]: each["Done"] for each in answer["Keys"]} == {
        place.key.access_key_id: "would be quarantined",
        used.access_key_id: "kept",
    }
    line, metrics = place.read_log()
    assert (line["dry_run"], metrics["DryRun"], count(line)) == (True, "true", {"Kept": 1})
    counted = {"DryRun", "Quarantined", "Deleted", "Kept", "Failed", "NoticesLost", "Milliseconds"}
    assert set(metrics) == counted | {"_aws"}


def test_a_user_whom_the_rule_does_not_hold_is_a_run_that_did_nothing(place: Place) -> None:
    place.hold("COMPLIANT")
    answer = place.invoke()
    assert (answer["User"], answer["Keys"]) == (place.user.id, [])
    line, _ = place.read_log()
    assert count(line) == {}
    assert "error" not in line
    assert place.key.status == "Active"


def test_a_key_that_fails_is_counted_beside_one_that_was_changed(place: Place) -> None:
    place.account.iam.add_key(place.user, created=CREATED)
    place.account.faults.fail("iam", "UpdateAccessKey", "AccessDenied")
    with pytest.raises(RemediationFailed) as failure:
        place.invoke()
    line, metrics = place.read_log()
    assert count(line) == count(metrics) == {"Quarantined": 1, "Failed": 1}
    assert line["error"] == str(failure.value)
    assert sorted(each["Done"] for each in line["keys"]) == ["failed", "quarantined"]


def test_every_key_that_fails_is_counted(place: Place) -> None:
    place.account.iam.add_key(place.user, created=CREATED)
    place.account.faults.fail("iam", "UpdateAccessKey", "AccessDenied", times=None)
    with pytest.raises(RemediationFailed):
        place.invoke()
    line, metrics = place.read_log()
    assert count(line) == count(metrics) == {"Failed": 2}


def test_a_read_that_fails_is_a_failure_of_the_run_and_raised(place: Place) -> None:
    place.account.faults.fail("iam", "GetUser", "AccessDenied", times=None)
    place.account.faults.fail("iam", "GetLoginProfile", "AccessDenied", times=None)
    with pytest.raises(Exception, match="AccessDenied") as failure:
        place.invoke()
    line, _ = place.read_log()
    assert (count(line), line["error"]) == ({"Failed": 1}, str(failure.value))


def test_a_notice_that_is_lost_is_counted_and_stops_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTICE_TOPIC_ARN", f"arn:aws:sns:us-east-1:{ACCOUNT}:nowhere")
    assert [each["Done"] for each in place.invoke()["Keys"]] == ["quarantined"]
    lost, *rest = place.capsys.readouterr().out.splitlines()
    assert json.loads(lost)["message"] == "notice not sent"
    assert count(json.loads(rest[0])) == {"Quarantined": 1, "NoticesLost": 1}


@pytest.mark.parametrize(
    ("user_id", "dry_run", "said"),
    [
        (None, "false", "UserId is None; give the unique id of an IAM user, AIDA..."),
        ("ann", "false", "UserId is 'ann'; give the unique id of an IAM user, AIDA..."),
        (
            ["AIDAEXAMPLE000000001"],
            "false",
            "UserId is ['AIDAEXAMPLE000000001']; give the unique id of an IAM user, AIDA...",
        ),
        ("AIDAEXAMPLE000000001", None, "DryRun is None; give true or false."),
        ("AIDAEXAMPLE000000001", True, "DryRun is True; give true or false."),
    ],
)
def test_what_is_no_request_is_refused_before_anything_is_asked(
    place: Place, user_id: object, dry_run: object, said: str
) -> None:
    with place.account.calls.since_now() as calls, pytest.raises(NotARequest) as refusal:
        lambda_handler({"UserId": user_id, "DryRun": dry_run}, Context())
    assert (str(refusal.value), calls.actions()) == (said, [])


def test_fields_that_nobody_asked_for_count_for_nothing(place: Place) -> None:
    place.key.record_use(NOW)
    tags = dict(place.user.tag_values)
    forged = {"Criterion": "SETUP", "GraceHours": "0", "Keys": [place.key.access_key_id]}
    event = {**forged, "UserId": place.user.id, "DryRun": "false"}
    (told,) = lambda_handler(event, Context())["Keys"]
    assert (told["Done"], place.key.status, place.user.tag_values) == ("kept", "Active", tags)
    assert not any(name.startswith(TAG) for name in place.user.tag_values)


@pytest.mark.parametrize(
    ("seconds", "done"),
    [
        pytest.param(5, "quarantined", id="for as long as it is looked"),
        pytest.param(60, "", id="for longer, and the next run finishes"),
    ],
)
def test_a_list_that_shows_the_key_as_it_was_before_the_change_is_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch, seconds: int, done: str
) -> None:
    place.account.iam.key_history.lag = timedelta(seconds=seconds)
    monkeypatch.setattr(
        "rule.repair.time.sleep", lambda pause: place.account.clock.advance(seconds=pause)
    )
    if done:
        (told,) = place.invoke()["Keys"]
        assert told["Done"] == done
    else:
        with pytest.raises(RemediationFailed, match=r"still reads Active\.$"):
            place.invoke()
        assert place.read_tag().endswith(" started")
        place.account.clock.advance(seconds=60)
        place.invoke()
    assert place.key.status == "Inactive"
    assert " until " in place.read_tag()
