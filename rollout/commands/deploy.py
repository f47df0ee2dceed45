"""The verb `deploy`: brings the rule to every account that is meant, the code first.

It keeps no state: what stands is read, and only what differs is changed. So it can be stopped at
any moment and run again.
"""

import argparse
import sys

from rollout.commands.options import add_place_options, add_rule_options
from rollout.deployment.canary import check_canary, try_canary
from rollout.deployment.executor import Deployment
from rollout.deployment.plan import REMOVE, compute_changes
from rollout.deployment.preflight import gather
from rollout.errors import Refused
from rollout.output.progress import Story


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 every account is fine, 1 some are not, 2 wrong usage or not allowed, 130"
        " interrupted (run it again and it goes on)."
    )
    add_place_options(parser)
    add_rule_options(parser)
    parser.add_argument(
        "--canary",
        nargs="+",
        default=[],
        metavar="ACCOUNT",
        help="put the pack into these accounts first, compare what AWS made of it, then ask",
    )
    parser.add_argument(
        "--yes", action="store_true", help="do not ask: go on after the canary, remove as planned"
    )
    parser.set_defaults(units=False)


def run(arguments: argparse.Namespace) -> int:
    """Return 0 when every account is fine, else 1. Raises Refused."""
    story = Story(arguments.format)
    try:
        return deploy(arguments, story)
    except KeyboardInterrupt:
        print(
            "\nStopped. What was begun goes on in AWS; run the same command again and it is"
            " finished.",
            file=sys.stderr,
        )
        raise


def deploy(arguments: argparse.Namespace, story: Story) -> int:
    """Check, deploy, and follow until every account has come to an end."""
    facts = gather(arguments, story)
    document = {
        "verb": "deploy",
        "organization": facts.organization.id if facts.organization else None,
        "region": facts.session.region,
    }
    if any(line.faults for line in story.lines if line.blocks):
        story.say("Mend these faults first.")
        return story.close({**document, "accounts": []})
    changes = compute_changes(facts)
    if arguments.canary:
        check_canary(facts, arguments.canary)
    elif changes.removed:
        names = ", ".join(map(str, changes.removed))
        ask(
            arguments,
            f"This takes the rule and its results out of {len(changes.removed)} accounts: {names}.",
            f"{REMOVE} needs your word",
        )
    deployment = Deployment(facts, story, arguments.minutes)
    if changes.pack_first:
        deployment.put_pack()
        deployment.put_code()
    else:
        deployment.put_code()
        if arguments.canary:
            if not try_canary(deployment, arguments.canary):
                return story.close({**document, "accounts": []})
            rest = len(facts.accounts) - len(arguments.canary)
            if not agrees(arguments, f"Go on to the other {rest} accounts?"):
                story.say(
                    "The pack stands in the canary alone. Run deploy without --canary to go on."
                )
                return story.close({**document, "accounts": []})
        deployment.put_pack()
    deployment.catch_up()
    deployment.test_functions()
    rows = deployment.tell_accounts()
    return story.close({**document, "accounts": rows})


def ask(arguments: argparse.Namespace, what: str, why: str) -> None:
    """Go on only when the operator agrees. Raises Refused."""
    if not agrees(arguments, f"{what} Go on?"):
        raise Refused(f"{why}: {what} Answer yes, or give --yes.")


def agrees(arguments: argparse.Namespace, question: str) -> bool:
    """Does the operator agree? Without a terminal nobody can, except by --yes."""
    if arguments.yes:
        return True
    if not sys.stdin.isatty():
        return False
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
