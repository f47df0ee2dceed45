"""Gathers, once, what the verbs work with, and tells each check as a line while it does."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError

from rollout.aws.session import NotSeen, Session, try_read
from rollout.code.bucket import Bucket, build_code, has_code, name_bucket, read_bucket
from rollout.commands.options import read_pack_parameters, read_stack_parameters
from rollout.deployment import checks
from rollout.deployment.quotas import has_function, read_counts
from rollout.deployment.region import open_home, read_alias
from rollout.names import TEMPLATE_FILE
from rollout.organization.accounts import Account, Organization, read_organization
from rollout.organization.members import Members, tell_unseen
from rollout.organization.recorder import (
    USER_TYPE,
    Recorder,
    read_recorder,
    read_users_by_account,
)
from rollout.organization.targets import Targets, choose_targets
from rollout.output.progress import UNKNOWN, Fault, Story
from rollout.packs.account import read_account_pack
from rollout.packs.organization import PackState, read_pack
from rollout.packs.template import Pack, render_pack
from rollout.stacks.stack import Stack, read_stack
from rollout.stacks.stack_set import StackSet, read_stack_set


@dataclass(frozen=True)
class Facts:
    """What stands and what is meant; without an organization this account alone is meant."""

    session: Session
    here: Account
    organization: Organization | None
    targets: Targets | None
    members: Members
    recorder: Recorder
    users: dict[str, int] | NotSeen
    """IAM users on record by account, as an aggregator has them."""
    code: Path
    bucket: Bucket
    code_there: bool
    template: str
    stack_parameters: dict[str, str]
    stack: Stack
    stack_set: StackSet
    pack: Pack
    pack_state: PackState

    @property
    def accounts(self) -> tuple[Account, ...]:
        """The accounts that are to have the rule."""
        return self.targets.accounts if self.targets else (self.here,)

    @property
    def stacked_here(self) -> bool:
        """Does this account get an ordinary stack?"""
        return self.targets is None or self.targets.management == self.here

    @property
    def excluded(self) -> tuple[str, ...]:
        """The pack's ExcludedAccounts."""
        return self.targets.excluded if self.targets else ()


def gather(arguments: argparse.Namespace, story: Story) -> Facts:
    """Return the facts, telling a line for each check. Raises Refused and Denied."""
    session, recorder = open_home(arguments)
    template = TEMPLATE_FILE.read_text(encoding="utf-8")
    code = build_code()
    organization, targets, here = _who(arguments, story, session)
    pack = render_pack(
        session.account,
        session.partition,
        read_pack_parameters(arguments),
        function_by=arguments.function_by,
    )
    members = Members(session, arguments.member_role)
    users = _recorders(story, session, recorder, members, targets.accounts if targets else (here,))
    bucket_name = arguments.bucket or name_bucket(session)
    with story.line(f"code bucket {bucket_name}", blocks=True) as line:
        bucket = read_bucket(session, bucket_name, organization.id if organization else "")
        code_there = (
            bucket.exists and not bucket.faults and has_code(session, bucket.name, code.name)
        )
        if not bucket.exists:
            line.end("not there yet: deploy makes it")
        elif bucket.lacks:
            line.end("unfinished: deploy completes it")
        line.find(checks.check_bucket(bucket))
    with story.line("names of stack, StackSet and pack", blocks=True) as line:
        stack, stack_set, pack_state = read_stack(session), StackSet(False), PackState(False)
        try:
            if organization:
                stack_set = read_stack_set(session, organization)
            pack_state = read_pack(session) if organization else read_account_pack(session)
        except ClientError as error:
            # Without trusted access or all features AWS refuses to look as well.
            line.find([Fault(str(error))])
        free = not (stack.status or stack_set.exists or pack_state.exists)
        if not line.faults:
            line.end("free" if free else "ours")
        stacked = stack.status or here.id in stack_set.instances
        taken = not stacked and has_function(session)
        line.find(checks.check_names(stack, stack_set, pack_state, taken), "TAKEN")
    _quotas(story, session, organization, pack_state.exists)
    with story.line("templates within AWS's limits", blocks=True) as line:
        line.find(checks.check_sizes(template, pack.body))
    return Facts(
        session=session,
        here=here,
        organization=organization,
        targets=targets,
        members=members,
        recorder=recorder,
        users=users,
        code=code,
        bucket=bucket,
        code_there=code_there,
        template=template,
        stack_parameters={
            "CodeBucket": bucket.name,
            "CodeKey": code.name,
            **read_stack_parameters(arguments),
        },
        stack=stack,
        stack_set=stack_set,
        pack=pack,
        pack_state=pack_state,
    )


