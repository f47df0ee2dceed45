"""A report as a person or a program reads it: table, JSON or CSV."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TextIO

from rollout.errors import Refused
from rollout.findings.evaluation import UnreadAccount
from rollout.findings.finding import Finding, State, read_finding, tell_until, tell_user
from rollout.findings.html import write_html
from rollout.findings.survey import Survey
from rollout.names import name_program
from rollout.output.spreadsheet import write_cells
from rollout.output.tables import Column, open_console, write_lines, write_table
from rule import __version__
from rule.counted import count, count_of
from rule.facts import utc

WHO = (
    Column("ACCOUNT", identifies=True),
    Column("USER", identifies=True),
    Column("KEY", identifies=True),
)
SUMS = (
    Column("UNIT", identifies=True),
    *(
        Column(name, right=True)
        for name in ("ACCOUNTS", "USERS", "FINDINGS", "WAITING", "QUARANTINE", "EXCEPTIONS")
    ),
)
ROWS = (Column("#", identifies=True, right=True), *WHO, Column("CREATED"), Column("WHY FIRST"))
REST = (Column("STATE"), *WHO, Column("UNTIL"), Column("OWNER"))
COLUMNS = (
    "account",
    "account_name",
    "unit",
    "user",
    "user_id",
    "key",
    "created",
    "state",
    "until",
    "owner",
    "why_first",
    "sentence",
)
FORM = "report"
"""What the JSON says it is, so that --since takes nothing else."""


def write_report(survey: Survey, form: str, everything: bool, out: TextIO) -> None:
    """Write the report; the table has the other states' keys only for `everything`."""
    if form == "json":
        json.dump(describe_survey(survey), out, indent=2)
        out.write("\n")
    elif form == "csv":
        write_survey_csv(survey, out)
    elif form == "html":
        out.write(write_html(survey, next(tell_end(survey))))
    else:
        write_tables(survey, everything, out)


def describe_survey(survey: Survey) -> dict[str, Any]:
    """Return the JSON object (docs/operate/report.md has the form)."""
    since = survey.since
    return {
        "form": FORM,
        "version": __version__,
        "time": utc(survey.time),
        "source": survey.source,
        "organization": survey.organization or None,
        "region": survey.region,
        "caller": survey.caller,
        "parameters": dict(survey.parameters),
        "units": [asdict(each) for each in survey.sums],
        "accounts": [
            {
                "account": each.id,
                "account_name": each.name,
                "unit": survey.units.get(each.unit, ""),
                "users": survey.held[each.id].users,
                "last_judged": utc(judged) if (judged := survey.held[each.id].judged) else None,
            }
            for each in survey.accounts
            if each.id in survey.held
        ],
        "not_read": [describe_missing(each) for each in survey.not_read],
        "stale": [describe_missing(each) for each in survey.stale],
        "notes": list(survey.notes),
        "findings": [each.describe() for each in survey.findings],
        "since": None
        if since is None
        else {
            "time": since.time,
            "new": [each.describe() for each in since.new],
            "gone": [each.describe() for each in since.gone],
            "still": since.still,
            "not_known": since.not_known,
        },
    }


def describe_missing(missing: UnreadAccount) -> dict[str, str]:
    """Return an account that was not read, or not judged lately."""
    return {
        "account": missing.account.id,
        "account_name": missing.account.name,
        "why": missing.why,
    }


def read_earlier_report(name: str, content: bytes) -> tuple[str, list[Finding]]:
    """Return time and findings of an earlier report in JSON. Raises Refused."""
    try:
        told = json.loads(content)
        if told["form"] != FORM:
            raise ValueError(told["form"])
        return str(told["time"]), [read_finding(each) for each in told["findings"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            f"{name} is no report: give what {name_program()} report --format json has written."
        ) from error


def write_survey_csv(survey: Survey, out: TextIO) -> None:
    """Write one line a finding under a header, and one for each account that was not read."""
    rows = [list(COLUMNS)]
    for each in survey.findings:
        told = each.describe() | {"why_first": ", ".join(each.reasons)}
        rows.append([told[column] for column in COLUMNS])
    for missing in survey.not_read:
        told = describe_missing(missing) | {"state": "not read", "sentence": missing.why}
        rows.append([told.get(column, "") for column in COLUMNS])
    write_cells(out, rows)


def write_tables(survey: Survey, everything: bool, out: TextIO) -> None:
    """Write head, sums by unit, findings worst first, and what comes next."""
    write_lines(out, tell_survey_head(survey))
    out.write("\n")
    sums = [
        [each.unit, *(f"{number:,}" for number in list(asdict(each).values())[1:])]
        for each in survey.sums
    ]
    console = open_console(out)
    write_table(console, SUMS, sums)
    findings = survey.in_state(State.FINDING)
    if findings:
        out.write("\n")
        rows = [[str(at), *tell_row(each)] for at, each in enumerate(findings, 1)]
        write_table(console, ROWS, rows)
    others = [each for each in survey.findings if each.state is not State.FINDING]
    if everything and others:
        out.write("\n")
        write_table(
            console,
            REST,
            [
                [each.state.value, each.place, tell_user(each), each.key, until, each.owner]
                for each in others
                for until in [tell_until(each.until)]
            ],
        )
    for title, missing in (("not read", survey.not_read), ("stale", survey.stale)):
        write_lines(out, (f"{title}: {each.account}: {each.why}" for each in missing))
    write_lines(out, tell_end(survey))


def tell_survey_head(survey: Survey) -> Iterator[str]:
    """Yield where the results come from, and when."""
    where = f"organization {survey.organization}, " if survey.organization else ""
    yield f"{where}{survey.region}, as {survey.caller}, at {utc(survey.time)}"
    yield f"source: {survey.source}"
    if survey.parameters:
        yield ", ".join(f"{name}={value}" for name, value in survey.parameters.items())


def tell_row(finding: Finding) -> list[str]:
    """Return a finding's cells after its number."""
    created = f"{finding.created:%Y-%m-%d}" if finding.created else ""
    return [finding.place, tell_user(finding), finding.key, created, ", ".join(finding.reasons)]


def tell_end(survey: Survey) -> Iterator[str]:
    """Yield the sum in a sentence, and the next command."""
    findings, total = len(survey.in_state(State.FINDING)), len(survey.accounts)
    parts = [f"{count(findings, 'finding')} in {count_of(survey.affected, total, 'account')}"]
    for number, what in ((len(survey.not_read), "not read"), (len(survey.stale), "stale")):
        if number:
            parts.append(f"{count(number, 'account')} {what}")
    unknown = len(survey.in_state(State.UNKNOWN))
    if unknown:
        results = count(unknown, "result")
        parts.append(f"{results} of another version of the rule, not understood")
    since = ""
    if survey.since:
        since = (
            f" Since {survey.since.time[:10]}: {len(survey.since.new)} new,"
            f" {len(survey.since.gone)} gone."
        )
        if survey.since.not_known:
            since += f" {survey.since.not_known} in accounts that were not read now."
    yield f"{', '.join(parts)}.{since}"
    yield from survey.notes
    if findings:
        yield f"Next: {name_program()} remediate --batch 10 --dry-run"
