"""The verb `restore`: the undoing of quarantines, for whoever is woken at three in the morning."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rollout.commands.member_options import (
    Place,
    add_member_options,
    blame,
    close,
    open_accounts,
)
from rollout.errors import Refused
from rollout.organization.accounts import Account
from rollout.output.fault import Fault
from rollout.output.question import agrees, check_terminal
from rollout.output.story import Draft, Story
from rollout.remediation.attempt import attempt
from rollout.remediation.live_look import look_at_user
from rollout.remediation.quarantined_keys import Deleted, Quarantined, Quarantines, read_quarantines
from rollout.remediation.restore import Restored, restore_key, why_not
from rule.counted import count
from rule.decision import NON_COMPLIANT
from rule.facts import utc
from rule.parameters import Policy

CHECK = "restore"
COLUMNS = ["ACCOUNT", "USER", "KEY", "QUARANTINED", "UNTIL", "KEY IS"]
UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass
class Undoing:
    """One key and what came of it."""

    account: Account
    key: Quarantined
    restored: bool = False
    already: str = ""
    failure: str = ""
    sentence: str = ""

    def __str__(self) -> str:
        return f"{self.account}: {self.key.user.who.name} {self.key.key_id}"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 every key that was chosen is Active again, 1 some are not or were deleted, 2"
        " wrong usage or not allowed, 3 an account was not read (1 with --strict)."
    )
    which = parser.add_argument_group("which quarantines (one of these has to be given)")
    which.add_argument(
        "--since", type=parse_duration, metavar="TIME", help="begun within this time: 30m, 2h, 7d"
    )
    which.add_argument("--user", nargs="+", default=[], metavar="USER", help="of these users")
    which.add_argument("--all", action="store_true", help="every one")
    parser.add_argument("--dry-run", action="store_true", help="show them and change nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    add_member_options(parser)


def parse_duration(text: str) -> timedelta:
    """Return the time. Raises argparse's error for what is none."""
    if found := re.fullmatch("([0-9]{1,5})([mhd])", text):
        return timedelta(**{UNITS[found[2]]: int(found[1])})
    raise argparse.ArgumentTypeError(f'"{text}" is no time such as 30m, 2h or 7d')


def run(arguments: argparse.Namespace) -> int:
    """Make the chosen keys Active again; 1 when one is not. Raises Refused."""
    if not (arguments.since or arguments.user or arguments.all):
        raise Refused("Say which quarantines: --since 2h, --user NAME, or --all.")
    if not (arguments.account or arguments.unit or arguments.account_only):
        raise Refused("Say where: --account NUMBER, --unit NAME, or --account-only.")
    if not arguments.dry_run:
        check_terminal(yes=arguments.yes)
    story = Story("restore", arguments.format)
    with story.run.telling_stops():
        return bring_back(story, arguments, datetime.now(UTC))


def bring_back(story: Story, arguments: argparse.Namespace, now: datetime) -> int:
    """Show the quarantines that were chosen, ask, and end them."""
    since = now - arguments.since if arguments.since else None
    place = open_accounts(arguments, arguments.account, arguments.unit)
    seen = place.read(story, "quarantines", lambda session: read_quarantines(session, now, since))
    wanted = set(arguments.user)
    chosen = [
        Undoing(account, key)
        for account, there in seen.items()
        for key in there.keys
        if not wanted or {key.user.who.name, key.user.who.id} & wanted
    ]
    able = [each for each in chosen if not why_not(each.key)]
    show_quarantines(story, chosen)
    tell_lost(story, chosen, seen, wanted)
    if able and not arguments.dry_run:
        accounts = count(len({each.account for each in able}), "account")
        question = f"Make {count(len(able), 'key')} Active again in {accounts}?"
        if agrees(question, yes=arguments.yes):
            act(story, place, able, seen)
    return close(story, place, {"keys": [describe_undoing(each) for each in chosen]})


