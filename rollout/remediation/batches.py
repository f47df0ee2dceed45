"""Batches: which findings are worked off, in which order, and when it is enough. Pure.

The tags on the users are the state: nothing is kept here from one run to the next.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from rollout.findings.finding import Finding, State, order
from rollout.remediation.live_look import Look
from rollout.remediation.runbook import RunOutcome
from rule.standing import Standing

CHANGING = frozenset({"quarantined", "deleted"})
TO_INACTIVATE = (Standing.TO_QUARANTINE, Standing.TO_FINISH)


@dataclass(frozen=True)
class Item:
    """One user with all its offending keys: what the runbook deals with in one run."""

    account: str
    account_name: str
    unit: str
    user: str
    user_id: str
    keys: tuple[str, ...]
    sentence: str
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.account} {self.account_name}: {self.user}"


class Doing(Enum):
    """What became of an item."""

    DONE = "done"
    LEFT_ALONE = "left alone"
    FAILED = "failed"


@dataclass
class Progress:
    """An item on its way: the look before, the run, the look after, and what went wrong."""

    item: Item
    before: Look | None = None
    execution: str = ""
    """The run that was started, "" before that."""
    run: RunOutcome | None = None
    after: Look | None = None
    failure: str = ""

    @property
    def doing(self) -> Doing:
        """What became of it so far."""
        if self.failure:
            return Doing.FAILED
        return Doing.DONE if self.changed else Doing.LEFT_ALONE

    @property
    def changed(self) -> dict[str, str]:
        """What was done to each key that was changed.

        Of a run that failed the looks before and after tell it.
        """
        if self.run and not self.run.failure:
            return {each.key: each.done for each in self.run.keys if each.done in CHANGING}
        if not (self.execution and self.before and self.after):
            return {}
        now = {each.key.id: each.key.status for each in self.after.verdict.keys}
        found = dict[str, str]()
        for each in self.before.verdict.keys:
            if each.standing is Standing.TO_DELETE and each.key.id not in now:
                found[each.key.id] = "deleted"
            elif each.key.status == "Active" and now.get(each.key.id) == "Inactive":
                found[each.key.id] = "made Inactive"
        return found

    @property
    def lost_sight(self) -> bool:
        """Was a run started whose end nobody has seen?"""
        return bool(self.execution) and self.run is None

    @property
    def objection(self) -> str:
        """Why it is left alone: the finding has gone, or its sentence has changed; "" for go."""
        assert self.before is not None
        if self.before.verdict.annotation == self.item.sentence:
            return ""
        return self.before.tell_change(self.item.keys)

    @property
    def difference(self) -> str:
        """In what the look after differs from what the run said it did; "" where they agree."""
        if self.run is None or self.after is None:
            return ""
        for each in self.run.keys:
            standing = self.after.standing(each.key)
            if each.done == "deleted" and standing is not None:
                return f"{each.key} was deleted and is there"
            if each.done == "quarantined" and standing is not Standing.IN_QUARANTINE:
                return f"{each.key} was quarantined, and now: {self.after.verdict.annotation}"
        return ""


def make_items(findings: Iterable[Finding]) -> list[Item]:
    """Return a user for each of the findings that stand, worst first."""
    keys = dict[tuple[str, str], list[str]]()
    first = dict[tuple[str, str], Finding]()
    for each in order(findings):
        if each.state is State.FINDING and each.user_id:
            identity = (each.account, each.user_id)
            first.setdefault(identity, each)
            keys.setdefault(identity, []).append(each.key)
    return [
        Item(
            each.account,
            each.account_name,
            each.unit,
            each.user or each.user_id,
            each.user_id,
            tuple(filter(None, keys[identity])),
            each.sentence,
            each.reasons,
        )
        for identity, each in first.items()
    ]


def choose_items(items: Iterable[Item], users: Collection[str], most: int | None) -> list[Item]:
    """Return the items of these users, by name or id, and at most so many."""
    found = [each for each in items if not users or {each.user, each.user_id} & set(users)]
    return found[:most]


def cut_batches(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Return the items in batches, in order."""
    return [items[at : at + size] for at in range(0, len(items), size)]


def count_keys(batch: Iterable[Progress]) -> tuple[int, int]:
    """Return how many keys a batch would make Inactive, and how many it would delete."""
    standings = [
        each.standing
        for one in batch
        if one.before and not one.failure and not one.objection
        for each in one.before.verdict.keys
    ]
    return sum(each in TO_INACTIVATE for each in standings), standings.count(Standing.TO_DELETE)


def find_stop(batch: Iterable[Progress], failed_before: int, stop_after: int) -> str:
    """Return why no further batch is to begin, or ""."""
    batch = list(batch)
    if differing := [each for each in batch if each.difference]:
        return f"{differing[0].item}: {differing[0].difference}"
    failed = failed_before + sum(bool(each.failure) for each in batch)
    if failed > stop_after:
        return f"{failed} failed, more than --stop-after {stop_after}"
    return ""
