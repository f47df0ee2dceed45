"""The options of the verbs that work in the accounts themselves, and the place they open."""

import argparse
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from rollout.aws.session import NotSeen, Session
from rollout.commands.options import TABLE_FORMATS, read_caller
from rollout.commands.output_options import add_format_option, find_group
from rollout.commands.session_options import (
    WHICH,
    add_account_only_option,
    add_member_role_option,
    add_session_options,
    check_accounts,
)
from rollout.deployment.estate import read_estate
from rollout.errors import Refused
from rollout.organization.accounts import Account, Organization
from rollout.organization.members import Members, list_unseen
from rollout.output.fault import Fault
from rollout.output.story import Draft, Story
from rule.counted import count

_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Place:
    """Where a verb works: the accounts that were chosen, and the way into them."""

    session: Session
    organization: Organization | None
    accounts: tuple[Account, ...]
    members: Members
    not_read: dict[str, str] = field(default_factory=dict)
    """Why an account could not be read, by id."""

    def open(self, account: Account) -> Session:
        """Return a session in an account. Raises Refused where there is no way into it."""
        session = self.members.open(account)
        if isinstance(session, NotSeen):
            raise Refused(f"{account}: {session.why}")
        return session

    def read(
        self, story: Story, what: str, read: Callable[[Session], _Seen]
    ) -> dict[Account, _Seen]:
        """Return what `read` sees in each account, telling who was not read and why."""
        with story.line(f"{what} in {count(len(self.accounts), 'account')}") as line:
            seen = self.members.look(self.accounts, read)
            result = list_unseen(line.result(), self.accounts, seen)
            line.unseen += result.unseen
            line.notes += result.notes
            line.word = result.part if result.unseen else ""
        found = dict[Account, _Seen]()
        for account in self.accounts:
            at = seen[account.id]
            if isinstance(at, NotSeen):
                self.not_read[account.id] = at.why
            else:
                found[account] = at
        return found

    def find(self, account_id: str) -> Account:
        """Return a chosen account. Raises Refused for any other."""
        for account in self.accounts:
            if account.id == account_id:
                return account
        where = self.organization.id if self.organization else f"{self.session.label} alone"
        raise Refused(f"{account_id}: no such active account in {where}.")

    def document(self) -> dict[str, object]:
        """Return the head of what a verb writes as json."""
        return {
            "organization": self.organization.id if self.organization else None,
            "account": self.session.account,
            "region": self.session.region,
            "accounts": len(self.accounts),
            "not_read": [{"account": id, "why": why} for id, why in self.not_read.items()],
        }


def add_member_options(parser: argparse.ArgumentParser, *, choose: bool = True) -> None:
    """Add what a verb needs that works in the accounts; `choose` lets it work in some of them."""
    add_session_options(parser)
    which = find_group(parser, WHICH)
    if choose:
        which.add_argument(
            "--account",
            nargs="+",
            default=[],
            metavar="ACCOUNT",
            help="these accounts alone, by number (default: every active account)",
        )
        which.add_argument(
            "--unit",
            nargs="+",
            default=[],
            metavar="UNIT",
            help="accounts in these organizational units, or in units below them, by id or path",
        )
    add_account_only_option(which)
    add_member_role_option(which, "to work in the accounts")
    add_format_option(parser, TABLE_FORMATS)


def open_accounts(
    arguments: argparse.Namespace,
    accounts: Collection[str] = (),
    units: Collection[str] = (),
    *,
    with_units: bool = False,
) -> Place:
    """Return the place that the options name, with these accounts and units alone. Raises Refused.

    An account is checked by its form before AWS is asked anything.
    """
    check_accounts("--account", accounts)
    if units and arguments.account_only:
        raise Refused("--unit: with --account-only there is no organization.")
    estate = read_estate(read_caller(arguments), with_units=bool(units) or with_units)
    organization, active = estate.organization, estate.active
    if organization and units:
        outside = organization.outside(tuple(find_unit(organization, each) for each in units))
        active = tuple(each for each in active if each.id not in outside)
    place = Place(estate.session, organization, active, estate.members)
    if not accounts:
        return place
    chosen = tuple(sorted({place.find(each) for each in accounts}))
    return replace(place, accounts=chosen)


def find_unit(organization: Organization, text: str) -> str:
    """Return the id of a unit that is given by its id or its path. Raises Refused."""
    for unit in organization.units:
        if text in (unit.id, unit.path):
            return unit.id
    raise Refused(f"--unit {text}: no such unit in {organization.id}.")


def blame(line: Draft, faults: Iterable[Fault]) -> None:
    """Tell these faults below a line, which ends as it was told to."""
    line.faults += faults


def close(story: Story, place: Place, document: Mapping[str, object]) -> int:
    """End the story, and return the exit code."""
    return story.close({**place.document(), **document})
