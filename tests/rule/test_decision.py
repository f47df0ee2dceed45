"""DESIGN 3 row by row: every test's name or id is the sentence that it proves."""

import ast
import itertools
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rule.decision import COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE, judge
from rule.exception_tags import read_exception
from rule.facts import NOT_READ, Key, NotRead, User, utc
from rule.parameters import InvalidParameters, Policy, parse_parameters
from rule.quarantine import QUARANTINE_TAG as TAG
from rule.quarantine import describe_started, describe_until
from rule.sentences import clip, fit, units
from rule.standing import Standing, needs_tags
from tests.support.facts import CREATED, ID, NOW, OTHER_ID, key, policy, user
from tests.support.paths import ROOT

DAY = timedelta(days=1)
USED = NOW - DAY
OWNER, EXPIRES, REASON = (
    f"no-setup-access-key:exception-{part}" for part in ("owner", "expires", "reason")
)


def quarantined(
    start: datetime, end: datetime | None = None, id: str = ID, again: bool = False
) -> dict[str, str]:
    """Return the tag that the runbook writes once the key has been read back as Inactive."""
    value = describe_until(start, end or start + 7 * DAY, again)
    return {f"no-setup-access-key:quarantined:{id}": value}


def begun(start: datetime) -> dict[str, str]:
    """Return the tag that the runbook writes first."""
    return {f"no-setup-access-key:quarantined:{ID}": describe_started(start)}


def excepted(
    expires: str, owner: str = "team-payments", reason: str = "migration"
) -> dict[str, str]:
    """Return the three tags of an exception."""
    return {OWNER: owner, EXPIRES: expires, REASON: reason}


KEY, OTHER = f"{ID} of alice", f"{OTHER_ID} of alice"
SETUP, UNUSED = policy(Criterion="SETUP"), policy(Criterion="UNUSED")
BORN = f"Access key {KEY} was created at 2026-01-01T00:00:00Z, the user at 2026-01-01T00:00:00Z"
UNTIL_TOMORROW, ENDED_YESTERDAY = "2026-03-03", "2026-03-01"
BORN_LATER = (
    f"Access key {KEY} was created at 2026-01-01T00:05:01Z, the user at 2026-01-01T00:00:00Z"
)
LATER = f"{BORN_LATER}: never used, but no setup key; Criterion UNUSED would report it."


