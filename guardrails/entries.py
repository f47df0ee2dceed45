"""Entries of a TOML file reviewed in git: who accepts what, until which day, and why.

One table an entry, as in [[exemption]] and [[exception]]. Every fault is told, with the line on
which its entry begins; whoever reads a file that has one does not use it at all.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

MOST_ENTRY_BYTES = 1_000_000
"""Of a file: some five thousand entries."""
MOST_FAULTS = 50
"""That are told; the rest are counted."""
EXPIRES = "expires"
UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""Categories of characters that do not show, or change how others do."""


class Unusable(Exception):
    """A file cannot be used; the text has a line for each fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        rest = len(faults) - MOST_FAULTS
        told = [*faults[:MOST_FAULTS], *([f"and {rest} more."] if rest > 0 else [])]
        super().__init__("\n".join(told))


@dataclass(frozen=True)
class Entry:
    """One entry of the right form: its texts, its last day, and where it stands."""

    texts: Mapping[str, str]
    expires: date
    where: str
    line: int
    """On which it begins; 1 where that is not certain."""


def read_entries(
    files: Iterable[tuple[str, bytes]], table: str, texts: Sequence[str]
) -> tuple[list[Entry], list[str]]:
    """Return the entries of files, by name and content, and every fault with file and line."""
    entries, faults = list[Entry](), list[str]()
    for name, content in files:
        found = _read_tables(content, table)
        if isinstance(found, str):
            faults.append(f"{name}: {found}")
            continue
        tables, others, lines = found
        faults += [f"{name}: {each!r} is unknown; it holds [[{table}]] alone." for each in others]
        for number, each in enumerate(tables):
            line = lines[number] if len(lines) == len(tables) else 0
            where = f"{name}:{line}" if line else f"{name}, entry {number + 1}"
            if not isinstance(each, dict):
                faults.append(f"{where}: write [[{table}]] and one line for each of its fields.")
            elif wrong := find_entry_faults(each, texts):
                faults += [f"{where}: {fault}" for fault in wrong]
            else:
                stripped = {text: each[text].strip() for text in texts}
                entries.append(Entry(stripped, each[EXPIRES], where, line or 1))
    return entries, faults


def _read_tables(content: bytes, table: str) -> tuple[list[Any], list[str], list[int]] | str:
    """Return the tables of a file, its other names, and the lines of the tables; or a fault."""
    if len(content) > MOST_ENTRY_BYTES:
        return f"it is larger than {MOST_ENTRY_BYTES:,} bytes; split it."
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "it is not in UTF-8."
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError: TOMLDecodeError is one, and so is a number of too many digits.
        return f"it is no TOML: {' '.join(str(error).split())}."
    tables = document.pop(table, [])
    if not isinstance(tables, list):
        return f"write [[{table}]] with two brackets."
    begins = re.compile(rf"\s*\[\[\s*[\"']?{table}[\"']?\s*\]\]")
    lines = [at for at, line in enumerate(text.split("\n"), 1) if begins.match(line)]
    return tables, list(document), lines


def find_entry_faults(entry: Mapping[str, Any], texts: Sequence[str]) -> list[str]:
    """Return what is wrong with the form of one entry."""
    fields = (*texts, EXPIRES)
    faults = [
        f"{name!r} is unknown; an entry has {', '.join(fields)}."
        for name in entry
        if name not in fields
    ]
    for name in texts:
        value = entry.get(name)
        if name not in entry:
            faults.append(f"{name} is missing.")
        elif not isinstance(value, str) or not value.strip():
            faults.append(f"{name} is a text in quotes that is not empty.")
        elif hidden := [each for each in value if unicodedata.category(each) in UNSEEN]:
            faults.append(f"{name} has U+{ord(hidden[0]):04X}, a character that does not show.")
    expires = entry.get(EXPIRES)
    if EXPIRES not in entry:
        faults.append("expires is missing.")
    elif isinstance(expires, datetime) or not isinstance(expires, date):
        faults.append("expires is a date without quotes, such as 2026-12-31.")
    return faults
