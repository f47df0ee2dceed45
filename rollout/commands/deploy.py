"""The verb `deploy`: brings the rule to every account that is meant, the code first.

It keeps no state: what stands is read, and only what differs is changed. So it can be stopped at
any moment and run again; and what was decided stays until something else is given.
"""

import argparse
from dataclasses import replace

from rollout.commands.asking import ask_for_changes, ask_for_deletion, tell_plan_changes
from rollout.commands.options import (
    EVERY_ACCOUNT,
    add_caller_options,
    add_choice_options,
    add_minutes_option,
    add_rule_options,
    read_request,
)
from rollout.commands.output_options import add_all_option
from rollout.commands.plan import tell_parameters
from rollout.deployment.canary import check_canary, is_release, try_canary, try_release
from rollout.deployment.checks import find_blocking, run_preflight
from rollout.deployment.estate import read_where_it_stands
from rollout.deployment.executor import Executor
from rollout.deployment.intent import switch_remediation_off
from rollout.deployment.plan import Part, make_plan
from rollout.deployment.putting import put_and_follow
from rollout.deployment.request import Request
from rollout.deployment.standing_findings import tell_findings
from rollout.deployment.state import AccountState, TestIs, describe_states, judge_packs
from rollout.output.fault import Result
from rollout.output.question import agrees
from rollout.output.run import Run
from rollout.output.tables import FEW_ROWS, Cell, Column
from rollout.packs.state import PackIs
from rollout.stacks.stack import StackIs
from rule.counted import count


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 every account is fine, 1 some are not, 2 wrong usage or not allowed, 3"
        " nothing is wrong in what was seen, but not everything was (1 with --strict), 130"
        " interrupted (run it again and it goes on)."
    )
    add_caller_options(parser)
    add_choice_options(parser)
    add_rule_options(parser)
    add_minutes_option(parser)
    parser.add_argument(
        "--canary",
        nargs="+",
        default=[],
        metavar="ACCOUNT",
        help="put the pack into these accounts first, compare what AWS made of it, then ask",
    )
    parser.add_argument(
        "--remediation",
        choices=("off",),
        help="switch automatic remediation off in the pack that stands, at once; nothing else is"
        " looked at or changed",
    )
    parser.add_argument(
        "--max-concurrent",
        type=int,
        choices=range(1, 101),
        default=10,
        metavar="PERCENT",
        help="bring a new release to this part of the accounts at a time (default: 10); it stops"
        " when more than 5 %% fail",
    )
    add_all_option(parser, EVERY_ACCOUNT)
    parser.add_argument(
        "--yes", action="store_true", help="do not ask: change, and go on after the canary"
    )


def run(arguments: argparse.Namespace) -> int:
    """Return 0 when every account is fine, else 1. Raises Refused."""
    request = replace(
        read_request(arguments), minutes=arguments.minutes, percent=arguments.max_concurrent
    )
    told = Run("deploy", arguments.format)
    with told.telling_stops():
        if arguments.remediation == "off":
            return switch_off(request, told)
        return deploy(
            request, told, tuple(arguments.canary), yes=arguments.yes, everyone=arguments.all
        )


def switch_off(request: Request, told: Run) -> int:
    """Put the pack that stands with one parameter changed, with no check in the way."""
    estate = read_where_it_stands(request.caller)
    pack, excluded = switch_remediation_off(estate)
    accounts = [estate.find(each) for each in sorted(estate.pack.holders())]
    title = f"automatic remediation in {count(len(accounts), 'account')}"
    with told.line(Part.PACK, title) as line:
        estate = put_and_follow(
            estate, pack, excluded, accounts, told, request.minutes, estate.pack
        )
        faults = judge_packs(Part.PACK, estate, accounts)
        line.end(Result(Part.PACK, title, good="off", faults=faults))
    return told.close(
        {
            "organization": estate.organization.id if estate.organization else None,
            "region": estate.session.region,
            "accounts": [],
        }
    )