@pytest.mark.parametrize(
    ("facts", "rules", "now", "compliance", "annotation"),
    [
        pytest.param(
            user(key()),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record. Make it inactive, then delete it.",
            id="a never-used setup key is a finding",
        ),
        pytest.param(
            user(key(after=300)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"Access key {KEY} was created at 2026-01-01T00:05:00Z, the user at"
            " 2026-01-01T00:00:00Z: AWS has no use of it on record. Make it inactive, then"
            " delete it.",
            id="a key created exactly at the window is a setup key",
        ),
        pytest.param(
            user(key(after=301)),
            policy(),
            NOW,
            COMPLIANT,
            LATER,
            id="a key created one second past the window is no setup key",
        ),
        pytest.param(
            user(key(after=301)),
            UNUSED,
            NOW,
            NON_COMPLIANT,
            f"Access key {KEY} was created at 2026-01-01T00:05:01Z, the user at"
            " 2026-01-01T00:00:00Z: AWS has no use of it on record. Make it inactive, then"
            " delete it.",
            id="UNUSED reports a never-used key whenever it was created",
        ),
        pytest.param(
            user(key(after=301)),
            SETUP,
            NOW,
            COMPLIANT,
            "No active access key was created at setup.",
            id="SETUP does not care for the use of a later key",
        ),
        pytest.param(
            user(key(after=2, used=USED)),
            policy(),
            NOW,
            COMPLIANT,
            "Every active access key is in use.",
            id="a used setup key is fine",
        ),
        pytest.param(
            user(key(used=USED)),
            SETUP,
            NOW,
            NON_COMPLIANT,
            f"{BORN}: a setup key in use. Move its work to a key made on purpose, then delete it.",
            id="SETUP reports a used setup key",
        ),
        pytest.param(
            user(key(used=CREATED + DAY), tags=quarantined(NOW - 2 * DAY)),
            SETUP,
            NOW,
            NON_COMPLIANT,
            f"{BORN}: a setup key in use. Move its work to a key made on purpose, then delete it.",
            id="the quarantine tag of an Active used key counts for nothing",
        ),
        pytest.param(
            user(key(status="Inactive")),
            policy(),
            NOW,
            COMPLIANT,
            "No active access key.",
            id="an Inactive key without our tag is somebody else's doing",
        ),
        pytest.param(
            user(key(status="Expired")),
            policy(),
            NOW,
            COMPLIANT,
            "No active access key.",
            id="an Expired key is no finding",
        ),
        pytest.param(
            user(key(status="Expired"), tags=begun(NOW - DAY)),
            policy(),
            NOW,
            COMPLIANT,
            "No active access key.",
            id="no tag brings an Expired key back into question",
        ),
        pytest.param(
            user(key(), password=False),
            policy(),
            NOW,
            NOT_APPLICABLE,
            "No console password.",
            id="without a console password the rule does not apply",
        ),
        pytest.param(
            user(),
            policy(),
            NOW,
            COMPLIANT,
            "No active access key.",
            id="a user without keys is fine",
        ),
        pytest.param(
            user(key(), key(after=20 * 86400, used=USED, id=OTHER_ID)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record. Make it inactive, then delete it.",
            id="beside a used key only the unused one is named",
        ),
        pytest.param(
            user(key()),
            policy(),
            CREATED + timedelta(hours=3),
            COMPLIANT,
            f"{BORN}: AWS has no use of it on record yet; not judged before 2026-01-01T04:00:00Z.",
            id="a key younger than the grace is waiting",
        ),
        pytest.param(
            user(key()),
            policy(),
            CREATED + timedelta(hours=4),
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record. Make it inactive, then delete it.",
            id="a key exactly as old as the grace is judged",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=quarantined(NOW - 6 * DAY)),
            policy(),
            NOW,
            COMPLIANT,
            f"{BORN}: in quarantine until 2026-03-03T00:00:00Z.",
            id="a key in quarantine is no finding",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=quarantined(NOW - 7 * DAY)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record; its quarantine ended at"
            " 2026-03-02T00:00:00Z. Delete it.",
            id="a key whose quarantine is over is to be deleted",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=quarantined(NOW - 7 * DAY)),
            policy(QuarantineDays="8"),
            NOW,
            COMPLIANT,
            f"{BORN}: in quarantine until 2026-03-03T00:00:00Z.",
            id="a longer QuarantineDays lengthens a quarantine that has begun",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=quarantined(NOW - 6 * DAY)),
            policy(QuarantineDays="1"),
            NOW,
            COMPLIANT,
            f"{BORN}: in quarantine until 2026-03-03T00:00:00Z.",
            id="a shorter QuarantineDays does not shorten a quarantine that has begun",
        ),
        pytest.param(
            user(key(status="Inactive", after=301), tags=quarantined(NOW - 7 * DAY)),
            policy(),
            NOW,
            COMPLIANT,
            f"{BORN_LATER}: in quarantine since 2026-02-23T00:00:00Z, but no longer meets the"
            " Criterion SETUP_UNUSED. Make it Active again or delete it by hand.",
            id="a quarantined key that no longer meets the criterion is not deleted",
        ),
        pytest.param(
            user(key(status="Inactive", used=USED), tags=quarantined(NOW - 7 * DAY)),
            policy(),
            NOW,
            COMPLIANT,
            f"{BORN}: in quarantine since 2026-02-23T00:00:00Z, but AWS has a use of it on"
            " record. Make it Active again or delete it by hand.",
            id="a quarantined key whose use became known is never deleted",
        ),
        pytest.param(
            user(key(status="Inactive", used=USED), tags=begun(NOW - DAY)),
            policy(),
            NOW,
            COMPLIANT,
            f"{BORN}: in quarantine since 2026-03-01T00:00:00Z, but AWS has a use of it on"
            " record. Make it Active again or delete it by hand.",
            id="a key whose quarantine was begun and whose use became known is not touched",
        ),
        pytest.param(
            user(key(), tags=quarantined(NOW - 2 * DAY)),
            policy(),
            NOW,
            COMPLIANT,
            f"{BORN}: made Active again during its quarantine; not judged before"
            " 2026-03-07T04:00:00Z.",
            id="a key that was made Active again waits until the quarantine's end and the grace",
        ),
        pytest.param(
            user(key(), tags=quarantined(NOW - 2 * DAY, again=True)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record. Make it inactive, then delete it. Made Active"
            " again once before: only a use or an exception keeps it.",
            id="a key that was made Active again a second time does not wait a second time",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=quarantined(NOW - 2 * DAY, again=True)),
            policy(),
            NOW,
            COMPLIANT,
            f"{BORN}: in quarantine until 2026-03-07T00:00:00Z.",
            id="a second quarantine is one like the first",
        ),
        pytest.param(
            user(key(), tags=begun(CREATED)),
            policy(),
            CREATED + timedelta(hours=3),
            COMPLIANT,
            f"{BORN}: AWS has no use of it on record yet; not judged before 2026-01-01T04:00:00Z.",
            id="no tag makes a key younger than the grace a finding",
        ),
        pytest.param(
            user(key(), tags=quarantined(NOW - 8 * DAY)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record. Make it inactive, then delete it.",
            id="after the quarantine's end an Active key is judged like any other",
        ),
        pytest.param(
            user(key(after=301), tags=quarantined(NOW - 2 * DAY)),
            policy(),
            NOW,
            COMPLIANT,
            LATER,
            id="a key made Active again that no longer meets the criterion is not waiting",
        ),
        pytest.param(
            user(key(), tags=begun(NOW - DAY)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record; its quarantine was begun at"
            " 2026-03-01T00:00:00Z, not finished. Make it inactive, then delete it.",
            id="a begun quarantine of an Active key is to be finished",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=begun(NOW - DAY)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record; its quarantine was begun at"
            " 2026-03-01T00:00:00Z, not finished. Make it inactive, then delete it.",
            id="a begun quarantine of an Inactive key is to be finished",
        ),
        pytest.param(
            user(key(status="Inactive", after=301), tags=begun(NOW - DAY)),
            policy(),
            NOW,
            COMPLIANT,
            f"{BORN_LATER}: in quarantine since 2026-03-01T00:00:00Z, but no longer meets the"
            " Criterion SETUP_UNUSED. Make it Active again or delete it by hand.",
            id="a begun quarantine is not finished when the key no longer meets the criterion",
        ),
        pytest.param(
            user(key(), tags=excepted(UNTIL_TOMORROW)),
            policy(),
            NOW,
            COMPLIANT,
            f"The risk is accepted by team-payments until the end of 2026-03-03: access key {KEY}.",
            id="a valid exception names owner and date",
        ),
        pytest.param(
            user(key(), tags=excepted("2026-03-02")),
            policy(),
            NOW + DAY - timedelta(seconds=1),
            COMPLIANT,
            f"The risk is accepted by team-payments until the end of 2026-03-02: access key {KEY}.",
            id="an exception is good through the end of its last day",
        ),
        pytest.param(
            user(key(), tags=excepted(ENDED_YESTERDAY)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"{BORN}: AWS has no use of it on record. Make it inactive, then delete it. The"
            " exception ended on 2026-03-01.",
            id="an expired exception is named",
        ),
        pytest.param(
            user(key(used=USED), tags=excepted(ENDED_YESTERDAY)),
            policy(),
            NOW,
            COMPLIANT,
            "Every active access key is in use.",
            id="an expired exception of a user without an offending key does not matter",
        ),
        pytest.param(
            user(
                key(status="Inactive"), tags=quarantined(NOW - 8 * DAY) | excepted(UNTIL_TOMORROW)
            ),
            policy(),
            NOW,
            COMPLIANT,
            f"The risk is accepted by team-payments until the end of 2026-03-03: access key {KEY}.",
            id="an exception holds for a key whose quarantine is over, too",
        ),
        pytest.param(
            user(key(), key(after=1, id=OTHER_ID)),
            policy(),
            NOW,
            NON_COMPLIANT,
            f"Access key {KEY}: AWS has no use of it on record. Make it inactive, then delete"
            f" it. Access key {OTHER}: AWS has no use of it on record. Make it inactive,"
            " then delete it.",
            id="two offending keys are both named in full",
        ),
        pytest.param(
            user(key(id="access key 2"), key(after=1, used=USED, id="access key 1")),
            policy(),
            NOW,
            NON_COMPLIANT,
            "Access key 2 of alice was created at 2026-01-01T00:00:00Z, the user at"
            " 2026-01-01T00:00:00Z: AWS has no use of it on record. Make it inactive, then"
            " delete it.",
            id="a key that is only a slot of a report is named so",
        ),
        pytest.param(
            user(
                key(), key(status="Inactive", id=OTHER_ID), tags=quarantined(NOW - DAY, id=OTHER_ID)
            ),
            policy(),
            CREATED + 365 * DAY,
            NON_COMPLIANT,
            f"Access key {KEY}: AWS has no use of it on record. Make it inactive, then delete"
            f" it. Access key {OTHER}: AWS has no use of it on record; its quarantine"
            " ended at 2026-03-08T00:00:00Z. Delete it.",
            id="a key to quarantine and a key to delete are both named",
        ),
    ],
)
def test_verdict(
    facts: User, rules: Policy, now: datetime, compliance: str, annotation: str
) -> None:
    verdict = judge(facts, rules, now)
    assert (verdict.compliance, verdict.annotation) == (compliance, annotation)


FINDING = f"{BORN}: AWS has no use of it on record. Make it inactive, then delete it."


@pytest.mark.parametrize(
    ("tags", "fault"),
    [
        ({OWNER: "o", EXPIRES: UNTIL_TOMORROW}, "reason is missing."),
        ({EXPIRES: UNTIL_TOMORROW, REASON: "r"}, "owner is missing."),
        (excepted(" "), "expires is empty."),
        (excepted(UNTIL_TOMORROW, owner=""), "owner is empty."),
        (excepted(UNTIL_TOMORROW, reason=" \t"), "reason is empty."),
        (excepted("so\non"), 'expires "so on" is no date (YYYY-MM-DD).'),
        (excepted("soon"), 'expires "soon" is no date (YYYY-MM-DD).'),
        (excepted("20260303"), 'expires "20260303" is no date (YYYY-MM-DD).'),
        (excepted("2026-W10-2"), 'expires "2026-W10-2" is no date (YYYY-MM-DD).'),
        (excepted("2026-02-30"), 'expires "2026-02-30" is no date (YYYY-MM-DD).'),
        (excepted("2026-06-01"), "it ends on 2026-06-01, more than 90 days ahead."),
        (
            {OWNER: "o", "No-Setup-Access-Key:exception-expires": UNTIL_TOMORROW, REASON: "r"},
            "No-Setup-Access-Key:exception-expires is not in lower case.",
        ),
    ],
)
def test_an_invalid_exception_is_no_exception_and_the_sentence_says_why(
    tags: dict[str, str], fault: str
) -> None:
    verdict = judge(user(key(), tags=tags), policy(), NOW)
    assert verdict.compliance == NON_COMPLIANT
    assert verdict.annotation == f"{FINDING} Invalid exception: {fault}"


def test_a_malformed_exception_is_told_from_one_that_is_over_and_from_none() -> None:
    read = [
        read_exception(tags, policy(), NOW)
        for tags in ({}, excepted("soon"), excepted(ENDED_YESTERDAY), excepted(UNTIL_TOMORROW))
    ]
    assert [(each.owner, str(each.last), each.malformed) for each in read] == [
        ("", "None", False),
        ("", "None", True),
        ("", "None", False),
        ("team-payments", UNTIL_TOMORROW, False),
    ]


def test_spaces_around_what_a_person_wrote_into_an_exception_count_for_nothing() -> None:
    read = read_exception(excepted(f" {UNTIL_TOMORROW} ", " team-payments "), policy(), NOW)
    assert read == read_exception(excepted(UNTIL_TOMORROW), policy(), NOW)
    assert (read.owner, read.accepted) == ("team-payments", True)


def test_an_exception_may_end_exactly_max_exception_days_ahead() -> None:
    verdict = judge(user(key(), tags=excepted("2026-05-31")), policy(), NOW)
    assert verdict.compliance == COMPLIANT


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("yes", "its value is not of the known form"),
        ("", "its value is not of the known form"),
        (f"{utc(NOW)} Started", "its value is not of the known form"),
        (f"{utc(NOW - DAY)} until soon", "its value is not of the known form"),
        ("2026-02-30T00:00:00Z started", "it holds a date that does not exist"),
        (f"{utc(NOW + timedelta(seconds=301))} started", "it starts in the future"),
        (f"{utc(NOW)} until {utc(NOW + DAY)} Again", "its value is not of the known form"),
        (
            f"{utc(NOW - DAY)} until {utc(NOW + 365 * DAY)}",
            "it ends more than 365 days after its start",
        ),
        (f"{utc(NOW)} until 9999-12-31T23:59:59Z", "it ends more than 365 days after its start"),
        (f"{utc(CREATED - DAY)} until {utc(NOW - DAY)}", "it starts before the key was created"),
    ],
)
def test_a_quarantine_tag_that_we_never_write_counts_as_none_and_the_sentence_says_so(
    value: str, fault: str
) -> None:
    tags = {f"no-setup-access-key:quarantined:{ID}": value}
    remark = f"Its quarantine tag is invalid: {fault}."
    inactive = judge(user(key(status="Inactive"), tags=tags), policy(), NOW)
    active = judge(user(key(), tags=tags), policy(), NOW)
    left_alone = f"{BORN}: Inactive, left alone. {remark}"
    assert (inactive.compliance, inactive.annotation) == (COMPLIANT, left_alone)
    assert (active.compliance, active.annotation) == (NON_COMPLIANT, f"{FINDING} {remark}")


