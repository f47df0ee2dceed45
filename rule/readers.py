"""Reads many users live, several at a time, within the time there is.

What one user costs in errors is that user's alone, and what the time does not suffice for is left
undone: both are told, neither stops the others.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Event, Lock
from time import monotonic, process_time
from typing import TYPE_CHECKING, cast

from rule.clients import READERS
from rule.decision import Verdict, judge
from rule.facts import Identity, User
from rule.live import UserGone, has_password, read_keys, read_last_uses, read_user
from rule.parameters import Policy

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

RESERVED_SECONDS = 60.0
"""What must be left when reading stops: to look who exists once more and put 5,000 results."""

LOOK_SECONDS = 0.1
"""How often it is looked at how far the readers are, and whether more of them are needed."""
ONE_SUFFICES = 0.25
"""As long as computing has taken this share of the time, one reader is as fast as sixteen, who pay
for taking turns: half of such a run's CPU again (docs/decisions/0011)."""


class ReadingStopped(Exception):
    """The time is over: no call is begun any more."""


@dataclass(frozen=True)
class Clock:
    """Where the time comes from: `now` for verdicts, `seconds_left` and `sleep` for waiting."""

    now: Callable[[], datetime]
    seconds_left: Callable[[], float]
    sleep: Callable[[float], None]


@dataclass(frozen=True)
class Suspect:
    """A user to be read live; with the tags that are known of it, or None to read them, too."""

    who: Identity
    tags: Mapping[str, str] | None


@dataclass(frozen=True)
class Judged:
    """A user with its verdict; `live` is false where a row of the credential report decided.

    `begun` is when the live reading began: what is recorded later may know more.
    """

    user: User
    verdict: Verdict
    live: bool
    begun: datetime | None = None


@dataclass
class Reading:
    """What came of reading suspects: verdicts by user id, errors by user name."""

    asked: int = 0
    judged: dict[str, Judged] = field(default_factory=dict)
    failed: dict[str, Exception] = field(default_factory=dict)
    gone: int = 0

    @property
    def ended(self) -> int:
        """Of how many users it is known what came of them."""
        return len(self.judged) + len(self.failed) + self.gone

    @property
    def unread(self) -> int:
        """How many users the time did not suffice for."""
        return self.asked - self.ended

    def take(self, who: Identity, came: Judged | Exception) -> None:
        """Keep what came of reading one user."""
        if isinstance(came, Judged):
            self.judged[who.id] = came
        elif isinstance(came, UserGone):
            self.gone += 1
        else:
            self.failed[who.name] = came


class WhileTime:
    """An IAM client that begins no call once the time is over, in whatever thread."""

    def __init__(self, iam: "IAMClient", stopped: Event) -> None:
        self._iam = iam
        self._stopped = stopped

    def __getattr__(self, name: str) -> object:
        if self._stopped.is_set():
            raise ReadingStopped
        return getattr(self._iam, name)


def read_suspects(
    iam: "IAMClient",
    suspects: Iterable[Suspect],
    policy: Policy,
    clock: Clock,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Reading:
    """Return the verdicts on these users, begun in this order; who is gone is left out.

    Ends when `RESERVED_SECONDS` are left, by the clock and not only when an answer comes; calls
    under way are not waited for, but whoever has been read by then counts.
    """
    todo = list(suspects)
    reading = Reading(len(todo))
    if clock.seconds_left() <= RESERVED_SECONDS:
        return reading
    waiting, lock, stopped = iter(todo), Lock(), Event()
    client = cast("IAMClient", WhileTime(iam, stopped))

    def read(suspect: Suspect) -> Judged:
        begun = clock.now()
        user = read_suspect(client, suspect, policy)
        return Judged(user, judge(user, policy, clock.now()), live=True, begun=begun)

    def read_on() -> None:
        while True:
            with lock:
                suspect = next(waiting, None)
            if suspect is None:
                return
            came: Judged | Exception
            try:
                came = read(suspect)
            except Exception as error:
                came = error
            with lock:
                if stopped.is_set():
                    return
                reading.take(suspect.who, came)

    began, computed = monotonic(), process_time()
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="read-user")
    readers = {pool.submit(read_on)}
    try:
        while True:
            busy = wait(readers, LOOK_SECONDS).not_done
            on_progress(reading.ended, len(todo))
            if not busy or clock.seconds_left() < RESERVED_SECONDS:
                break
            if process_time() - computed < (monotonic() - began) * ONE_SUFFICES:
                most = min(READERS, len(todo))
                readers |= {pool.submit(read_on) for _ in range(len(readers), most)}
    finally:
        with lock:
            stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)
    return reading


def read_suspect(iam: "IAMClient", suspect: Suspect, policy: Policy) -> User:
    """Return the facts of one user, at one call less where its tags are known.

    GetUser is what proves that the name is still this user's: whoever gives the tags has to prove
    that otherwise, after the reading.
    """
    who, tags = suspect.who, suspect.tags
    if tags is None:
        return read_user(iam, who, policy)
    user = User(who.name, who.id, who.arn, who.created, has_password(iam, who), (), tags)
    if not user.has_password:
        return user
    return read_last_uses(iam, replace(user, keys=read_keys(iam, who.name)), policy)
