"""Looking into the accounts themselves, through a role that --member-role names.

Several accounts at a time; what cannot be seen is NotSeen with the reason, for that account alone.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from rollout.aws.session import Desk, NotSeen
from rollout.errors import Refused
from rollout.organization.accounts import Account
from rollout.output.progress import UNKNOWN, Line

LOOKERS = 8
"""Accounts looked into at the same time."""
SESSION = "rollout"
NO_ROLE = "no --member-role was given"
Facts = TypeVar("Facts")


@dataclass
class Members:
    """The accounts that the operator can look into: the own one, and others through the role."""

    desk: Desk
    role: str = ""
    """The role's name in every account; "" for none."""
    _desks: dict[str, Desk | NotSeen] = field(default_factory=dict)

    def open(self, account: Account) -> Desk | NotSeen:
        """Return a desk in an account; a role is assumed once."""
        if account.id == self.desk.account:
            return self.desk
        if not self.role:
            return NotSeen(NO_ROLE)
        if account.id not in self._desks:
            self._desks[account.id] = self._assume(account)
        return self._desks[account.id]

    def look(
        self, accounts: Iterable[Account], read: Callable[[Desk], Facts]
    ) -> Mapping[str, Facts | NotSeen]:
        """Return what `read` sees in each account, by id."""
        chosen = list(accounts)
        seen: dict[str, Facts | NotSeen] = {}
        far = [each for each in chosen if self.role or each.id == self.desk.account]
        for account in chosen:
            if account not in far:
                seen[account.id] = NotSeen(NO_ROLE)
        with ThreadPoolExecutor(LOOKERS, thread_name_prefix="look") as lookers:
            looks = {lookers.submit(self._look, account, read): account for account in far}
            try:
                for look in as_completed(looks):
                    seen[looks[look].id] = look.result()
            finally:
                lookers.shutdown(cancel_futures=True)
        return {account.id: seen[account.id] for account in chosen}

    def _look(self, account: Account, read: Callable[[Desk], Facts]) -> Facts | NotSeen:
        desk = self.open(account)
        if isinstance(desk, NotSeen):
            return desk
        try:
            return read(desk)
        except (Refused, BotoCoreError, ClientError) as error:
            return NotSeen(str(error))

    def _assume(self, account: Account) -> Desk | NotSeen:
        role = f"arn:{self.desk.partition}:iam::{account.id}:role/{self.role}"
        try:
            keys = self.desk.client("sts").assume_role(RoleArn=role, RoleSessionName=SESSION)[
                "Credentials"
            ]
        except (Refused, BotoCoreError, ClientError) as error:
            return NotSeen(f"{role} cannot be assumed: {error}")
        return Desk(
            self.desk.session,
            self.desk.region,
            account.id,
            self.desk.partition,
            role,
            str(account),
            {
                "aws_access_key_id": keys["AccessKeyId"],
                "aws_secret_access_key": keys["SecretAccessKey"],
                "aws_session_token": keys["SessionToken"],
            },
        )


def tell_unseen(
    line: Line, accounts: Iterable[Account], seen: Mapping[str, object | NotSeen]
) -> None:
    """End a line with how many accounts were not seen, and why; without any, leave it alone."""
    chosen = list(accounts)
    reasons = {each: at.why for each in chosen if isinstance(at := seen[each.id], NotSeen)}
    if not reasons:
        return
    ok = len(chosen) - len(reasons)
    line.end(f"{ok} ok, {len(reasons)} not seen" if ok else "not seen", style=UNKNOWN)
    if far := sum(why == NO_ROLE for why in reasons.values()):
        line.notes.append(f"{far} accounts can be looked into with --member-role NAME only")
    line.notes += [f"{each}: not seen: {why}" for each, why in reasons.items() if why != NO_ROLE]