def test_a_tag_of_somebody_else_that_ends_in_the_keys_id_is_no_quarantine() -> None:
    tags = {"x" * len(TAG) + ID: f"{utc(NOW - 8 * DAY)} until {utc(NOW - DAY)}"}
    (stands,) = judge(user(key(status="Inactive"), tags=tags), policy(), NOW).keys
    assert stands.standing is Standing.NOT_OURS


@pytest.mark.parametrize("name", ["No-Setup-Access-Key:Quarantined:" + ID, TAG + ID.lower()])
def test_a_quarantine_tag_in_another_letter_case_is_the_tag_as_for_iam(name: str) -> None:
    tags = {name: f"{utc(NOW - 8 * DAY)} until {utc(NOW - DAY)}"}
    (stands,) = judge(user(key(status="Inactive"), tags=tags), policy(), NOW).keys
    assert stands.standing is Standing.TO_DELETE


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        ("team\u2028ben.idle NON_COMPLIANT", "team ben.idle NON_COMPLIANT"),
        ("team\r\n\x1b[31m", "team ?[31m"),
        ("\U0001f600 team", "? team"),
        ("\u202eteam", "?team"),
        ("Équipe", "Équipe"),
    ],
)
def test_what_a_person_wrote_cannot_forge_a_line_of_a_table(owner: str, shown: str) -> None:
    verdict = judge(user(key(), tags=excepted(UNTIL_TOMORROW, owner)), policy(), NOW)
    said = f"The risk is accepted by {shown} until the end of 2026-03-03: access key {KEY}."
    assert verdict.annotation == said


