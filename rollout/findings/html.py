"""A report as one self-contained page: no script, nothing loaded, everything escaped.

What a page shows is made here, as plain values; the template (report.html.j2) only lays them out.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template

from rollout.findings.finding import Finding, State, tell_until, tell_user
from rollout.findings.survey import Survey, UnitSum
from rollout.names import name_program
from rule import __version__
from rule.counted import count
from rule.facts import utc

CIS = "1.21 (v1.2), 1.11 (v1.3 to v4.0), 1.10 (v5.0), 2.10 (v6.0); gone in v7.0"
"""The numbers that the control has had (docs/audit.md)."""
NAMES = {
    State.FINDING.value: "findings",
    State.WAITING.value: "waiting",
    State.QUARANTINE.value: "in quarantine",
    State.EXCEPTION.value: "exceptions",
}
UNTIL_IS = {
    State.FINDING: "Exception ended",
    State.WAITING: "Not judged before",
    State.QUARANTINE: "In quarantine until",
    State.EXCEPTION: "Accepted until the end of",
}


@dataclass(frozen=True)
class Bar:
    """A part of a unit's bar, in hundredths of its width."""

    state: str
    x: float
    width: float


@cache
def read_page_template() -> Template:
    """Return the page's template; what is undefined is an error, and every value is escaped."""
    text = (files("rollout.findings") / "report.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["count"] = count
    return environment.from_string(text)


def write_html(survey: Survey, end: str) -> str:
    """Return the page; `end` is the sum in a sentence."""
    expired = [each for each in survey.findings if is_expired(each, survey)]
    standing = [each for each in survey.in_state(State.EXCEPTION) if each not in expired]
    exceptions = sorted(expired, key=tell_day) + sorted(standing, key=tell_day)
    page = read_page_template().render(
        survey=survey,
        time=utc(survey.time),
        day=f"{survey.time:%Y-%m-%d}",
        end=end,
        findings=survey.in_state(State.FINDING),
        quarantines=survey.in_state(State.QUARANTINE),
        exceptions=[describe_exception(each, survey) for each in exceptions],
        expired=len(expired),
        bars=[describe_unit(each, survey.sums) for each in survey.sums[:-1]],
        accounts=list(describe_accounts(survey)),
        STATES=list(NAMES),
        NAMES=NAMES,
        cis=CIS,
        version=__version__,
    )
    return make_visible(page)


def make_visible(page: str) -> str:
    """Return the page with what would steer its reading (controls, turns of direction) shown."""
    return "".join(
        each if each.isprintable() or each in "\n " else f"\\u{ord(each):04x}" for each in page
    )


def is_expired(finding: Finding, survey: Survey) -> bool:
    """Has somebody's exception for this key ended?"""
    excepted = finding.state in (State.EXCEPTION, State.FINDING)
    return excepted and finding.until is not None and finding.is_over(survey.time)


def tell_day(finding: Finding) -> tuple[str, str, str]:
    """Return what exceptions are sorted by."""
    return tell_until(finding.until), finding.account, finding.user


def describe_exception(finding: Finding, survey: Survey) -> dict[str, object]:
    """Return a row of the table of exceptions."""
    return {
        "until": tell_until(finding.until),
        "is_expired": is_expired(finding, survey),
        "user": tell_user(finding),
        "place": finding.place,
        "owner": finding.owner,
    }


def describe_unit(unit: UnitSum, sums: tuple[UnitSum, ...]) -> dict[str, object]:
    """Return a unit with its bar, to the scale of the largest."""
    counts = {
        "finding": unit.findings,
        "waiting": unit.waiting,
        "quarantine": unit.quarantine,
        "exception": unit.exceptions,
    }
    most = max(
        (each.findings + each.waiting + each.quarantine + each.exceptions for each in sums[:-1]),
        default=0,
    )
    bars, at = list[Bar](), 0.0
    for state, number in counts.items():
        width = round(100 * number / most, 3) if most else 0.0
        if width:
            bars.append(Bar(state, round(at, 3), width))
        at += width
    return {
        "name": unit.unit,
        "accounts": unit.accounts,
        "users": unit.users,
        "counts": counts,
        "bars": bars,
    }


def describe_accounts(survey: Survey) -> Iterator[dict[str, object]]:
    """Yield the accounts in which something stands, in the order of their worst key."""
    by_account = dict[str, list[Finding]]()
    for each in survey.findings:
        by_account.setdefault(each.account, []).append(each)
    for keys in by_account.values():
        findings = sum(each.state is State.FINDING for each in keys)
        yield {
            "place": keys[0].place,
            "unit": keys[0].unit,
            "findings": findings,
            "others": len(keys) - findings,
            "keys": [show_finding(each) for each in keys],
        }


def show_finding(finding: Finding) -> dict[str, object]:
    """Return what the page shows of one key."""
    return {
        "user": tell_user(finding),
        "state": finding.state.value,
        "sentence": finding.sentence,
        "key": finding.key,
        "created": utc(finding.created) if finding.created else "",
        "until": tell_until(finding.until),
        "until_is": UNTIL_IS.get(finding.state, ""),
        "reasons": ", ".join(finding.reasons),
        "command": find_command(finding),
    }


def find_command(finding: Finding) -> str:
    """Return the command that comes next for this key; "" where there is none, as when it waits."""
    if not finding.user:
        return ""
    user, both = shlex.quote(finding.user), shlex.quote(f"{finding.account}/{finding.user}")
    program = name_program()
    if finding.state is State.FINDING:
        return f"{program} remediate --account {finding.account} --user {user} --dry-run"
    if finding.state is State.QUARANTINE:
        return f"{program} restore --account {finding.account} --user {user} --dry-run"
    if finding.state is State.EXCEPTION:
        return f"{program} exceptions remove {both} --dry-run"
    return ""
