"""Accepted findings in Terraform plans: by resource address, with owner, reason and expiry date.

A plan has no comments, so they stand in a TOML file of their own. An entry is good through the end
of its day, UTC; one that has expired is a finding itself, so that nobody forgets it.
"""

from datetime import date
from typing import NamedTuple

from guardrails.entries import Entry, Unusable, read_entries
from guardrails.judgement import Acceptance, Accepted, FileFinding
from guardrails.scan import Scan

_TEXTS = ("address", "owner", "reason")


class Exemption(NamedTuple):
    """One accepted access key; `line` is where its address stands in the file."""

    address: str
    owner: str
    reason: str
    expires: date
    line: int


def read_exemptions(file: str, content: bytes) -> list[Exemption]:
    """Return the entries of an exemption file. Raises Unusable, which names every fault."""
    entries, faults = read_entries([(file, content)], "exemption", _TEXTS)
    first = dict[str, Entry]()
    for each in entries:
        there = first.setdefault(each.texts["address"], each)
        if there is not each:
            address = each.texts["address"]
            faults.append(
                f"{each.where}: {address} has an entry at {there.where} already; keep one."
            )
    if faults:
        raise Unusable(faults)
    return [Exemption(expires=each.expires, line=each.line, **each.texts) for each in entries]


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


def find_expired(exemptions: list[Exemption], file: str, today: date) -> list[FileFinding]:
    """Return a finding for each entry whose day is over."""
    return [
        FileFinding(
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
