"""A file of exceptions, reviewed in git: TOML, in the form of the exemptions that `prevent` takes.

    [[exception]]
    account = "333300000001"
    user = "ben.idle"
    owner = "team-payments"
    expires = 2026-12-31
    reason = "partner goes live in December"

Every fault of a file is told, with its line; a file that has one is not used at all.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from rollout.errors import Refused
from rollout.organization.accounts import ACCOUNT_ID
from rollout.remediation.exceptions import Wanted

TABLE = "exception"
TEXTS = ("account", "user", "owner", "reason")
FIELDS = ("account", "user", "owner", "expires", "reason")


def read_exceptions(files: Iterable[tuple[str, bytes]]) -> list[Wanted]:
    """Return the entries of all files. Raises Refused, naming every fault with file and line."""
    entries, faults = list[Wanted](), list[str]()
    for name, content in files:
        try:
            text = content.decode("utf-8-sig")
            document = tomllib.loads(text)
        except UnicodeDecodeError:
            faults.append(f"{name}: it is not in UTF-8.")
            continue
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            faults.append(f"{name}: it is no TOML: {error}.")
            continue
        tables = document.pop(TABLE, [])
        faults += [f"{name}: {each!r} is unknown; it holds [[{TABLE}]] alone." for each in document]
        if not isinstance(tables, list):
            faults.append(f"{name}: write [[{TABLE}]] with two brackets.")
            continue
        lines = find_lines(text)
        for number, table in enumerate(tables):
            where = f"{name}:{lines[number]}" if len(lines) == len(tables) else name
            if not isinstance(table, dict):
                faults.append(f"{where}: write [[{TABLE}]] and one line for each of its fields.")
            elif found := [f"{where}: {each}" for each in find_faults(table)]:
                faults += found
            else:
                entries.append(make_entry(table, where))
    faults += find_doubles(entries)
    if faults:
        raise Refused("Nothing was changed:\n" + "\n".join(faults))
    return entries


def find_lines(text: str) -> list[int]:
    """Return the lines on which entries begin."""
    begins = re.compile(rf"\s*\[\[\s*[\"']?{TABLE}[\"']?\s*\]\]")
    return [number for number, line in enumerate(text.split("\n"), 1) if begins.match(line)]


def find_faults(table: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the form of one entry."""
    faults = [
        f"{name!r} is unknown; an entry has {', '.join(FIELDS)}."
        for name in table
        if name not in FIELDS
    ]
    for name in TEXTS:
        value = table.get(name)
        if name not in table:
            faults.append(f"{name} is missing.")
        elif not isinstance(value, str) or not value.strip():
            faults.append(f"{name} is a text in quotes that is not empty.")
    account = table.get("account")
    if isinstance(account, str) and account.strip() and not ACCOUNT_ID.fullmatch(account):
        faults.append(f'account is "{account}"; give the 12 digits of its number.')
    expires = table.get("expires")
    if "expires" not in table:
        faults.append("expires is missing.")
    elif isinstance(expires, datetime) or not isinstance(expires, date):
        faults.append("expires is a date without quotes, such as 2026-12-31.")
    return faults


def make_entry(table: Mapping[str, Any], where: str) -> Wanted:
    """Return an entry of the right form."""
    texts = {name: table[name].strip() for name in TEXTS}
    return Wanted(expires=table["expires"].isoformat(), where=where, **texts)


def find_doubles(entries: Iterable[Wanted]) -> list[str]:
    """Return a fault for each user that has two entries; IAM's names differ not in case alone."""
    first, faults = dict[tuple[str, str], Wanted](), list[str]()
    for each in entries:
        there = first.setdefault((each.account, each.user.lower()), each)
        if there is not each:
            user = f"{each.account}/{each.user}"
            faults.append(f"{each.where}: {user} has an entry at {there.where} already; keep one.")
    return faults


def choose_entries(
    entries: Iterable[Wanted], chosen: Collection[str], where: str, *, some: bool
) -> list[Wanted]:
    """Return the entries for the chosen accounts. Raises Refused for an account that is unknown.

    With `some` accounts of `where` chosen, entries for others are left for another run.
    """
    outside = [each for each in entries if each.account not in chosen]
    if outside and not some:
        faults = [
            f"{each.where}: {each.account} is no active account of {where}." for each in outside
        ]
        raise Refused("Nothing was changed:\n" + "\n".join(faults))
    return [each for each in entries if each.account in chosen]