def test_lengths_are_measured_in_utf_16_units_as_aws_measures_them() -> None:
    assert units("a\U0001f600é") == 4
    assert clip("\U0001f600" * 10, 11) == "\U0001f600" * 4 + "..."
    assert clip("\U0001f600" * 10, 20) == "\U0001f600" * 10


def test_what_was_not_read_is_an_error_and_never_a_verdict() -> None:
    with pytest.raises(NotRead, match=f"^The last use of access key {ID} was not read\\.$"):
        judge(user(key(used=NOT_READ)), policy(), NOW)
    untagged = User("a", None, "", CREATED, True, (key(status="Inactive"),), None)
    with pytest.raises(NotRead, match=r"^The tags of user a were not read\.$"):
        judge(untagged, policy(), NOW)
    with pytest.raises(NotRead, match=r"^The tags of user a were not read\.$"):
        judge(User("a", None, "", CREATED, True, (key(used=USED),), None), SETUP, NOW)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        (
            {"GraceHours": "soon"},
            'GraceHours is "soon"; give a whole number of hours from 0 to 720.',
        ),
        ({"GraceHours": ""}, 'GraceHours is ""; give a whole number of hours from 0 to 720.'),
        ({"GraceHours": "721"}, 'GraceHours is "721"; give a whole number of hours from 0 to 720.'),
        ({"GraceHours": " 4"}, 'GraceHours is " 4"; give a whole number of hours from 0 to 720.'),
        ({"GraceHours": "٤"}, 'GraceHours is "٤"; give a whole number of hours from 0 to 720.'),
        ({"GraceHours": True}, 'GraceHours is "true"; give a whole number of hours from 0 to 720.'),
        (
            {"SetupWindowSeconds": "-1"},
            'SetupWindowSeconds is "-1"; give a whole number of seconds from 0 to 86400.',
        ),
        (
            {"QuarantineDays": "0"},
            'QuarantineDays is "0"; give a whole number of days from 1 to 365.',
        ),
        (
            {"MaxExceptionDays": "367"},
            'MaxExceptionDays is "367"; give a whole number of days from 1 to 366.',
        ),
        (
            {"Criterion": "unused"},
            'Criterion is "unused"; give SETUP_UNUSED, UNUSED or SETUP.',
        ),
        ({"ReportUnchanged": "yes"}, 'ReportUnchanged is "yes"; give true or false.'),
        (
            {"Grace": "1"},
            "Grace is not a parameter of this rule; those are Criterion, SetupWindowSeconds,"
            " GraceHours, QuarantineDays, MaxExceptionDays, ReportUnchanged, ProcessCheckRule.",
        ),
    ],
)
def test_a_faulty_parameter_is_named_with_its_value_and_what_is_allowed(
    given: dict[str, object], fault: str
) -> None:
    with pytest.raises(InvalidParameters) as caught:
        parse_parameters(given)
    assert str(caught.value) == fault


