"""The verb `remediate`: works the findings off in batches, worst first, and looks after each one.

The tags on the users are the state: interrupted or run twice at once, it goes on where it was.
"""

import argparse
from collections.abc import Sequence
from functools import partial

from rollout.commands.member_options import Place, add_member_options, blame, close, open_accounts
from rollout.commands.member_survey import (
    add_source_option,
    check_production,
    survey_members,
    tell_not_read,
)
from rollout.findings.member_results import NO_RULE
from rollout.findings.rule_in_force import RuleInForce, read_rule_in_force
from rollout.organization.accounts import Account
from rollout.output.batches import (
    BATCH_COLUMNS,
    ask,
    count_looks,
    describe_progress,
    describe_rows,
    summarize,
    tell_difference,
    tell_failure,
    tell_keys,
    tell_worked,
)
from rollout.output.fault import Unseen
from rollout.output.question import agrees, check_terminal
from rollout.output.story import Story
from rollout.remediation.attempt import attempt
from rollout.remediation.batches import (
    Item,
    Progress,
    choose_items,
    cut_batches,
    find_stop,
    make_items,
)
from rollout.remediation.held import read_non_compliant
from rollout.remediation.work import Ground, Worker
from rule.counted import count


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 everything asked for is worked off, 1 something failed or differs, 2 wrong"
        " usage or not allowed, 3 nothing is wrong in what was read, but an account was not"
        " read (1 with --strict)."
    )
    parser.add_argument(
        "--batch", type=positive, default=10, metavar="N", help="users in a batch (default: 10)"
    )
    parser.add_argument(
        "--user", nargs="+", default=[], metavar="USER", help="these users alone, by name or id"
    )
    parser.add_argument("--max", type=positive, metavar="N", help="work off at most N users")
    parser.add_argument(
        "--production",
        action="append",
        default=[],
        metavar="WHAT=PATTERN",
        help="which accounts come first, as in report (default: unit=prod* and name=prod*)",
    )
    parser.add_argument(
        "--stop-after",
        type=whole,
        default=0,
        metavar="N",
        help="begin no further batch when more than N users failed (default: 0)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="let the runbook say what it would do"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask before each batch")
    add_source_option(parser)
    add_member_options(parser)


def whole(text: str) -> int:
    """Return a whole number from 0. Raises argparse's error for what is none."""
    if text.isascii() and text.isdigit() and len(text) < 6:
        return int(text)
    raise argparse.ArgumentTypeError(f'"{text}" is no whole number')


def positive(text: str) -> int:
    """Return a whole number from 1. Raises argparse's error for what is none."""
    if number := whole(text):
        return number
    raise argparse.ArgumentTypeError("give at least 1")


def run(arguments: argparse.Namespace) -> int:
    """Work the findings off; 1 when something failed or differs. Raises Refused."""
    if not arguments.dry_run:
        check_terminal(yes=arguments.yes)
    story = Story("remediate", arguments.format)
    with story.run.telling_stops():
        return work_off(story, arguments)


def work_off(story: Story, arguments: argparse.Namespace) -> int:
    """List, and work off batch by batch."""
    check_production(arguments.production)
    place = open_accounts(arguments, arguments.account, arguments.unit, with_units=True)
    found, grounds = list_items(story, place, arguments.source, arguments.production)
    items = choose_items(found, arguments.user, arguments.max)
    if missing := sorted(set(arguments.user) - {each for one in items for each in names(one)}):
        story.say(f"No finding on {', '.join(missing)}.")
    worker = Worker(grounds, arguments.dry_run)
    batches, worked = cut_batches(items, arguments.batch), list[tuple[int, Progress]]()
    failed = 0
    for number, chosen in enumerate(batches, 1):
        title = f"batch {number} of {len(batches)}"
        batch = [Progress(each) for each in chosen]
        first = (number - 1) * arguments.batch + 1
        try:
            agreed = do_batch(story, worker, title, batch, first, arguments)
        finally:
            story.run.changes[:] = tell_worked([*(each for _, each in worked), *batch])
        if not agreed:
            break
        worked += [(number, each) for each in batch]
        stop = find_stop(batch, failed, arguments.stop_after)
        failed += sum(bool(each.failure) for each in batch)
        if stop and number < len(batches):
            story.say(f"Stopped before {count(len(batches) - number, 'batch', 'batches')}: {stop}.")
            break
        if stop:
            break
    if worked and not arguments.dry_run:
        follow_config(story, grounds, [each for _, each in worked])
    document = {
        "dry_run": arguments.dry_run,
        "findings": len(items),
        "batches": len(batches),
        "users": [describe_progress(each, number) for number, each in worked],
    }
    return close(story, place, document)


