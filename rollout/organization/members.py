"""Looking into the accounts themselves, through a role that --member-role names.

Several accounts at a time; what cannot be seen is NotSeen with the reason, for that account alone.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from botocore.utils import ArnParser

from rollout.aws.failures import FINAL, tell_error
from rollout.aws.session import NotSeen, Session
from rollout.errors import Refused, SignedOut
from rollout.organization.accounts import Account
from rollout.organization.member_actions import write_session_policy
from rollout.output.fault import Result, Unseen
from rollout.output.progress import advance
from rule.counted import count

LOOKERS = 8
"""Accounts looked into at the same time."""
SESSION = "rollout"
"""How a session in a member is called, followed by the operator: CloudTrail there shows both."""
MAX_SESSION = 64
NO_ANSWER = (BotoCoreError, ClientError, ResponseParserError)
"""Of these a proxy's page is the last."""
EARLY = timedelta(minutes=10)
"""How long before their end credentials are renewed."""
NO_ROLE = "no --member-role was given"
_Facts = TypeVar("_Facts")


@dataclass
class Members:
    """The accounts that the operator can look into: the own one, and others through the role."""

    session: Session
    role: str = ""
    """The role's name in every account; "" for none."""
    verb: str = ""
    """What the sessions there are for, which limits what they may do; needed with a role."""
    _sessions: dict[str, Session | NotSeen] = field(default_factory=dict)
    _ends: dict[str, datetime] = field(default_factory=dict)
    """When the credentials in an account end: a long run assumes the role again."""

    def open(self, account: Account) -> Session | NotSeen:
        """Return a session in an account; a role is assumed again before its credentials end."""
        if account.id == self.session.account:
            return self.session
        if not self.role:
            return NotSeen(NO_ROLE)
        ends = self._ends.get(account.id)
        if account.id not in self._sessions or (ends and datetime.now(UTC) > ends - EARLY):
            self._sessions[account.id] = self._assume(account)
        return self._sessions[account.id]

    def look(
        self,
        accounts: Iterable[Account],
        read: Callable[[Session], _Facts],
    ) -> Mapping[str, _Facts | NotSeen]:
        """Return what `read` sees in each account, by id; whoever tells is told how far it is."""
        chosen = list(accounts)
        seen: dict[str, _Facts | NotSeen] = {}
        far = [each for each in chosen if self.role or each.id == self.session.account]
        for account in chosen:
            if account not in far:
                seen[account.id] = NotSeen(NO_ROLE)
        with ThreadPoolExecutor(LOOKERS, thread_name_prefix="look") as lookers:
            looks = {lookers.submit(self._look, account, read): account for account in far}
            try:
                for done, look in enumerate(as_completed(looks), 1):
                    seen[looks[look].id] = look.result()
                    advance(done, len(looks))
            finally:
                lookers.shutdown(cancel_futures=True)
        return {account.id: seen[account.id] for account in chosen}

    def _look(self, account: Account, read: Callable[[Session], _Facts]) -> _Facts | NotSeen:
        try:
            return self._read(account, read)
        except SignedOut:
            if account.id == self.session.account or account.id not in self._sessions:
                # The operator's own: no other account will go better.
                raise
            self._sessions.pop(account.id)
            return self._read(account, read)

    def _read(self, account: Account, read: Callable[[Session], _Facts]) -> _Facts | NotSeen:
        session = self.open(account)
        if isinstance(session, NotSeen):
            return session
        try:
            return read(session)
        except FINAL:
            raise
        except (Refused, *NO_ANSWER) as error:
            return NotSeen(tell_error(error))
        finally:
            if session is not self.session:
                session.let_go()

    def _assume(self, account: Account) -> Session | NotSeen:
        role = f"arn:{self.session.partition}:iam::{account.id}:role/{self.role}"
        try:
            name = name_session(self.session.caller)
            keys = self.session.sts.assume_role(
                RoleArn=role,
                RoleSessionName=name,
                Policy=write_session_policy(self.verb, self.session.partition, account.id),
            )["Credentials"]
        except FINAL:
            raise
        except (Refused, *NO_ANSWER) as error:
            return NotSeen(f"{role} cannot be assumed: {tell_error(error)}")
        self._ends[account.id] = keys["Expiration"]
        return Session(
            self.session.boto,
            self.session.region,
            account.id,
            self.session.partition,
            role,
            str(account),
            {
                "aws_access_key_id": keys["AccessKeyId"],
                "aws_secret_access_key": keys["SecretAccessKey"],
                "aws_session_token": keys["SessionToken"],
            },
        )


def name_session(caller: str) -> str:
    """Return the name of a session that the caller opens elsewhere, by his ARN.

    That is the last part of his ARN: a user's name, or what his own session is called. STS takes
    letters, digits and +=,.@_- (AssumeRole's RoleSessionName).
    """
    last = ArnParser().parse_arn(caller)["resource"].rpartition("/")[2]
    person = re.sub(r"[^\w+=,.@-]", "-", last, flags=re.ASCII)
    return f"{SESSION}-{person}"[:MAX_SESSION] if person else SESSION


def list_unseen(
    result: Result, accounts: Iterable[Account], seen: Mapping[str, object | NotSeen]
) -> Result:
    """Return a result with who of these accounts was not seen, and why."""
    chosen = list(accounts)
    hidden = {
        each: at.why
        for each in chosen
        if isinstance(at := seen.get(each.id, NotSeen(NO_ROLE)), NotSeen)
    }
    if not hidden:
        return result
    notes = [f"{each}: not seen: {why}" for each, why in hidden.items() if why != NO_ROLE]
    if far := sum(why == NO_ROLE for why in hidden.values()):
        notes.insert(0, f"{count(far, 'account')} can be looked into with --member-role NAME only")
    fine = len(chosen) - len(hidden)
    return replace(
        result,
        unseen=tuple(Unseen(each.id, result.check, why) for each, why in hidden.items()),
        part=f"{fine} ok, {len(hidden)} not seen" if fine else "not seen",
        notes=(*result.notes, *notes),
    )