def test_all_faulty_parameters_are_named_at_once() -> None:
    with pytest.raises(InvalidParameters) as caught:
        parse_parameters({"GraceHours": "x", "QuarantineDays": "0"})
    assert str(caught.value) == (
        'GraceHours is "x"; give a whole number of hours from 0 to 720.'
        ' QuarantineDays is "0"; give a whole number of days from 1 to 365.'
    )


def test_parameters_come_as_text_or_as_the_json_value_that_says_the_same() -> None:
    assert parse_parameters({"GraceHours": 720, "ReportUnchanged": True}) == parse_parameters(
        {"GraceHours": "720", "ReportUnchanged": "true"}
    )
    assert parse_parameters({}) == Policy(
        criterion="SETUP_UNUSED",
        setup_window=timedelta(seconds=300),
        grace=timedelta(hours=4),
        quarantine=timedelta(days=7),
        max_exception=timedelta(days=90),
        report_unchanged=False,
    )


def test_only_true_reports_what_is_unchanged() -> None:
    assert policy(ReportUnchanged="true").report_unchanged
    assert not policy(ReportUnchanged="false").report_unchanged


def test_times_are_written_in_utc_to_the_second() -> None:
    elsewhere = timezone(timedelta(hours=2))
    assert utc(datetime(2026, 1, 1, 2, 0, 1, 999999, tzinfo=elsewhere)) == "2026-01-01T00:00:01Z"


