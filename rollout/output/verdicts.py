"""Verdicts as a person or a program reads them: table, JSON or CSV."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from rollout.findings.evaluation import COMPLIANCE_WORDS, UNKNOWN, Evaluated, Evaluation
from rollout.output.spreadsheet import write_cells
from rollout.output.tables import Cell, Column, open_console, write_lines, write_table
from rule import __version__
from rule.counted import count, count_of
from rule.decision import COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE
from rule.facts import NOT_READ, utc

EVALUATION_FORMATS = ("text", "json", "csv")
COLOURS = {
    NON_COMPLIANT: "bold red",
    UNKNOWN: "yellow",
    COMPLIANT: "green",
    NOT_APPLICABLE: "dim",
}
NARROW = 30
"""A sentence gets at least so many columns, or a line of its own."""
WHO = ("ACCOUNT", "USER")
MANY = 5
"""Accounts that the head names one by one."""


def write_verdicts(evaluation: Evaluation, form: str, everybody: bool, out: TextIO) -> None:
    """Write the verdicts, findings first; the table has the others only for `everybody`."""
    if form == "json":
        json.dump(describe_evaluation(evaluation), out, indent=2)
        out.write("\n")
    elif form == "csv":
        write_evaluation_csv(evaluation, out)
    else:
        write_for_person(evaluation, everybody, out)


def describe_evaluation(evaluation: Evaluation) -> dict[str, Any]:
    """Return the JSON object: the head, then every user (docs/evaluate.md has the form)."""
    scopes = evaluation.scopes
    alone = scopes[0] if len(evaluation.accounts) == 1 and scopes else None
    return {
        "version": __version__,
        "account": alone.account.id if alone else None,
        "region": evaluation.region or None,
        "caller": evaluation.caller or None,
        "criterion": evaluation.parameters["Criterion"],
        "parameters": evaluation.parameters,
        "as_of": utc(max(scope.as_of for scope in scopes)) if scopes else None,
        "counts": {word: evaluation.counts[word] for word in COMPLIANCE_WORDS},
        "accounts": [
            {
                "account": scope.account.id,
                "account_name": scope.account.name or None,
                "source": scope.source,
                "as_of": utc(scope.as_of),
                "as_of_by": scope.as_of_by,
                "users": len(scope.users),
            }
            for scope in scopes
        ],
        "not_read": [
            {
                "account": each.account.id,
                "account_name": each.account.name or None,
                "why": each.why,
            }
            for each in evaluation.not_read
        ],
        "suspended": [each.id for each in evaluation.suspended],
        "users": [describe_user(each) for each in evaluation.users],
    }


def describe_user(evaluated: Evaluated) -> dict[str, Any]:
    """Return one user's object."""
    user, verdict = evaluated.user, evaluated.judged.verdict
    offending = {key.id for key in verdict.offending}
    return {
        "account": evaluated.account.id,
        "account_name": evaluated.account.name or None,
        "user": user.name,
        "user_id": user.id,
        "arn": user.arn,
        "compliance": evaluated.compliance,
        "annotation": evaluated.annotation,
        "keys": [
            {
                "id": key.id,
                "created": utc(key.created),
                "active": key.status == "Active",
                # null is "never used". What no verdict depends on is not asked for, and says so.
                "last_used": (
                    key.last_used.value
                    if key.last_used is NOT_READ
                    else key.last_used and utc(key.last_used)
                ),
                "offending": key.id in offending,
            }
            for key in user.keys
        ],
    }


def write_evaluation_csv(evaluation: Evaluation, out: TextIO) -> None:
    """Write one line a user under a header, and one for each account that was not read."""
    rows = [["account", "user", "compliance", "annotation", "offending_keys"]]
    for each in evaluation.users:
        offending = ", ".join(key.id for key in each.judged.verdict.offending)
        rows.append([each.account.id, each.user.name, each.compliance, each.annotation, offending])
    rows += [
        [missing.account.id, "", UNKNOWN, f"Not read: {missing.why}", ""]
        for missing in evaluation.not_read
    ]
    write_cells(out, rows)


