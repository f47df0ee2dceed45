"""What the rule says of keys is read back by one parser, whatever the version that fitted."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest

from rule.annotations import NO_KEYS, NotUnderstood, Said, parse_annotation, parse_ended
from rule.decision import COMPLIANT, NON_COMPLIANT, judge
from rule.exception_tags import EXCEPTION_TAGS
from rule.facts import utc
from rule.quarantine import QUARANTINE_TAG
from rule.sentences import PHRASES
from rule.standing import Standing
from tests.support.facts import CREATED, ID, NOW, OTHER_ID, key, policy, user

STARTED = NOW - timedelta(days=2)
UNTIL = f"{utc(STARTED)} until {utc(STARTED + timedelta(days=7))}"
OVER = f"{utc(NOW - timedelta(days=9))} until {utc(NOW - timedelta(days=2))}"
BEGUN = f"{utc(STARTED)} started"
YOUNG_AFTER = (NOW - CREATED - timedelta(hours=1)).total_seconds()
KEYS = [
    (after, status, used, tag)
    for after, status, used, tag in product(
        (2.0, 4000.0), ("Active", "Inactive", "Expired"), (None, NOW), ("", UNTIL, OVER, BEGUN, "x")
    )
] + [(YOUNG_AFTER, "Active", None, "")]
PAIRS = [(first, None) for first in KEYS] + list(product(KEYS[::3], KEYS[::4]))
EXCEPTION = dict(
    zip(
        EXCEPTION_TAGS,
        ("o until the end of 2099-01-01: access key X.", "2026-04-01", "r"),
        strict=True,
    )
)


@pytest.mark.parametrize("criterion", ["SETUP_UNUSED", "UNUSED", "SETUP"])
def test_every_verdict_is_read_back_as_it_was_meant(criterion: str) -> None:
    seen = set[Standing]()
    for first, second in PAIRS:
        tags, keys = dict[str, str](), []
        for id, given in ((ID, first), (OTHER_ID, second)):
            if given is not None:
                after, status, used, tag = given
                keys.append(key(after, status, used, id))
                if tag:
                    tags[QUARANTINE_TAG + id] = tag
        for more in ({}, EXCEPTION):
            verdict = judge(user(*keys, tags=tags | more), policy(Criterion=criterion), NOW)
            said = parse_annotation(verdict.annotation)
            if verdict.compliance == NON_COMPLIANT:
                meant = [each for each in verdict.keys if each.offending]
            elif verdict.offending:
                assert said == tuple(
                    Said(each.id, accepted=date(2026, 4, 1), owner=EXCEPTION[EXCEPTION_TAGS[0]])
                    for each in verdict.offending
                )
                continue
            else:
                meant = [each for each in verdict.keys if each.remarkable]
            assert [each.key for each in said] == [each.key.id for each in meant]
            for read, one in zip(said, meant, strict=True):
                assert read.standing in (one.standing, None)
                assert read.created in (one.key.created, None)
                if read.standing is Standing.IN_QUARANTINE:
                    assert read.end == STARTED + timedelta(days=7)
                if read.standing is Standing.REACTIVATED:
                    assert read.end == one.tag.end
                seen |= {read.standing} if read.standing else set()
    assert seen >= {Standing.TO_FINISH, Standing.IN_QUARANTINE, Standing.QUARANTINED_USED}


def test_every_phrase_is_known_to_the_parser() -> None:
    for standing, phrase in PHRASES.items():
        times = {"start": utc(STARTED), "end": utc(NOW), "criterion": "UNUSED"}
        text = f"Access key {ID}: {phrase.format(**times)}. Delete it."
        (said,) = parse_annotation(text)
        assert said == Said(
            ID,
            standing,
            start=STARTED if "{start}" in phrase else None,
            end=NOW if "{end}" in phrase else None,
        )


def test_the_user_may_stand_in_the_sentence_by_name() -> None:
    times = f"was created at {utc(CREATED)}, the user at {utc(CREATED)}"
    text = f"Access key {ID} of a,b=c+d {times}: in use."
    assert parse_annotation(text) == (Said(ID, Standing.IN_USE, CREATED),)


def test_sentences_without_a_key_say_nothing_of_keys() -> None:
    used = key(0, used=NOW)
    for facts, parameters in [
        (user(password=False), policy()),
        (user(), policy()),
        (user(used), policy()),
        (user(key(9999)), policy(Criterion="SETUP")),
    ]:
        verdict = judge(facts, parameters, NOW)
        assert verdict.compliance != NON_COMPLIANT
        assert verdict.annotation in NO_KEYS
        assert parse_annotation(verdict.annotation) == ()


def test_two_offending_keys_that_only_fit_by_id_are_both_read() -> None:
    assert parse_annotation(f"Offending access keys: {ID} and {OTHER_ID}. x") == (
        Said(ID),
        Said(OTHER_ID),
    )


@pytest.mark.parametrize(
    "text", ["", "Something else.", f"So. Access key {ID}: in use.", COMPLIANT]
)
def test_what_the_rule_never_says_is_not_understood(text: str) -> None:
    with pytest.raises(NotUnderstood):
        parse_annotation(text)


def test_two_keys_of_a_long_name_that_only_fit_in_a_word_are_both_read() -> None:
    tags = {QUARANTINE_TAG + each: UNTIL for each in (ID, OTHER_ID)}
    keys = [key(status="Inactive", used=NOW, id=each) for each in (ID, OTHER_ID)]
    verdict = judge(replace(user(*keys, tags=tags), name="a." * 32), policy(), NOW)
    assert verdict.annotation == (
        f"Access keys of {'a.' * 32}: {ID} in quarantine, but used, {OTHER_ID} in quarantine, but"
        " used."
    )
    used = Standing.QUARANTINED_USED
    assert parse_annotation(verdict.annotation) == (Said(ID, used), Said(OTHER_ID, used))


def test_an_exception_that_has_ended_is_read_out_of_the_finding() -> None:
    ended = EXCEPTION | {EXCEPTION_TAGS[1]: "2026-02-01"}
    verdict = judge(user(key(), tags=ended), policy(), NOW)
    assert verdict.compliance == NON_COMPLIANT
    assert parse_ended(verdict.annotation) == date(2026, 2, 1)
    assert parse_ended(judge(user(key()), policy(), NOW).annotation) is None