@pytest.mark.parametrize(
    ("facts", "standing"),
    [
        pytest.param(
            user(key(status="Inactive"), tags=begun(NOW)),
            Standing.TO_FINISH,
            id="a quarantine that began this very second has begun",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=quarantined(CREATED)),
            Standing.TO_DELETE,
            id="a quarantine may have begun in the second of the key's creation",
        ),
        pytest.param(
            user(key(), tags=quarantined(NOW - 7 * DAY - timedelta(hours=4))),
            Standing.TO_QUARANTINE,
            id="a key made Active again is judged from the last second of the grace on",
        ),
        pytest.param(
            user(key(), tags=quarantined(NOW - 7 * DAY - timedelta(hours=4, seconds=-1))),
            Standing.REACTIVATED,
            id="and not a second before",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=begun(NOW + timedelta(seconds=300))),
            Standing.TO_FINISH,
            id="clocks may differ by five minutes",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=quarantined(NOW - DAY, NOW + 364 * DAY)),
            Standing.IN_QUARANTINE,
            id="a quarantine may last 365 days",
        ),
        pytest.param(
            user(key(status="Inactive"), tags=begun(CREATED) | {"x": "y"}),
            Standing.TO_FINISH,
            id="other tags do not matter",
        ),
    ],
)
def test_standing_at_the_edges(facts: User, standing: Standing) -> None:
    (stands,) = judge(facts, policy(), NOW).keys
    assert stands.standing is standing


def test_digits_of_other_scripts_are_no_time_of_ours() -> None:
    tags = {f"no-setup-access-key:quarantined:{ID}": "٢٠٢٦-01-02T00:00:00Z started"}
    (stands,) = judge(user(key(status="Inactive"), tags=tags), policy(), NOW).keys
    assert stands.standing is Standing.NOT_OURS


def test_a_waiting_key_with_an_invalid_tag_says_so() -> None:
    tags = {f"no-setup-access-key:quarantined:{ID}": "?"}
    verdict = judge(user(key(), tags=tags), policy(), CREATED)
    assert verdict.annotation == (
        f"{BORN}: AWS has no use of it on record yet; not judged before 2026-01-01T04:00:00Z. Its"
        " quarantine tag is invalid: its value is not of the known form."
    )


def test_a_long_owner_and_a_long_date_are_cut() -> None:
    accepted = judge(user(key(), tags=excepted(UNTIL_TOMORROW, "o" * 81)), policy(), NOW)
    assert accepted.annotation == (
        f"The risk is accepted by {'o' * 77}... until the end of 2026-03-03: access key {KEY}."
    )
    refused = judge(user(key(), tags=excepted("x" * 21)), policy(), NOW)
    assert refused.annotation == (
        f'{FINDING} Invalid exception: expires "{"x" * 17}..." is no date (YYYY-MM-DD).'
    )


def test_an_exception_of_two_keys_with_long_names_still_names_both() -> None:
    both = user(key(), key(id=OTHER_ID), tags=excepted(UNTIL_TOMORROW, "o" * 81))
    verdict = judge(replace(both, name="n" * 64), policy(), NOW)
    assert verdict.annotation == (
        f"The risk is accepted until the end of 2026-03-03: access keys {ID} and {OTHER_ID} of"
        f" {'n' * 64}."
    )