def write_for_person(evaluation: Evaluation, everybody: bool, out: TextIO) -> None:
    """Write a table for a person: head, findings, and how many users have which verdict."""
    write_lines(out, tell_evaluation_head(evaluation))
    users = evaluation.users
    shown = [each for each in users if everybody or each.compliance in (NON_COMPLIANT, UNKNOWN)]
    several = len(evaluation.accounts) > 1
    names = ("ACCOUNT", "USER", "COMPLIANCE", "WHY")
    rows = [(str(x.account), x.user.name, x.compliance, x.annotation) for x in shown]
    write_rows([row if several else row[1:] for row in rows], out, names[0 if several else 1 :])
    write_lines(out, (f"not read: {each.account}: {each.why}" for each in evaluation.not_read))
    if evaluation.suspended:
        named = ", ".join(map(str, evaluation.suspended))
        write_lines(out, [f"suspended, not judged: {named}"])
    hidden = len(users) - len(shown)
    rest = f" ({hidden} not shown; --all shows them)" if hidden else ""
    told = f"{count(len(users), 'user')}{tell_scope(evaluation)}: {tell_counts(evaluation)}"
    write_lines(out, [f"{told}{rest}."])


def tell_evaluation_head(evaluation: Evaluation) -> Iterator[str]:
    """Yield what was judged, by what, and as of when."""
    rest = ", ".join(
        f"{name}={value}" for name, value in evaluation.parameters.items() if name != "Criterion"
    )
    criterion = f"criterion {evaluation.parameters['Criterion']} ({rest})"
    seen = [each for each in (evaluation.region, evaluation.caller) if each]
    if len(evaluation.scopes) > MANY or not evaluation.scopes:
        yield ", ".join([count(len(evaluation.scopes), "account"), *seen])
        for by in dict.fromkeys(scope.as_of_by for scope in evaluation.scopes):
            times = [scope.as_of for scope in evaluation.scopes if scope.as_of_by == by]
            span = " to ".join(dict.fromkeys(map(utc, (min(times), max(times)))))
            yield f"as of {span} ({by})"
    for scope in evaluation.scopes if len(evaluation.scopes) <= MANY else ():
        where = ", ".join([f"account {scope.account}", *(seen or [scope.source])])
        yield f"{where}, as of {utc(scope.as_of)} ({scope.as_of_by})"
    yield criterion


def tell_scope(evaluation: Evaluation) -> str:
    """Return in how many accounts, where there is more than one."""
    total = len(evaluation.accounts)
    if total < 2:
        return ""
    missing = len(evaluation.not_read)
    told = count_of(total - missing, total, "account") if missing else count(total, "account")
    return f" in {told}"


def tell_counts(evaluation: Evaluation) -> str:
    """Return how many users have which compliance, and how many of them only wait."""
    parts = list[str]()
    for word in COMPLIANCE_WORDS:
        number = evaluation.counts[word]
        waiting = sum(each.waiting for each in evaluation.users if each.compliance == word)
        if number or word != UNKNOWN:
            parts.append(f"{number} {word}" + (f" ({waiting} waiting)" if waiting else ""))
    return ", ".join(parts)


def write_rows(
    rows: Sequence[tuple[str, ...]],
    out: TextIO,
    names: tuple[str, ...] = ("USER", "COMPLIANCE", "WHY"),
) -> None:
    """Write columns, the last of them sentences, coloured on a terminal."""
    if rows:
        columns = [Column(name, identifies=name in WHO) for name in names[:-1]]
        write_table(
            open_console(out),
            [*columns, Column(names[-1], least=NARROW)],
            [[*who, Cell(word, tone=COLOURS[word]), why] for *who, word, why in rows],
        )
