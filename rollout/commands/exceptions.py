"""The verb `exceptions`: who accepts which risk until when; written one by one, or from files."""

import argparse
import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from guardrails.entries import MOST_ENTRY_BYTES
from rollout.commands.member_options import Place, add_member_options, blame, close, open_accounts
from rollout.commands.parser import Parser
from rollout.errors import Refused
from rollout.names import ACCOUNT_ID
from rollout.output.exceptions import (
    EXCEPTION_COLUMNS,
    describe_changes,
    describe_counts,
    describe_recorded,
    describe_row,
    describe_wanted,
    find_exception_faults,
    tell_bad,
    tell_fault,
    tell_write,
)
from rollout.output.story import Draft, Story
from rollout.remediation.attempt import attempt
from rollout.remediation.exception_file import choose_entries, read_exceptions
from rollout.remediation.exception_writing import remove_exception, write_exception
from rollout.remediation.exceptions import (
    ExceptionState,
    Recorded,
    TaggedAccount,
    Wanted,
    Write,
    compare_exceptions,
    exception_tags,
    find_exception_fault,
    list_exceptions,
    read_exception_policy,
    read_tagged_account,
    sort_exceptions,
)
from rollout.remediation.tagged_users import TaggedUser, read_tagged_user
from rule.counted import count, count_of
from rule.live import UserGone


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 all is valid and as wanted, 1 an exception is expired or invalid, was not"
        " written or stands in no file, 2 refused or wrong usage, 3 all is fine in what was read,"
        " but an account was not read (1 with --strict)."
    )
    verbs = parser.add_subparsers(metavar="<what>", required=True, parser_class=Parser)
    shown = verbs.add_parser("list", help="show every exception; nothing is changed")
    shown.add_argument(
        "--expiring",
        type=parse_days,
        metavar="DAYS",
        help="only what has ended, is invalid, or ends within this time, such as 14d",
    )
    one = verbs.add_parser("add", help="write an exception on one user, or renew it")
    one.add_argument("--owner", required=True, help="who answers for it")
    one.add_argument("--expires", required=True, metavar="DATE", help="its last day, UTC")
    one.add_argument("--reason", required=True, help="why the risk is accepted")
    gone = verbs.add_parser("remove", help="take the exception of one user away")
    applied = verbs.add_parser("apply", help="write the exceptions of files reviewed in git")
    applied.add_argument("files", nargs="+", metavar="FILE", help="TOML with [[exception]] entries")
    for each in (one, gone):
        each.add_argument("user", metavar="ACCOUNT/USER", help="such as 333300000001/ben.idle")
    for each in (one, gone, applied):
        each.add_argument("--dry-run", action="store_true", help="say what would be done")
    for each, act in ((shown, show_exceptions), (one, add), (gone, remove), (applied, apply)):
        add_member_options(each, choose=each in (shown, applied))
        each.set_defaults(act=act)


def parse_days(text: str) -> timedelta:
    """Return the time; 14 and 14d are 14 days. Raises argparse's error for what is none."""
    if found := re.fullmatch("([0-9]{1,4})d?", text):
        return timedelta(days=int(found[1]))
    raise argparse.ArgumentTypeError(f'"{text}" is no number of days such as 14d')


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked for and return the exit code. Raises Refused."""
    story = Story("exceptions", arguments.format)
    with story.run.telling_stops():
        code: int = arguments.act(arguments, story, datetime.now(UTC))
    return code


def show_exceptions(arguments: argparse.Namespace, story: Story, now: datetime) -> int:
    """List the exceptions; 1 when one has expired or is invalid."""
    place = open_accounts(arguments, arguments.account, arguments.unit)
    seen = place.read(story, "users and their tags", read_tagged_account)
    found = sort_exceptions(
        each for account, there in seen.items() for each in list_exceptions(account, there, now)
    )
    bad = [each for each in found if each.state is not ExceptionState.VALID]
    with story.line(f"exceptions in {count_of(len(seen), len(place.accounts), 'account')}") as line:
        tell_default_policies(line, seen.values())
        line.end(describe_counts(found))
        blame(line, [tell_bad(each) for each in bad])
    today = now.date()
    shown = [each for each in found if is_due(each, arguments.expiring, today)]
    if shown:
        story.say()
        story.table(EXCEPTION_COLUMNS, [describe_row(each, today) for each in shown])
    document = {"exceptions": [describe_recorded(each, today) for each in shown]}
    return close(story, place, document)


def is_due(each: Recorded, within: timedelta | None, today: date) -> bool:
    """Is the exception to be shown: one that has ended, is invalid, or ends within that time?"""
    if within is None or each.state is not ExceptionState.VALID or each.last is None:
        return True
    return each.last - today <= within


def add(arguments: argparse.Namespace, story: Story, now: datetime) -> int:
    """Write an exception on one user. Raises Refused in the rule's words."""
    place, name = open_user(arguments)
    (account,) = place.accounts
    texts = (each.strip() for each in (arguments.owner, arguments.expires, arguments.reason))
    wanted = Wanted(account.id, name, *texts)
    with story.line(f"{account}: {name}") as line:
        session = place.open(account)
        user = find_tagged_user(arguments.user, lambda: read_tagged_user(session, name))
        tagged = TaggedAccount(*read_exception_policy(session), {name: user})
        if fault := find_exception_fault(wanted, tagged, now):
            raise Refused(f"{arguments.user}: {fault}")
        tell_default_policies(line, [tagged])
        change = Write(wanted, user)
        line.notes += tell_write(change)
        if change.before == wanted.tags:
            line.end("as it stands")
        elif arguments.dry_run:
            line.end("would be written")
        else:
            do(story, line, arguments.user, "written", lambda: write_exception(session, change))
    return close(story, place, {"exception": describe_wanted(wanted)})


