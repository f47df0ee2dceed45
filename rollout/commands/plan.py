"""The verb `plan`: shows the steps that `deploy` would run, and changes nothing."""

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from rollout.commands.options import (
    EVERY_ACCOUNT,
    add_caller_options,
    add_choice_options,
    add_rule_options,
    read_request,
)
from rollout.commands.output_options import add_all_option
from rollout.commands.stack_parameters import SET_BY_DEPLOY
from rollout.deployment.checks import run_preflight
from rollout.deployment.cost import estimate_cost
from rollout.deployment.estate import Estate
from rollout.deployment.intent import complete_decisions
from rollout.deployment.plan import Change, Plan, Step, make_plan
from rollout.deployment.request import Decisions, Request
from rollout.deployment.reservation import NO_LIMIT, PARAMETER
from rollout.deployment.settings import write_settings
from rollout.errors import Refused
from rollout.output.run import Run
from rollout.output.tables import FEW_ROWS, Cell, Column
from rule.counted import count

UNBOUND = (PARAMETER, str(NO_LIMIT))
"""What the stacks say whatever was decided: `deploy` reserves by itself."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 no faults and everything was seen, 1 faults, 2 wrong usage or not allowed to"
        " look, 3 no faults in what was seen, but not everything was (1 with --strict)."
    )
    add_caller_options(parser)
    add_choice_options(parser)
    add_rule_options(parser)
    add_all_option(parser, EVERY_ACCOUNT)
    parser.add_argument(
        "--write-settings",
        metavar="FILE",
        help="write what stands as settings, such as rollout.toml, to be reviewed in git",
    )
    parser.add_argument(
        "--show-pack", action="store_true", help="show the conformance pack as it would be put"
    )


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when a check finds a fault, else 0. Raises Refused."""
    request = replace(read_request(arguments), with_units=True)
    told = Run("plan", arguments.format)
    known = run_preflight(request, told)
    estate, intent = known.estate, known.meant
    plan = make_plan(estate, intent)
    if arguments.write_settings:
        save_settings(Path(arguments.write_settings), estate, request)
    ids = [each.id for each in intent.targets.accounts]
    frequency = intent.pack.parameters["MaximumExecutionFrequency"]
    cost = estimate_cost(ids, estate.users, frequency)
    tell_plan(told, estate, plan, everyone=arguments.all)
    if arguments.show_pack:
        told.teller.say()
        told.teller.say(intent.pack.body)
    told.teller.say()
    told.teller.say(f"Cost, an estimate: {cost.sentence}")
    document = describe_plan(estate, plan) | {"cost": {"estimate": cost.sentence}}
    if arguments.show_pack:
        document["pack_body"] = intent.pack.body
    return told.close(document)


def save_settings(file: Path, estate: Estate, request: Request) -> None:
    """Write what stands as settings. Raises Refused where that cannot be, or a file is there."""
    decisions = complete_decisions(estate, Decisions())
    stacked = estate.stack_set if estate.stack_set.exists else estate.stack
    own = {
        name: value
        for name, value in stacked.parameters.items()
        if name not in SET_BY_DEPLOY and value != "" and (name, value) != UNBOUND
    }
    text = write_settings(
        replace(decisions, stack_parameters=own),
        request.caller.member_role,
        request.tags_protected_by,
    )
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise Refused(f"{file}: {error.strerror}; nothing was written.") from error


def tell_units(told: Run, estate: Estate, plan: Plan) -> None:
    """Tell how many accounts of each unit have the same in store."""
    sums = Counter((name_unit(estate, row.account.unit), row.stack, row.pack) for row in plan.rows)
    told.teller.table(
        [Column("UNIT", identifies=True), Column("ACCOUNTS"), Column("STACK"), Column("PACK")],
        [
            [unit, str(number), tell_change(stack), tell_change(pack)]
            for (unit, stack, pack), number in sorted(sums.items())
        ],
    )


def tell_planned(told: Run, estate: Estate, plan: Plan) -> None:
    """Tell the accounts by unit."""
    teller = told.teller
    rows = sorted((name_unit(estate, row.account.unit), row.account.id, row) for row in plan.rows)
    teller.table(
        [
            Column("UNIT"),
            Column("ACCOUNT", identifies=True),
            Column("NAME", identifies=True),
            Column("STACK"),
            Column("PACK"),
        ],
        [
            [
                unit,
                account,
                row.account.name,
                tell_change(row.stack),
                tell_change(row.pack),
            ]
            for unit, account, row in rows
        ],
    )


def tell_plan(told: Run, estate: Estate, plan: Plan, *, everyone: bool) -> None:
    """Tell the accounts by unit, then the steps and the parameters that change."""
    teller = told.teller
    teller.say()
    tell = tell_planned if everyone or len(plan.rows) <= FEW_ROWS else tell_units
    tell(told, estate, plan)
    teller.say()
    for step in plan.steps:
        teller.say(tell_step(step))
    if plan.pack_first:
        teller.say("The pack goes first: this checkout knows fewer parameters than it has now.")
    tell_parameters(told, plan)
    for each in plan.gained:
        teller.say(f"{each} was left out and gets the rule.")
    if not plan.steps:
        teller.say("deploy would change nothing.")


def tell_step(step: Step) -> str:
    """Return a step in words."""
    where = f" in {count(len(step.accounts), 'account')}" if len(step.accounts) > 1 else ""
    return f"{step.what}{where}: {step.change}"


def tell_parameters(told: Run, plan: Plan) -> None:
    """Tell the parameters that change."""
    if plan.parameters:
        told.teller.say()
        columns = [Column("PARAMETER", identifies=True), Column("NOW"), Column("THEN")]
        told.teller.table(columns, [list(each) for each in plan.parameters])


def tell_change(change: Change) -> Cell:
    """Return a change for the table; a removal stands out."""
    removes = change is Change.REMOVE
    return Cell(change.upper() if removes else change.value, bad=removes)


def describe_plan(estate: Estate, plan: Plan) -> dict[str, object]:
    """Return the plan as a document."""
    return {
        "organization": estate.organization.id if estate.organization else None,
        "region": estate.session.region,
        "accounts": [
            {
                "account": row.account.id,
                "name": row.account.name,
                "unit": name_unit(estate, row.account.unit),
                "stack": row.stack.value,
                "pack": row.pack.value,
            }
            for row in plan.rows
        ],
        "steps": [describe_step(each) for each in plan.steps],
        "parameters": [
            {"name": name, "now": now, "then": then} for name, now, then in plan.parameters
        ],
        "gained": [each.id for each in plan.gained],
        "lost": [each.id for each in plan.lost],
    }


def describe_step(step: Step) -> dict[str, object]:
    """Return a step for a document."""
    return {
        "part": step.part.value,
        "change": step.change.value,
        "what": step.what,
        "accounts": list(step.accounts),
    }


def name_unit(estate: Estate, unit_id: str) -> str:
    """Return a unit's path; "(root)" for the root, "" without an organization."""
    if estate.organization is None:
        return ""
    return estate.organization.path(unit_id) or "(root)"