def test_what_aws_and_an_older_release_read_is_spelled_as_they_read_it() -> None:
    assert [COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE] == [
        "COMPLIANT",
        "NON_COMPLIANT",
        "NOT_APPLICABLE",
    ]
    start, end = CREATED, CREATED + 7 * DAY
    assert [
        describe_started(start),
        describe_started(start, again=True),
        describe_until(start, end),
        describe_until(start, end, again=True),
    ] == [
        "2026-01-01T00:00:00Z started",
        "2026-01-01T00:00:00Z started again",
        "2026-01-01T00:00:00Z until 2026-01-08T00:00:00Z",
        "2026-01-01T00:00:00Z until 2026-01-08T00:00:00Z again",
    ]
    with pytest.raises(AttributeError):
        judge(user(), policy(), NOW).compliance = "X"  # type: ignore[misc]


def test_two_keys_and_an_invalid_exception_share_an_annotation_in_its_shortest_form() -> None:
    long_name = {"No-Setup-Access-Key:Exception-Expires": "x", OWNER: "o", REASON: "r"}
    both = replace(user(key(), key(id=OTHER_ID), tags=long_name), name="a" * 64)
    assert judge(both, policy(), NOW).annotation == (
        f"Offending access keys of {'a' * 64}: {ID} and {OTHER_ID}. Invalid exception:"
        " No-Setup-Access-Key:Exception-Expires is not in lower case."
    )
    slots = user(key(id="access key 1"), key(id="access key 2"), tags=excepted(UNTIL_TOMORROW))
    assert judge(slots, policy(), NOW).annotation == (
        "The risk is accepted by team-payments until the end of 2026-03-03: access keys 1 and 2 of"
        " alice."
    )


def test_two_remarkable_keys_share_an_annotation_of_whole_sentences() -> None:
    tags = quarantined(NOW - 7 * DAY) | quarantined(NOW - 7 * DAY, id=OTHER_ID)
    used = (key(status="Inactive", used=USED), key(status="Inactive", used=USED, id=OTHER_ID))
    since = "in quarantine since 2026-02-23T00:00:00Z, but AWS has a use of it on record."
    assert judge(user(*used, tags=tags), policy(), NOW).annotation == (
        f"Access key {KEY}: {since} Access key {OTHER}: {since}"
    )


def test_an_annotation_of_exactly_256_characters_is_not_shortened() -> None:
    assert fit("x" * 256, "short") == "x" * 256
    assert fit("x" * 257, "short") == "short"
    assert fit("x" * 300, "y" * 257) == "y" * 253 + "..."


def test_every_verdict_tells_how_each_key_stands() -> None:
    two = (key(), key(status="Expired", id=OTHER_ID))
    standings = {
        COMPLIANT: [Standing.IN_USE, Standing.EXPIRED],
        NON_COMPLIANT: [Standing.TO_QUARANTINE, Standing.EXPIRED],
    }
    for facts in (
        user(key(used=USED), two[1]),
        user(*two),
        user(*two, tags=excepted(UNTIL_TOMORROW)),
    ):
        verdict = judge(facts, policy(), NOW)
        offending = NON_COMPLIANT if verdict.offending else COMPLIANT
        assert [each.standing for each in verdict.keys] == standings[offending]
    assert judge(user(*two, password=False), policy(), NOW).keys == ()


@pytest.mark.parametrize(
    ("keys", "rules", "needed"),
    [
        ((), policy(), False),
        ((key(used=USED),), policy(), False),
        ((key(used=USED),), SETUP, True),
        ((key(after=301),), policy(), False),
        ((key(after=301),), UNUSED, True),
        ((key(after=301, used=NOT_READ),), SETUP, False),
        ((key(),), policy(), True),
        ((key(status="Inactive", used=NOT_READ),), policy(), True),
        ((key(status="Expired", used=NOT_READ),), UNUSED, False),
        ((key(used=USED), key(status="Inactive", id=OTHER_ID)), policy(), True),
    ],
)
def test_tags_are_needed_when_a_key_may_offend_or_be_in_quarantine(
    keys: tuple[Key, ...], rules: Policy, needed: bool
) -> None:
    assert needs_tags(user(*keys), rules) is needed


