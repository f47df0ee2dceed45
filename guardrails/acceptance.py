"""The three things that an acceptance needs, wherever it is written: owner, until, reason.

In a template they stand in the key's Metadata, in Terraform source in a comment on the block, in a
file of exemptions under an address. It is good through the end of its day, UTC.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from guardrails.judgement import Acceptance, FileFinding
from rule.day import parse_day

METADATA = "no-setup-access-key"
_FIELDS = ("owner", "until", "reason")


def read_acceptance(fields: Mapping[Any, Any]) -> Acceptance:
    """Return a whole acceptance; raise ValueError with what is wrong with it."""
    for name in fields.keys() - set(_FIELDS):
        raise ValueError(f'it has "{name}"; it may have {", ".join(_FIELDS)}')
    for name in ("owner", "reason"):
        if not isinstance(fields.get(name), str) or not fields[name].strip():
            raise ValueError(f"it needs {name}, a text that is not empty")
    until = fields.get("until")
    if isinstance(until, datetime) or not isinstance(until, date):
        until = parse_day(str(until))
    if until is None:
        raise ValueError("it needs until, a date such as 2026-12-31")
    return Acceptance(str(fields["owner"]), until, str(fields["reason"]))


def judge_acceptance(
    finding: FileFinding, fields: Any, today: date
) -> tuple[FileFinding | None, Acceptance | None]:
    """Return the finding with why it is not accepted, or else the acceptance."""
    try:
        if not isinstance(fields, Mapping):
            raise ValueError(f"it needs {', '.join(_FIELDS)}")
        acceptance = read_acceptance(fields)
    except ValueError as error:
        return _explain(finding, f"Its acceptance does not count: {error}."), None
    if acceptance.until < today:
        ended = f"Its acceptance by {acceptance.owner} ended on {acceptance.until}."
        return _explain(finding, ended), None
    return None, acceptance


def _explain(finding: FileFinding, why: str) -> FileFinding:
    return finding._replace(message=f"{finding.message} {why}")
