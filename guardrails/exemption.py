"""Accepted findings in Terraform plans: by resource address, with owner, reason and expiry date.

A plan has no comments, so they stand in a TOML file of their own. An entry is good through the end
of its day, UTC; one that has expired is a finding itself, so that nobody forgets it.
"""

import tomllib
from datetime import date, datetime
from typing import Any, NamedTuple

from guardrails.finding import Acceptance, Accepted, Finding, Unreadable
from guardrails.scan import Scan

_FIELDS = ("address", "owner", "reason", "expires")


class Exemption(NamedTuple):
    """One accepted access key; `line` is where its address stands in the file."""

    address: str
    owner: str
    reason: str
    expires: date
    line: int


def read_exemptions(content: bytes) -> list[Exemption]:
    """Return the entries of an exemption file; raise Unreadable for one that is not complete."""
    try:
        text = content.decode()
        document = tomllib.loads(text)
    except ValueError as error:
        raise Unreadable(f"it is no TOML: {error}") from error
    entries = document.pop("exemption", [])
    if document or not isinstance(entries, list):
        raise Unreadable("it holds something else than [[exemption]] entries")
    exemptions = [_read_entry(number, entry, text) for number, entry in enumerate(entries, 1)]
    addresses = [exemption.address for exemption in exemptions]
    for address in addresses:
        if addresses.count(address) > 1:
            raise Unreadable(f"{address} has more than one entry; keep one")
    return exemptions


def _read_entry(number: int, entry: Any, text: str) -> Exemption:
    if not isinstance(entry, dict):
        raise Unreadable(f"entry {number} is no [[exemption]] with {', '.join(_FIELDS)}")
    for name in entry.keys() - set(_FIELDS):
        raise Unreadable(f"entry {number} has {name!r}; it may have {', '.join(_FIELDS)}")
    for name in _FIELDS[:-1]:
        if not isinstance(entry.get(name), str) or not entry[name].strip():
            raise Unreadable(f"entry {number} needs {name}, a text that is not empty")
    expires = entry.get("expires")
    if isinstance(expires, datetime) or not isinstance(expires, date):
        raise Unreadable(f"entry {number} needs expires, a date without quotes such as 2026-12-31")
    lines = text.splitlines()
    starts = [at for at, line in enumerate(lines, 1) if line.strip().startswith("[[exemption]]")]
    line = starts[number - 1] if number <= len(starts) else 1
    return Exemption(entry["address"], entry["owner"], entry["reason"], expires, line)


def exempt(result: Scan, exemptions: list[Exemption], today: date) -> None:
    """Move the findings that somebody has accepted to those accepted."""
    valid = {entry.address: entry for entry in exemptions if entry.expires >= today}
    left = []
    for finding in result.findings:
        entry = valid.get(finding.key)
        # The logical id of a template's key has no dot, so no entry can name it.
        if entry is None or "." not in finding.key:
            left.append(finding)
        else:
            acceptance = Acceptance(entry.owner, entry.expires, entry.reason)
            result.accepted.append(Accepted(finding, acceptance))
    result.findings = left


def find_expired(exemptions: list[Exemption], file: str, today: date) -> list[Finding]:
    """Return a finding for each entry whose day is over."""
    return [
        Finding(
            file,
            entry.line,
            "",
            entry.address,
            f"The exemption of {entry.address}, owned by {entry.owner}, expired on"
            f" {entry.expires}. Remove the key and the entry, or agree on a new date.",
        )
        for entry in exemptions
        if entry.expires < today
    ]