moments = st.integers(0, 200 * 86400).map(lambda after: CREATED + timedelta(seconds=after))
enemy_tags = st.builds(
    lambda start, days, again: describe_until(start, start + days * DAY, again),
    moments,
    st.integers(-400, 3_000),
    st.booleans(),
)
tag_values = st.one_of(
    enemy_tags,
    st.text("untilsared0123456789TZ:- ", max_size=60),
    moments.map(lambda start: f"{utc(start)} started"),
    st.tuples(moments, moments).map(lambda pair: f"{utc(pair[0])} until {utc(pair[1])}"),
)
keys = st.builds(
    Key,
    id=st.sampled_from([ID, OTHER_ID]),
    created=moments,
    status=st.sampled_from(["Active", "Inactive", "Expired"]),
    last_used=st.none() | moments,
)
users = st.builds(
    lambda name, password, keys, tags: replace(
        user(*keys, password=password, tags=tags), name=name
    ),
    st.sampled_from(["alice", "ben.idle", "a." * 32, "x" * 128]),
    st.booleans(),
    st.lists(keys, max_size=2, unique_by=lambda key: key.id),
    st.dictionaries(
        st.sampled_from(
            [OWNER, EXPIRES, REASON, OWNER.upper()]
            + [f"no-setup-access-key:quarantined:{id}" for id in (ID, OTHER_ID)]
        ),
        tag_values | st.text("a1- é", max_size=256) | moments.map(lambda at: str(at.date())),
    ),
)
policies = st.builds(
    lambda criterion, window, grace, days: policy(
        Criterion=criterion, SetupWindowSeconds=window, GraceHours=grace, QuarantineDays=days
    ),
    st.sampled_from(["SETUP_UNUSED", "UNUSED", "SETUP"]),
    st.integers(0, 86400),
    st.integers(0, 720),
    st.integers(1, 365),
)


@given(users, policies, moments)
def test_every_annotation_is_a_sentence_that_put_evaluations_takes_and_names_the_offending_keys(
    facts: User, rules: Policy, now: datetime
) -> None:
    verdict = judge(facts, rules, now)
    assert 1 <= len(verdict.annotation) <= 256
    assert verdict.annotation.endswith(".")
    assert not verdict.annotation.endswith("...")
    for offending in verdict.offending:
        assert offending.id in verdict.annotation
        assert f" of {facts.name}" in verdict.annotation


@given(users, policies, moments)
def test_a_used_key_is_offending_only_under_setup_and_never_to_be_acted_on(
    facts: User, rules: Policy, now: datetime
) -> None:
    for each in judge(facts, rules, now).keys:
        if each.key.last_used is not None and each.offending:
            assert (rules.criterion, each.standing) == ("SETUP", Standing.USED_AT_SETUP)


@given(users, policies, moments)
def test_an_inactive_key_offends_only_with_a_tag_of_the_known_form(
    facts: User, rules: Policy, now: datetime
) -> None:
    form = re.compile(r"[\dT:Z-]{20} (started|until [\dT:Z-]{20})( again)?")
    for each in judge(facts, rules, now).keys:
        if each.key.status == "Inactive" and each.offending:
            assert facts.tags is not None
            assert form.fullmatch(facts.tags[f"no-setup-access-key:quarantined:{each.key.id}"])


@pytest.mark.parametrize("second", [0, 1], ids=["created together", "created one by one"])
def test_two_offending_keys_are_named_the_older_first_and_else_by_id(second: int) -> None:
    first, other = key(), key(second, id=OTHER_ID)
    for order in ((first, other), (other, first)):
        verdict = judge(user(*order), policy(), NOW)
        assert [each.id for each in verdict.offending] == [ID, OTHER_ID]
        assert verdict.annotation.index(ID) < verdict.annotation.index(OTHER_ID)


@given(users, policies, moments)
def test_the_order_in_which_aws_names_the_keys_does_not_matter(
    facts: User, rules: Policy, now: datetime
) -> None:
    orders = itertools.permutations(facts.keys)
    verdicts = {
        (verdict.compliance, verdict.annotation)
        for order in orders
        for verdict in [judge(replace(facts, keys=order), rules, now)]
    }
    assert len(verdicts) == 1


@given(users, policies, moments, st.integers(1, 86400 * 30))
def test_a_sentence_changes_only_with_the_standing_or_the_exception(
    facts: User, rules: Policy, now: datetime, later: int
) -> None:
    first, second = judge(facts, rules, now), judge(facts, rules, now + timedelta(seconds=later))
    same_day = now.date() == (now + timedelta(seconds=later)).date()
    standings = [[each.standing for each in verdict.keys] for verdict in (first, second)]
    faults = [[each.sentence for each in verdict.keys] for verdict in (first, second)]
    if same_day and standings[0] == standings[1] and faults[0] == faults[1]:
        assert (first.compliance, first.annotation) == (second.compliance, second.annotation)


PURE = [
    "counted",
    "day",
    "decision",
    "exception_tags",
    "facts",
    "parameters",
    "quarantine",
    "sentences",
    "standing",
]


@pytest.mark.parametrize("name", PURE)
def test_what_a_verdict_takes_is_pure(name: str) -> None:
    source = (ROOT / "rule" / f"{name}.py").read_text()
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    ours = {f"rule.{each}" for each in PURE}
    assert imported - ours <= {"re", "collections.abc", "dataclasses", "datetime", "enum"}
    assert ".now(" not in source.replace("now.date(", "")
