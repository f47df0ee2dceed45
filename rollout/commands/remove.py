"""The verb `remove`: takes the rule away again; users and keys are left alone.

The order is that of a deployment reversed: the pack first, so that no rule is without its function.
"""

import argparse
import sys
from collections.abc import Mapping

from rollout.aws.session import NotSeen, Session
from rollout.code.bucket import delete_code, name_bucket
from rollout.commands.options import add_place_options
from rollout.deployment.region import open_place
from rollout.errors import Refused
from rollout.names import PACK, STACK, STACK_SET
from rollout.organization.accounts import Account, Organization
from rollout.organization.members import Members, tell_unseen
from rollout.output.progress import Fault, Story
from rollout.packs.account import delete_account_pack, read_account_pack
from rollout.packs.organization import delete_pack, follow_removal, read_pack
from rollout.stacks.operations import Operations
from rollout.stacks.stack import StackBroken, delete_stack, read_stack
from rollout.stacks.stack_set import delete_stack_set, read_instances, read_stack_set
from rule.quarantine import QUARANTINE_TAG


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = "Exit code: 0 all is gone, 1 something is left, 2 wrong usage or not allowed."
    add_place_options(parser)
    parser.add_argument(
        "--with-code", action="store_true", help="delete the code from the bucket, too"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask for the id to be typed")


def run(arguments: argparse.Namespace) -> int:
    """Return 0 when all is gone, else 1. Raises Refused."""
    if arguments.exclude or arguments.ou:
        raise Refused("remove takes everything away; use deploy with --exclude to leave some out.")
    story = Story(arguments.format)
    session, organization, here = open_place(arguments)
    what = organization.id if organization else session.account
    where = f"all {len(organization.accounts)} accounts of {what}" if organization else str(here)
    confirm(arguments, what, f"This takes the rule and its results out of {where}.")
    if organization:
        remove_pack(story, session, organization, arguments.minutes)
        remove_stack_set(story, session, organization, arguments.minutes)
    else:
        remove_account_pack(story, session, arguments.minutes)
    remove_stack(story, session, here, arguments.minutes)
    if arguments.with_code:
        remove_code(story, session, arguments.bucket or name_bucket(session))
    accounts = [each for each in organization.accounts if each.active] if organization else [here]
    tell_quarantines(story, Members(session, arguments.member_role), accounts)
    return story.close({"verb": "remove", "organization": what, "region": session.region})


def confirm(arguments: argparse.Namespace, what: str, sentence: str) -> None:
    """Let the operator type what is to lose the rule. Raises Refused."""
    if arguments.yes:
        return
    if sys.stdin.isatty():
        print(f"{sentence} Type {what} to go on: ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip() == what:
            return
    raise Refused(f"{sentence} Nothing was changed. Type {what} when asked, or give --yes.")


def remove_pack(story: Story, session: Session, organization: Organization, minutes: float) -> None:
    """Delete the organization's pack and follow it out of every account."""
    with story.line(f"conformance pack {PACK}") as line:
        if not read_pack(session).exists:
            line.end("not there")
            return
        delete_pack(session, minutes)
        story.changed("the conformance pack was deleted")
        left = follow_removal(session, organization, story, minutes)
        line.end("deleted")
        line.find(
            [
                Fault(f"{organization.find(each.account)}: {each.word}: {each.reason}")
                for each in left.accounts.values()
            ]
        )


def remove_account_pack(story: Story, session: Session, minutes: float) -> None:
    """Delete the pack of this account."""
    with story.line(f"conformance pack {PACK}") as line:
        if not read_account_pack(session).exists:
            line.end("not there")
            return
        delete_account_pack(session, minutes)
        story.changed("the conformance pack was deleted")
        line.end("deleted")


def remove_stack_set(
    story: Story, session: Session, organization: Organization, minutes: float
) -> None:
    """Delete the stacks of the StackSet, then the StackSet."""
    with story.line(f"StackSet {STACK_SET} and its stacks") as line:
        present = read_stack_set(session, organization)
        if not present.exists:
            line.end("not there")
            return
        operations = Operations(session, organization, story, minutes)
        if present.running:
            operations.follow(present.running)
        instances = read_instances(session, organization)
        if instances:
            operations.delete_instances()
            story.changed(f"stacks of {len(instances)} accounts were deleted")
            instances = read_instances(session, organization)
        # StackSets skip suspended accounts; their instances go, what is in there stays.
        if gone := [each.account for each in instances.values() if each.state == "suspended"]:
            operations.forget_instances(gone)
            names = ", ".join(str(organization.find(each)) for each in gone)
            line.notes.append(f"what is in suspended accounts stays there: {names}")
            instances = read_instances(session, organization)
        if instances:
            line.find(
                [
                    Fault(f"{organization.find(each.account)}: {each.state}: {each.reason}")
                    for each in instances.values()
                ]
            )
            return
        delete_stack_set(session, organization)
        story.changed("the StackSet was deleted")
        line.end("deleted")


def remove_stack(story: Story, session: Session, here: Account, minutes: float) -> None:
    """Delete the ordinary stack of this account."""
    with story.line(f"stack {STACK} in {here}") as line:
        stack = read_stack(session)
        if not stack.status:
            line.end("not there")
            return
        if not stack.ours:
            line.end("left alone: it is not ours")
            return
        try:
            delete_stack(session, minutes)
        except StackBroken as broken:
            line.find([Fault(f"{here}: {broken}")])
            return
        story.changed(f"the stack in {here} was deleted")
        line.end("deleted")


def remove_code(story: Story, session: Session, bucket: str) -> None:
    """Delete every version of the code; the bucket stays."""
    with story.line(f"code in bucket {bucket}") as line:
        deleted = delete_code(session, bucket)
        line.end("not there")
        if deleted:
            line.end(f"{deleted} version{'' if deleted == 1 else 's'} deleted")
            story.changed(f"the code in {bucket} was deleted")


def tell_quarantines(story: Story, members: Members, accounts: list[Account]) -> None:
    """Tell which keys are still in quarantine: they stay Inactive until somebody acts."""
    with story.line(f"quarantines left in {len(accounts)} accounts") as line:
        seen = members.look(accounts, read_quarantines)
        line.end("none")
        tell_unseen(line, accounts, seen)
        found = 0
        for account in accounts:
            tags = seen[account.id]
            for user, keys in ({} if isinstance(tags, NotSeen) else tags).items():
                found += len(keys)
                line.notes.append(f"{account}: {user}: {', '.join(keys)}")
        if found:
            stay = "key stays" if found == 1 else "keys stay"
            line.end(f"{found} {stay} Inactive until somebody deletes or reactivates it")


def read_quarantines(session: Session) -> Mapping[str, list[str]]:
    """Return the ids of the quarantined keys of this account by user."""
    pages = session.iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["User"], PaginationConfig={"PageSize": 1000}
    )
    found = {
        user["UserName"]: [
            tag["Key"][len(QUARANTINE_TAG) :]
            for tag in user.get("Tags", [])
            if tag["Key"].lower().startswith(QUARANTINE_TAG)
        ]
        for page in pages
        for user in page["UserDetailList"]
    }
    return {user: keys for user, keys in found.items() if keys}