def names(item: Item) -> tuple[str, str]:
    """Return what --user may name an item by."""
    return item.user, item.user_id


def list_items(
    story: Story, place: Place, source: str, production: Sequence[str]
) -> tuple[list[Item], dict[str, Ground]]:
    """Return whom the rule holds NON_COMPLIANT, worst first, and the way into their accounts.

    Who is in an account that cannot be entered, or has no rule any more, is not among them.
    """
    with story.line(f"what AWS Config holds in {count(len(place.accounts), 'account')}") as line:
        survey = survey_members(line, place, source, production)
        items = make_items(survey.findings)
        where = {each.account for each in items}
        there = [each for each in place.accounts if each.id in where]
        rules = place.members.look(there, read_rule_in_force)
        grounds, missing = dict[str, Ground](), dict[Account, str]()
        for account in there:
            rule = rules[account.id]
            if isinstance(rule, RuleInForce):
                grounds[account.id] = Ground(partial(place.open, account), rule)
            else:
                missing[account] = rule.why if rule else NO_RULE
        tell_not_read(line, place, missing)
    return [each for each in items if each.account in grounds], grounds


def do_batch(
    story: Story,
    worker: Worker,
    title: str,
    batch: Sequence[Progress],
    first: int,
    arguments: argparse.Namespace,
) -> bool:
    """Look, ask, work one batch off and look again; False when the operator does not agree."""
    with story.progress("user", f"{title}: looking", work="looked at") as follow:
        worker.look_before(batch, lambda done: follow.show({}, done, len(batch)))
    story.say()
    story.table(BATCH_COLUMNS, describe_rows([each.item for each in batch], first))
    if not arguments.dry_run and not agrees(ask(batch), yes=arguments.yes):
        story.say("Not begun.")
        return False
    with story.line(title) as line:
        try:
            with story.progress("user", "working", work="worked off") as follow:
                worker.act(batch, lambda done: follow.show({}, done, len(batch)))
            if not arguments.dry_run:
                worker.look_after(batch, lambda done: None)
        except BaseException:
            for text in [text for each in batch for text in tell_keys(each)]:
                story.say(f"    {text}")
            raise
        failed = [each for each in batch if each.failure]
        line.end(summarize(batch))
        line.notes += [text for each in batch for text in tell_keys(each)]
        blame(line, [tell_failure(each) for each in failed])
    if arguments.dry_run:
        return True
    with story.line("judged again, live") as line:
        differing = [each for each in batch if each.difference]
        line.end(count_looks(batch))
        blame(line, [tell_difference(each) for each in differing])
    return True


def follow_config(story: Story, grounds: dict[str, Ground], worked: Sequence[Progress]) -> None:
    """Tell how many of the users AWS Config itself has followed: its results lag by minutes."""
    done = [
        each for each in worked if each.run and any(key.done != "kept" for key in each.run.keys)
    ]
    if not done:
        return
    with story.line("AWS Config has followed") as line:
        followed, unread = 0, list[str]()
        where = {each.item.account: each.item.account_name for each in done}
        for account, name in where.items():
            held = dict[str, str]()
            ground = grounds[account]
            if why := attempt(lambda: held.update(read_non_compliant(ground.open(), ground.rule))):  # noqa: B023
                unread.append(f"{account} {name}: not seen: {why}")
                line.unseen.append(Unseen(account, line.check, why))
            else:
                mine = [each.item for each in done if each.item.account == account]
                followed += sum(item.user_id not in held for item in mine)
        line.end(f"{followed} of {count(len(done), 'user')}")
        line.notes += unread
        if followed < len(done):
            line.notes.append("the others follow within minutes, or with the next schedule: rescan")