def _who(
    arguments: argparse.Namespace, story: Story, session: Session
) -> tuple[Organization | None, Targets | None, Account]:
    """Tell who the caller is and what the organization allows."""
    if arguments.account_only:
        here = Account(session.account, read_alias(session))
        session.label = str(here)
        with story.line(f"account {here}, {session.region}", blocks=True) as line:
            line.end("this account alone")
        return None, None, here
    organization = read_organization(
        session, with_units=bool(arguments.ou) or arguments.units, with_trust=True
    )
    here = organization.find(session.account)
    session.label = str(here)
    with story.line(f"account {here}, {session.region}", blocks=True) as line:
        management = session.account == organization.management
        line.end("management account" if management else "delegated administrator")
        line.find(checks.check_administration(organization, here))
    with story.line(f"organization {organization.id}, all features", blocks=True) as line:
        line.find(checks.check_features(organization), "MISSING")
    with story.line("trusted access for StackSets", blocks=True) as line:
        trusted = checks.is_trusted_for_stacksets(organization)
        if isinstance(trusted, NotSeen):
            line.unseen(trusted.why)
        elif not trusted:
            line.find(checks.check_stacksets_trust(organization), "MISSING")
    with story.line("trusted access for AWS Config's multi-account setup", blocks=True) as line:
        if isinstance(organization.trusted, NotSeen):
            line.unseen(organization.trusted.why)
        line.find(checks.check_config_trust(organization), "MISSING")
    with story.line("delegated administrators") as line:
        line.notes += checks.tell_administrators(organization)
    targets = choose_targets(organization, session.account, arguments.exclude, arguments.ou)
    with story.line(f"accounts of {organization.id}") as line:
        line.end(f"{len(targets.accounts)} to have the rule")
        line.notes += tell_accounts(organization, targets)
    return organization, targets, here


def tell_accounts(organization: Organization, targets: Targets) -> list[str]:
    """Return a sentence for each kind of account that is left out."""
    suspended = [str(each) for each in organization.accounts if not each.active]
    active_out = [
        str(each) for each in organization.accounts if each.active and each.id in targets.excluded
    ]
    told = []
    if suspended:
        told.append(f"left out by AWS, suspended or closing: {', '.join(suspended)}")
    if active_out:
        told.append(f"left out as asked: {', '.join(active_out)}")
    return told


def _recorders(
    story: Story,
    session: Session,
    recorder: Recorder,
    members: Members,
    accounts: tuple[Account, ...],
) -> dict[str, int] | NotSeen:
    """Tell the recorders, here and wherever they can be seen; return the users on record."""
    with story.line(f"recorder records {USER_TYPE} here") as line:
        if recorder.fault:
            here = next((each for each in accounts if each.id == session.account), None)
            fault = checks.check_recorders(
                [here or Account(session.account, "here")],
                {session.account: recorder},
                session.region,
            )
            line.find(fault)
        if recorder.daily:
            line.notes.append("it records once a day: findings come up to a day late")
    others = [each for each in accounts if each.id != session.account]
    if not others:
        return NotSeen("this account alone")
    users: dict[str, int] | NotSeen = NotSeen("the recorders were looked at themselves")
    with story.line(f"recorder records {USER_TYPE} in {len(others)} accounts") as line:
        if members.role:
            seen = members.look(others, read_recorder)
            tell_unseen(line, others, seen)
            line.find(checks.check_recorders(others, seen, session.region))
        else:
            users = try_read(lambda: read_users_by_account(session))
            if isinstance(users, NotSeen):
                line.unseen(f"{users.why}; --member-role NAME would look into the accounts")
            else:
                silent = [str(each) for each in others if not users.get(each.id)]
                line.end("seen in part", style=UNKNOWN)
                line.notes.append(
                    f"{len(others) - len(silent)} accounts have users on record in the aggregator;"
                    " whether the recorder runs now is seen with --member-role NAME only"
                )
                if silent:
                    line.notes.append(f"not seen: {', '.join(silent)}")
    return users


def _quotas(
    story: Story, session: Session, organization: Organization | None, exists: bool
) -> None:
    with story.line("conformance packs and rules left under the quotas", blocks=True) as line:
        counted = try_read(lambda: read_counts(session, organization is not None))
        if isinstance(counted, NotSeen):
            line.unseen(counted.why)
            return
        organization_packs, packs, rules = counted
        line.find(checks.check_quotas(organization_packs, packs, rules, exists), "FULL")
        line.notes.append(
            (f"{organization_packs} organization packs, " if organization else "")
            + f"{packs} packs and {rules} rules in this account"
        )
