"""Looking into the accounts themselves, through a role that --member-role names.

Several accounts at a time; what cannot be seen is NotSeen with the reason, for that account alone.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from rollout.console import Story
from rollout.desk import Desk, NotSeen
from rollout.errors import Refused
from rollout.organization import Account

LOOKERS = 8
"""Accounts looked into at the same time."""
SESSION = "rollout"
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
            return NotSeen("no --member-role was given")
        if account.id not in self._desks:
            self._desks[account.id] = self._assume(account)
        return self._desks[account.id]

    def look(
        self,
        accounts: Iterable[Account],
        read: Callable[[Desk], Facts],
        story: Story | None = None,
        what: str = "",
    ) -> Mapping[str, Facts | NotSeen]:
        """Return what `read` sees in each account, by id."""
        chosen = list(accounts)
        seen: dict[str, Facts | NotSeen] = {}
        far = [each for each in chosen if self.role or each.id == self.desk.account]
        for account in chosen:
            if account not in far:
                seen[account.id] = NotSeen("no --member-role was given")
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
