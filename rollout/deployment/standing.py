"""What stands in the organization, or in one account, read once for `status`."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass

from rollout.aws.session import NotSeen, Session
from rollout.deployment.region import open_place
from rollout.organization.accounts import Account, Organization
from rollout.organization.members import Members, tell_unseen
from rollout.output.progress import Story
from rollout.packs.account import read_account_pack
from rollout.packs.organization import PackState, read_pack
from rollout.packs.readback import Health, read_health
from rollout.stacks.stack import Stack, read_stack
from rollout.stacks.stack_set import StackSet, read_stack_set


@dataclass(frozen=True)
class Standing:
    """What stands, as far as it was seen."""

    session: Session
    here: Account
    organization: Organization | None
    stack_set: StackSet
    stack: Stack
    pack: PackState
    health: Mapping[str, Health | NotSeen]

    @property
    def accounts(self) -> list[Account]:
        """Every account that has the rule, or a part of it, or would get it."""
        if self.organization is None:
            return [self.here]
        parts = self.pack.accounts.keys() | self.stack_set.instances.keys()
        known = self.organization.accounts
        meant = {
            each.id
            for each in known
            if self.pack.exists and each.active and each.id not in self.pack.excluded
        }
        return [self.organization.find(each) for each in sorted(meant | parts)]

    def stack_state(self, account: Account) -> str:
        """Return how the stack stands in an account; "" for none, "not seen" where none tells."""
        if account == self.here and self.stack.status:
            return self.stack.state
        if account.id in self.stack_set.instances:
            return self.stack_set.instances[account.id].state
        management = self.organization and account.id == self.organization.management
        return "not seen" if management and account != self.here else ""


def read_standing(arguments: argparse.Namespace, story: Story) -> Standing:
    """Return what stands, telling what is being read."""
    session, organization, here = open_place(arguments)
    with story.line(f"account {here}, {session.region}") as line:
        line.end(organization.id if organization else "this account alone")
    stack_set = read_stack_set(session, organization) if organization else StackSet(exists=False)
    pack = read_pack(session) if organization else read_account_pack(session)
    members = Members(session, arguments.member_role)
    health: dict[str, Health | NotSeen] = {}
    seeable = [
        organization.find(each) if organization else here
        for each, at in pack.accounts.items()
        if at.state == "ok"
    ]
    with story.line(f"looking into {len(seeable)} accounts") as line:
        names = {each: at.name for each, at in pack.accounts.items()}
        health = dict(members.look(seeable, lambda there: read_health(there, names[there.account])))
        line.end(f"{len(seeable)} seen")
        tell_unseen(line, seeable, health)
    return Standing(session, here, organization, stack_set, read_stack(session), pack, health)