def deploy(
    request: Request, told: Run, named: tuple[str, ...], *, yes: bool, everyone: bool
) -> int:
    """Check, deploy, and follow until every account has come to an end."""
    known = run_preflight(request, told)
    estate, intent = known.estate, known.meant
    document = {
        "organization": estate.organization.id if estate.organization else None,
        "region": estate.session.region,
    }
    if find_blocking(told):
        told.teller.say("Mend these faults first.")
        return told.close({**document, "accounts": []})
    plan = make_plan(estate, intent)
    # A canary of the settings is for the first roll-out alone.
    canary = named or (() if plan.stands else request.canary)
    if plan.stands:
        tell_parameters(told, plan)
    if canary:
        check_canary(estate, intent, canary)
    if plan.starts_deleting:
        days = intent.pack.parameters["QuarantineDays"]
        ask_for_deletion(yes, plan, estate.place, days, tell_findings(estate))
    elif not canary:
        ask_for_changes(yes, plan)
    executor = Executor(estate, intent, told, request.minutes, request.percent)
    if canary:
        release = is_release(estate, intent)
        executor.execute_code(plan, canary if release else ())
        fine = try_release(executor, canary) if release else try_canary(executor, canary)
        if not fine:
            return told.close({**document, "accounts": []})
        rest = len(intent.targets.accounts) - len(canary)
        question = f"{tell_plan_changes(plan)} Go on to the other {count(rest, 'account')}?".strip()
        if not agrees(question, yes=yes):
            what = "The new code" if release else "The pack"
            told.teller.say(
                f"{what} stands in the canary alone. Run deploy without --canary to go on."
            )
            return told.close({**document, "accounts": []})
        plan = make_plan(executor.estate, intent)
    executor.execute(plan)
    executor.catch_up()
    executor.test_functions()
    accounts = executor.intent.targets.accounts
    rows = describe_states(executor.estate, accounts, executor.tested, told.faults)
    tell_states(told, rows, everyone=everyone)
    return told.close({**document, "accounts": [each.describe() for each in rows]})


def tell_states(told: Run, rows: tuple[AccountState, ...], *, everyone: bool) -> None:
    """Tell the table of the accounts, those that are not fine last, and how many are fine.

    Of many accounts only those are shown that have faults, unless everyone is asked for.
    """
    few = everyone or len(rows) <= FEW_ROWS
    shown = rows if few else tuple(each for each in rows if each.faults)
    fine = sum(each.fine for each in rows)
    blind = sum(not each.seen and not each.faults for each in rows)
    told.teller.say()
    told.teller.table(
        [
            Column("ACCOUNT", identifies=True),
            Column("NAME", identifies=True),
            Column("STACK"),
            Column("PACK"),
            Column("SMOKE TEST"),
        ],
        [
            [
                each.account.id,
                each.account.name,
                tell_word(each.stack, each.stack in (StackIs.CURRENT, StackIs.NOT_SEEN)),
                tell_word(each.pack, each.pack is PackIs.OK),
                tell_word(each.test, each.test is not TestIs.FAILED),
            ]
            for each in shown
        ],
    )
    if len(shown) < len(rows):
        told.teller.say(tell_others(fine, blind))
        told.teller.tell_faults(told.faults)
    told.teller.say()
    told.teller.say(tell_fine(fine, blind, len(rows)))


def tell_others(fine: int, blind: int) -> str:
    """Return how many accounts a table leaves out: those that are fine, and those not seen."""
    told = [count(fine, "other", "others") + " fine"] if fine or not blind else []
    told += [f"{count(blind, 'account')} without a fault but not seen in full"] if blind else []
    return f"{', '.join(told)}; --all shows every row."


def tell_fine(fine: int, blind: int, total: int) -> str:
    """Return how many accounts are fine; one that nobody could look into is not among them."""
    told = f"{fine} of {count(total, 'account')} {'is' if fine == 1 else 'are'} fine."
    if not blind:
        return told
    rest = count(blind, "account shows", "accounts show")
    return f"{told} {rest} no fault, but not everything was seen there."


def tell_word(word: str, fine: bool) -> Cell:
    """Return a state for the table; one that is not fine stands out."""
    return Cell(str(word) if fine else str(word).upper(), bad=not fine)