def show_quarantines(story: Story, chosen: Sequence[Undoing]) -> None:
    """Show what was quarantined."""
    if not chosen:
        story.say("No quarantine of that choice.")
        return
    story.say()
    story.table(
        COLUMNS,
        [
            [
                str(each.account),
                each.key.user.who.name,
                each.key.key_id,
                utc(each.key.tag.start) if each.key.tag.start else "-",
                utc(each.key.tag.end) if each.key.tag.end else "-",
                each.key.status or "gone",
            ]
            for each in chosen
        ],
    )


def tell_lost(
    story: Story, chosen: Sequence[Undoing], seen: dict[Account, Quarantines], wanted: set[str]
) -> None:
    """Tell which keys cannot be brought back, and which need not be."""
    deleted: list[tuple[Account, Deleted]] = [
        (account, each)
        for account, there in seen.items()
        for each in there.deleted
        if not wanted or each.user in wanted
    ]
    with story.line("keys that cannot be brought back") as line:
        gone = [each for each in chosen if not each.key.status]
        known = {each.key.key_id for each in gone}
        faults = [Fault(each.account.id, CHECK, f"{each}: {why_not(each.key)}") for each in gone]
        faults += [
            Fault(
                account.id,
                CHECK,
                f"{account}: {each.user} {each.key_id}: it was deleted"
                f"{f' at {utc(each.when)}' if each.when else ''}; a new one takes its place",
                f"aws iam create-access-key --user-name {each.user}",
            )
            for account, each in deleted
            if each.key_id not in known
        ]
        line.end(str(len(faults)) if faults else "none")
        blame(line, faults)
        line.notes += [
            f"{each}: left alone: {why_not(each.key)}"
            for each in chosen
            if each.key.status and why_not(each.key)
        ]


def act(
    story: Story, place: Place, able: Sequence[Undoing], seen: dict[Account, Quarantines]
) -> None:
    """Restore key by key, and tell how each user is judged now."""
    for each in able:
        with story.line(str(each)) as line:
            restore(story, line, place, each, seen[each.account].policy)
            if each.failure:
                line.end("Active again, not seen in full" if each.restored else "left alone")
                blame(line, [Fault(each.account.id, CHECK, f"{each}: {each.failure}")])
            else:
                line.end(f"{each.already} already" if each.already else "Active again")


def restore(story: Story, line: Draft, place: Place, each: Undoing, policy: Policy) -> None:
    """Make one key Active again, and judge its user."""
    done = Restored()
    try:
        each.failure = attempt(
            lambda: restore_key(place.open(each.account), policy, each.key, done)
        )
    finally:
        each.restored, each.already = done.active, done.already
        if done.tag_ended:
            story.changed(f"the tag of {each.key.key_id} has its end")
        if done.active:
            story.changed(f"{each.key.key_id} is Active again")
    line.notes += [done.note] if done.note else []
    if not each.failure:
        why = attempt(lambda: tell_verdict(line, place, each, policy))
        each.failure = f"how its user is judged now was not seen: {why}" if why else ""


def tell_verdict(line: Draft, place: Place, each: Undoing, policy: Policy) -> None:
    """Tell how the user of a key is judged now."""
    verdict = look_at_user(place.open(each.account), policy, each.key.user.who.id).verdict
    each.sentence = verdict.annotation
    line.notes.append(verdict.annotation)
    if verdict.compliance == NON_COMPLIANT:
        line.notes.append("it is judged at once: use it, or write an exception")


def describe_undoing(each: Undoing) -> dict[str, object]:
    """Return a key as json."""
    return {
        "account": each.account.id,
        "account_name": each.account.name,
        "user": each.key.user.who.name,
        "key": each.key.key_id,
        "quarantined": utc(each.key.tag.start) if each.key.tag.start else None,
        "until": utc(each.key.tag.end) if each.key.tag.end else None,
        "was": each.key.status or "deleted",
        "is": "Active" if each.restored else each.already or each.key.status or "deleted",
        "left_alone_because": "" if each.restored else why_not(each.key) or each.failure,
        "failure": each.failure,
        "sentence": each.sentence,
    }
