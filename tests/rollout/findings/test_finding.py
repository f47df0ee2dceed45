"""One finding, whatever it is made from: its state, its order, and its way through JSON."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from rollout.findings.finding import (
    ADMINISTRATOR,
    NO_MFA,
    PRODUCTION,
    Finding,
    State,
    find,
    order,
    read_finding,
)
from rule.decision import COMPLIANT, NON_COMPLIANT

KEY = "AKIAEXAMPLE000000001"
CREATED = datetime(2026, 4, 1, 8, tzinfo=UTC)
HEAD = f"Access key {KEY} was created at 2026-04-01T08:00:00Z, its user at 2026-04-01T07:59:58Z: "
UNUSED = f"{HEAD}AWS has no use of it on record. Make it inactive, then delete it."
END = datetime(2026, 9, 8, 12, tzinfo=UTC)


def finding(**changes: object) -> Finding:
    base = Finding(
        "333300000001", "shop", "production", "ben", "AIDABEN", KEY, CREATED, State.FINDING, None,
        "", UNUSED,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("compliance", "sentence", "expected"),
    [
        (NON_COMPLIANT, UNUSED, finding()),
        (
            COMPLIANT,
            f"{HEAD}in quarantine until 2026-09-08T12:00:00Z.",
            finding(state=State.QUARANTINE, until=END),
        ),
        (
            COMPLIANT,
            f"{HEAD}AWS has no use of it on record yet; not judged before 2026-09-08T12:00:00Z.",
            finding(state=State.WAITING, until=END),
        ),
        (
            COMPLIANT,
            f"The risk is accepted by team-payments until the end of 2026-12-31: access key {KEY}.",
            finding(
                state=State.EXCEPTION, until=date(2026, 12, 31), owner="team-payments", created=None
            ),
        ),
        (NON_COMPLIANT, f"Offending access keys: {KEY}. x", finding(created=None)),
        (NON_COMPLIANT, "Of another version.", finding(key="", created=None)),
        (COMPLIANT, "Of another version.", finding(key="", created=None, state=State.UNKNOWN)),
        (COMPLIANT, "Every active access key is in use.", None),
        (COMPLIANT, f"{HEAD}never used, but no setup key; Criterion UNUSED would report it.", None),
    ],
)
def test_a_result_becomes_the_finding_that_its_sentence_tells(
    compliance: str, sentence: str, expected: Finding | None
) -> None:
    found = find(
        compliance,
        sentence,
        account="333300000001",
        account_name="shop",
        unit="production",
        user="ben",
        user_id="AIDABEN",
    )
    assert found == ((replace(expected, sentence=sentence),) if expected else ())
    for each in found:
        assert read_finding(json.loads(json.dumps(each.describe()))) == each


def test_production_comes_first_then_rights_then_mfa_then_age() -> None:
    later = CREATED + timedelta(days=1)
    ranked = [
        finding(user="a", reasons=(PRODUCTION, ADMINISTRATOR)),
        finding(user="b", reasons=(PRODUCTION, NO_MFA)),
        finding(user="c", reasons=(PRODUCTION,)),
        finding(user="d", reasons=(ADMINISTRATOR, NO_MFA), created=later),
        finding(user="e", reasons=(NO_MFA,)),
        finding(user="f"),
        finding(user="g", created=later),
        finding(user="h", created=None),
        finding(user="i", state=State.WAITING, reasons=(PRODUCTION,)),
        finding(user="j", state=State.QUARANTINE),
        finding(user="k", state=State.EXCEPTION),
    ]
    assert order(reversed(ranked)) == ranked


def test_an_exception_is_good_through_its_last_day() -> None:
    excepted = finding(state=State.EXCEPTION, until=date(2026, 9, 8))
    assert not excepted.is_over(datetime(2026, 9, 8, 23, 59, 59, tzinfo=UTC))
    assert excepted.is_over(datetime(2026, 9, 9, tzinfo=UTC))
    assert finding(until=END).is_over(END)
    assert not finding().is_over(END)