def remove(arguments: argparse.Namespace, story: Story, now: datetime) -> int:
    """Take the exception of one user away. Raises Refused where there is no such user."""
    place, name = open_user(arguments)
    (account,) = place.accounts
    with story.line(f"{account}: {name}") as line:
        session = place.open(account)
        user = find_tagged_user(arguments.user, lambda: read_tagged_user(session, name))
        tags = exception_tags(user.tags)
        line.notes += [f"{key}={value}" for key, value in sorted(tags.items())]
        if not tags:
            line.end("has no exception")
        elif arguments.dry_run:
            line.end("would be removed")
        else:
            do(story, line, arguments.user, "removed", lambda: remove_exception(session, user))
    return close(story, place, {"user": name, "tags": tags})


def apply(arguments: argparse.Namespace, story: Story, now: datetime) -> int:
    """Write what the files want; 1 when something was not written, or stands in no file."""
    entries = read_exceptions([(each, read_exceptions_file(each)) for each in arguments.files])
    place = open_accounts(arguments, arguments.account, arguments.unit)
    where = place.organization.id if place.organization else str(place.accounts[0])
    chosen = {each.id for each in place.accounts}
    some = bool(arguments.account or arguments.unit)
    wanted = choose_entries(entries, chosen, where, some=some)
    seen = place.read(story, "users and their tags", read_tagged_account)
    changes = compare_exceptions(wanted, seen, now)
    with story.line(f"exceptions in {', '.join(arguments.files)}") as line:
        tell_default_policies(line, seen.values())
        faults = find_exception_faults(changes)
        line.end(describe_changes(changes))
        blame(line, faults)
    for change in changes.writes:
        account = place.find(change.wanted.account)
        user = f"{account.id}/{change.wanted.user}"
        with story.line(f"{account}: {change.wanted.user}") as line:
            line.notes += tell_write(change)
            if arguments.dry_run:
                line.end("would be written")
                continue
            session = place.open(account)
            do(story, line, user, "written", lambda: write_exception(session, change))  # noqa: B023
    document = {
        "writes": [describe_wanted(each.wanted) for each in changes.writes],
        "unchanged": [describe_wanted(each) for each in changes.unchanged],
        "refused": [{**describe_wanted(each), "fault": why} for each, why in changes.refused],
        "in_no_file": [describe_recorded(each, now.date()) for each in changes.strays],
    }
    return close(story, place, document)


def open_user(arguments: argparse.Namespace) -> tuple[Place, str]:
    """Return the place with the one account of ACCOUNT/USER, and the user's name."""
    account, slash, name = arguments.user.partition("/")
    if not slash or not name or not ACCOUNT_ID.fullmatch(account):
        raise Refused(f"{arguments.user}: write ACCOUNT/USER, such as 333300000001/ben.idle.")
    return open_accounts(arguments, [account]), name


def find_tagged_user(given: str, read: Callable[[], TaggedUser]) -> TaggedUser:
    """Return the user. Raises Refused where there is none of this name."""
    try:
        return read()
    except UserGone as gone:
        raise Refused(f"{given}: {gone}") from gone


def read_exceptions_file(name: str) -> bytes:
    """Return what a file holds, and of one that is too large enough to show it. Raises Refused."""
    try:
        with Path(name).open("rb") as file:
            return file.read(MOST_ENTRY_BYTES + 1)
    except OSError as error:
        raise Refused(f"{name}: {error.strerror}.") from error


def do(story: Story, line: Draft, user: str, done: str, act: Callable[[], bool]) -> None:
    """Do it, and end the line with what was done, or with the fault."""
    acted = list[bool]()
    if why := attempt(lambda: acted.append(act())):
        line.end(f"not {done}")
        blame(line, [tell_fault(user, why)])
        return
    if not acted[0]:
        line.end(f"{done} by somebody else meanwhile")
        return
    line.end(done)
    story.changed(f"{done}: {user}")


def tell_default_policies(line: Draft, seen: Iterable[TaggedAccount]) -> None:
    """Note in how many accounts no rule stands, so that the default bound counts."""
    there = [each for each in seen if not each.deployed]
    if there:
        line.notes.append(
            f"{len(there)} without the rule: an exception there may end at most"
            f" {count(there[0].policy.max_exception.days, 'day')} ahead, the default"
        )
