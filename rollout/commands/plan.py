"""The verb `plan`: shows what `deploy` would do, and changes nothing."""

import argparse

from rollout.commands.options import add_place_options, add_rule_options
from rollout.deployment.cost import estimate_cost
from rollout.deployment.plan import KEEP, NONE, Changes, compute_changes
from rollout.deployment.preflight import Facts, gather
from rollout.names import PACK, STACK, STACK_SET
from rollout.output.progress import Story


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = "Exit code: 0 no faults, 1 faults, 2 wrong usage or not allowed to look."
    add_place_options(parser)
    add_rule_options(parser)
    parser.add_argument(
        "--show-pack", action="store_true", help="show the conformance pack as it would be put"
    )
    parser.set_defaults(units=True)


def run(arguments: argparse.Namespace) -> int:
    """Return 1 when a check finds a fault, else 0. Raises Refused."""
    story = Story(arguments.format)
    facts = gather(arguments, story)
    changes = compute_changes(facts)
    ids = [each.id for each in facts.accounts]
    cost = estimate_cost(ids, facts.users, arguments.frequency)
    tell_changes(story, facts, changes)
    if arguments.show_pack:
        story.say()
        story.say(facts.pack.body)
    story.say()
    story.say(f"Cost, an estimate: {cost.sentence}")
    document = describe_changes(facts, changes) | {"cost": {"estimate": cost.sentence}}
    if arguments.show_pack:
        document["pack_body"] = facts.pack.body
    return story.close(document)


def tell_changes(story: Story, facts: Facts, changes: Changes) -> None:
    """Tell the accounts by unit, then the parts and the parameters that change."""
    story.say()
    rows = [
        [unit_of(facts, row.account.unit), row.account.id, row.account.name, row.stack, row.pack]
        for row in changes.rows
    ]
    story.table(["UNIT", "ACCOUNT", "NAME", "STACK", "PACK"], sorted(rows))
    story.say()
    for what, change in list_parts(facts, changes):
        if change != NONE:
            story.say(f"{what}: {change}")
    if changes.pack_first:
        story.say("The pack goes first: this checkout knows fewer parameters than it has now.")
    if changes.parameters:
        story.say()
        story.table(["PARAMETER", "NOW", "THEN"], [list(each) for each in changes.parameters])
    if not changes.any:
        story.say("deploy would change nothing.")


def list_parts(facts: Facts, changes: Changes) -> list[tuple[str, str]]:
    """Return each part with what happens to it, in the order of a deployment."""
    parts = [
        (f"bucket {facts.bucket.name}", changes.bucket),
        (f"code {facts.code.name}", "upload" if changes.code != KEEP else KEEP),
        (f"StackSet {STACK_SET}", changes.stack_set),
        (f"stack {STACK} in {facts.here}", changes.stack),
    ]
    pack = (f"conformance pack {PACK}", changes.pack)
    return [pack, *parts] if changes.pack_first else [*parts, pack]


def describe_changes(facts: Facts, changes: Changes) -> dict[str, object]:
    """Return the plan as a document."""
    return {
        "verb": "plan",
        "organization": facts.organization.id if facts.organization else None,
        "region": facts.session.region,
        "accounts": [
            {
                "account": row.account.id,
                "name": row.account.name,
                "unit": unit_of(facts, row.account.unit),
                "stack": row.stack,
                "pack": row.pack,
            }
            for row in changes.rows
        ],
        "parts": [{"part": what, "change": change} for what, change in list_parts(facts, changes)],
        "parameters": [
            {"name": name, "now": now, "then": then} for name, now, then in changes.parameters
        ],
    }


def unit_of(facts: Facts, unit_id: str) -> str:
    """Return a unit's path; "(root)" for the root, "" without an organization."""
    if facts.organization is None:
        return ""
    return facts.organization.path(unit_id) or "(root)"
