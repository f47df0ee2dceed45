"""How a conformance pack stands, of an organization or of one account, in one shape."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from rollout.packs.template import REVISION, Pack

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class PackIs(StrEnum):
    """How the pack stands in one account."""

    OK = "ok"
    RUNNING = "running"
    FAILED = "failed"
    GONE = "gone"
    """Its removal has succeeded; the row of an excluded account may stay (FACTS 1)."""
    MISSING = "missing"
    """AWS shows no status at all."""
    LEFT_OUT = "left out"
    NOT_SEEN = "not seen"


def read_word(word: str) -> PackIs:
    """Return what one of AWS's own words, such as CREATE_SUCCESSFUL, comes down to."""
    kind, _, end = word.rpartition("_")
    if end in ("SUCCESSFUL", "COMPLETE"):
        return PackIs.GONE if kind == "DELETE" else PackIs.OK
    return PackIs.FAILED if end == "FAILED" else PackIs.RUNNING


@dataclass(frozen=True)
class AccountPack:
    """The pack in one account."""

    account: str
    state: PackIs
    name: str = ""
    """Of the pack in the member account."""
    reason: str = ""
    updated: datetime = LONG_AGO
    word: str = ""
    """AWS's own status, such as CREATE_SUCCESSFUL."""

    def tell(self) -> str:
        """Return the status in words."""
        words = f"pack {self.word.lower().replace('_', ' ')}"
        return f"{words}: {self.reason}" if self.reason else words


@dataclass(frozen=True)
class AggregateStatus:
    """The status of the whole pack, and of when it is."""

    word: str = ""
    updated: datetime = LONG_AGO


@dataclass(frozen=True)
class PackState:
    """The pack as it stands; `exists` is false where there is none."""

    exists: bool
    parameters: Mapping[str, str] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    accounts: Mapping[str, AccountPack] = field(default_factory=dict)
    aggregate: AggregateStatus = AggregateStatus()
    put: datetime = LONG_AGO
    recent: bool = field(default=False, compare=False)
    """Was it put so lately, when it was read, that AWS may not have begun in every account?"""

    @property
    def ours(self) -> bool:
        """Was it put by this program?"""
        return not self.exists or REVISION in self.parameters

    @property
    def moving(self) -> bool:
        """Is AWS still at work on some account?"""
        return any(each.state is PackIs.RUNNING for each in self.accounts.values())

    @property
    def has_ended(self) -> bool:
        """Does the aggregate say that the latest put has come to an end?

        One that is older than the put is about the put before (FACTS 1).
        """
        ended = read_word(self.aggregate.word) is not PackIs.RUNNING and self.aggregate.word
        return bool(ended) and self.aggregate.updated >= self.put

    def find(self, account: str) -> PackIs:
        """Return how the pack stands in an account."""
        if account in self.accounts:
            return self.accounts[account].state
        return PackIs.LEFT_OUT if account in self.excluded else PackIs.MISSING

    def has_left(self, account: str) -> bool:
        """Has the account come to an end since the pack was last put?"""
        row = self.accounts[account]
        return row.state is not PackIs.RUNNING and (self.has_ended or row.updated >= self.put)

    def is_settling(self, accounts: Iterable[str]) -> bool:
        """Was it put lately, by whomever, and is not at its end in all of these accounts?

        Rows that are older than the put tell how the one before ended.
        """
        return (
            self.recent
            and not self.has_ended
            and any(each not in self.accounts or not self.has_left(each) for each in accounts)
        )

    def holders(self) -> frozenset[str]:
        """Return the accounts that have the pack, or a part of it."""
        return frozenset(
            key for key, each in self.accounts.items() if each.state is not PackIs.GONE
        )

    def differs(self, pack: Pack, excluded: Iterable[str]) -> bool:
        """Would putting `pack` change it?"""
        return not self.exists or (dict(self.parameters), set(self.excluded)) != (
            pack.parameters,
            set(excluded),
        )
