"""Accounts drawn at random, remediated by the deployed function through the deployed runbook.

What must never happen (DESIGN 5) is said here in words of its own: each tag is drawn together with
what it means, so that nothing of the product is asked. Half of the runs are killed on the way.
"""

import json
import os
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest

from emulator import Account, open_account
from emulator.config.items import make_item
from emulator.gateway.calls import Call
from emulator.gateway.faults import InjectedFault
from emulator.iam.users import User
from tests.conftest import NOW
from tests.support.runbook import (
    DOCUMENT,
    REMEDIATOR,
    ROLE,
    TAG,
    forget_users,
    hold,
    put_runbook,
    read_state,
    set_parameters,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
State = tuple[dict[str, str], dict[str, str]]


@dataclass(frozen=True)
class Drawn:
    """A quarantine tag: its value and, where it is one that the runbook writes, its times."""

    value: str
    start: datetime | None = None
    end: datetime | None = None
    again: bool = False


@dataclass(frozen=True)
class Draft:
    """A key: how long after its user it was made, how it stands, and its tag."""

    after: timedelta
    status: str
    used: datetime | None
    tag: Drawn | None


@dataclass(frozen=True)
class Plan:
    """A user, what AWS Config knows of him, the rule's parameters, and what is asked for."""

    created: datetime
    password: bool
    keys: tuple[Draft, ...]
    exception: str
    rules: dict[str, str]
    held: str
    seen: datetime | None
    """Since when AWS Config has seen the tags as they are; None where it records nothing."""
    dry_run: str
    forged: dict[str, object]
    """Fields that nobody asked for: with them the function is invoked past the runbook."""

    @property
    def quarantine(self) -> timedelta:
        """How long a key stays Inactive."""
        return int(self.rules["QuarantineDays"]) * DAY


def utc(moment: datetime) -> str:
    """Return a time as the runbook writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def draw_tag(pick: random.Random, created: datetime, status: str) -> Drawn | None:
    """Return a tag as the runbook, somebody else or an enemy wrote it; None for no tag."""
    if status == "Active" and pick.random() < 0.5:
        return None
    start = max(created, NOW - pick.choice([1, 2, 6, 8, 20, 45, 45]) * DAY)
    end = start + pick.choice([1, 7, 7, 30]) * DAY
    again = pick.random() < 0.3
    tail = " again" if again else ""
    return pick.choice(
        [
            None,
            Drawn(f"{utc(start)} started{tail}", start, None, again),
            *[Drawn(f"{utc(start)} until {utc(end)}{tail}", start, end, again)] * 9,
            Drawn("yes"),
            Drawn(f"{utc(NOW + DAY)} until {utc(NOW + 2 * DAY)}"),
            Drawn(f"{utc(created - DAY)} until {utc(created)}"),
            Drawn(f"{utc(start)} until {utc(start + 366 * DAY)}"),
            Drawn("2026-02-30T00:00:00Z started"),
        ]
    )


def draw(pick: random.Random) -> Plan:
    """Return an account at random; findings and setup keys more often than not."""
    choose = pick.choice
    created = NOW - choose([3 * HOUR, DAY, *[60 * DAY] * 6])
    keys = []
    for _ in range(choose([1, 2, 2])):
        after = min(timedelta(seconds=choose([0, 0, 0, 300, 301, 90_000])), NOW - created)
        status = choose([*["Active", "Inactive"] * 3, "Expired"])
        used = choose([None, None, None, None, NOW - HOUR])
        keys.append(Draft(after, status, used, draw_tag(pick, created + after, status)))
    forged = {
        "Criterion": "UNUSED",
        "GraceHours": "0",
        "QuarantineDays": "1",
        "SetupWindowSeconds": 86_400,
        "User": "boss",
        "Keys": ["AKIAEXAMPLE000000001"],
        "policy": {"criterion": "UNUSED"},
        "now": "2099-01-01T00:00:00Z",
    }
    names = [name for name in forged if pick.random() < 0.5]
    return Plan(
        created,
        pick.random() < 0.95,
        tuple(keys),
        choose([*["none"] * 6, "valid", "malformed", "ended"]),
        {
            "Criterion": choose(["SETUP_UNUSED", "UNUSED", "SETUP"]),
            "SetupWindowSeconds": choose(["0", "300", "300", "86400"]),
            "GraceHours": choose(["0", "4", "4", "48"]),
            "QuarantineDays": choose(["1", "7", "7", "30"]),
        },
        choose([*["NON_COMPLIANT"] * 9, "COMPLIANT", "NOT_APPLICABLE", ""]),
        choose([None, *[NOW - 40 * DAY] * 3, NOW - 8 * DAY, NOW - HOUR]),
        choose(["false"] * 7 + ["true"]),
        {name: forged[name] for name in names} if pick.random() < 0.3 else {},
    )


EXPIRES = {"valid": "2026-09-30", "malformed": "soon", "ended": "2026-08-31"}


class Place:
    """The account in which everything is deployed."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.calls = 0
        self.last: int | None = None
        """How many calls of the function are answered before it is killed; None for all."""
        self.strike = account.faults.strike
        account.faults.strike = self.note  # type: ignore[method-assign]

    def note(self, call: Call) -> InjectedFault | None:
        """Count a call of the function, and kill it once it has had its last answer."""
        if call.caller == REMEDIATOR:
            if self.calls == self.last:
                there = self.account.functions.interpreters.find(DOCUMENT)
                os.kill(there.process_id, signal.SIGKILL)
                return InjectedFault(call.service, call.operation, dropped=True)
            self.calls += 1
        return self.strike(call)

    def build(self, name: str, plan: Plan) -> User:
        """Make the user of a plan, the rule's result on him and what AWS Config has seen."""
        account, iam = self.account, self.account.iam
        password = plan.created if plan.password else None
        user = iam.add_user(name, created=plan.created, password=password, tags={"team": "people"})
        for each in plan.keys:
            made = plan.created + each.after
            key = iam.add_key(user, created=made, status=each.status, last_used=each.used)
            if each.tag:
                user.tag_values[TAG + key.access_key_id] = each.tag.value
        if plan.exception != "none":
            parts = {"owner": "security", "reason": "migration", "expires": EXPIRES[plan.exception]}
            ours = {f"no-setup-access-key:exception-{part}": parts[part] for part in parts}
            user.tag_values.update(ours)
        account.config.history.items.pop(user.id, None)
        if plan.seen:
            account.config.history.note(make_item(iam, user, "OK", plan.seen))
        if plan.held:
            hold(account, user.id, plan.held)
        return user

    def run(self, user: User, plan: Plan, last: int | None = None) -> bool:
        """Run the runbook or, with forged fields, the function; say whether it came to its end."""
        set_parameters(self.account, **plan.rules)
        self.calls, self.last = 0, last
        if plan.forged:
            event = {**plan.forged, "UserId": user.id, "DryRun": plan.dry_run}
            answer = boto3.client("lambda").invoke(
                FunctionName=DOCUMENT, Payload=json.dumps(event).encode()
            )
            return "FunctionError" not in answer
        given = {"AutomationAssumeRole": ROLE, "UserId": user.id, "DryRun": plan.dry_run}
        execution = self.account.automation.start_automation(
            DOCUMENT, {name: [value] for name, value in given.items()}
        )
        return execution.status == "Success"


@pytest.fixture(scope="module")
def place(package: Path) -> Iterator[Place]:
    """An account that keeps function and runbook for all tests of this file; its clock stands."""
    with open_account(NOW, ticking=False) as opened:
        put_runbook(opened, package)
        yield Place(opened)


def check(plan: Plan, before: State, after: State) -> tuple[int, int]:
    """Fail where a run did what it must not, or left what it must do; count what it changed."""
    may_act = plan.held == "NON_COMPLIANT" and plan.dry_run == "false" and plan.password
    may_act = may_act and plan.exception in ("none", "ended")
    keys, tags = dict(before[0]), dict(before[1])
    quarantined = deleted = 0
    for key_id, draft in zip(before[0], plan.keys, strict=True):
        tag, name = draft.tag or Drawn(""), TAG + key_id
        if not may_act:
            continue
        if draft.used and draft.status == "Active":
            tags.pop(name, None)
        elif is_to_quarantine(plan, draft):
            quarantined += draft.status == "Active"
            tail = " again" if tag.again or tag.end else ""
            keys[key_id] = "Inactive"
            tags[name] = f"{utc(NOW)} until {utc(NOW + plan.quarantine)}{tail}"
        elif is_over(plan, draft):
            deleted += 1
            del keys[key_id], tags[name]
    assert after == (keys, tags), plan
    return quarantined, deleted


def is_to_quarantine(plan: Plan, draft: Draft) -> bool:
    """Is the key Active and not free, or a quarantine of it begun and not finished?"""
    tag = draft.tag or Drawn("")
    if draft.status == "Active":
        return is_found(plan, draft) and not is_free(plan, draft)
    begun = tag.start is not None and tag.end is None
    return draft.status == "Inactive" and begun and is_found(plan, draft)


def is_found(plan: Plan, draft: Draft) -> bool:
    """Was the key never used, is it no longer young, and does it meet the criterion?"""
    at_setup = draft.after <= timedelta(seconds=int(plan.rules["SetupWindowSeconds"]))
    young = draft.status == "Active" and NOW - (plan.created + draft.after) < grace(plan)
    return draft.used is None and not young and (at_setup or plan.rules["Criterion"] == "UNUSED")


def is_free(plan: Plan, draft: Draft) -> bool:
    """Has a person made the key Active again, for the first time, and does it wait?"""
    tag = draft.tag
    if tag is None or tag.start is None or tag.end is None or tag.again:
        return False
    return max(tag.end, tag.start + plan.quarantine) + grace(plan) > NOW


def is_over(plan: Plan, draft: Draft) -> bool:
    """Is the key Inactive, and its quarantine over by its tag, the rule and AWS Config alike?"""
    tag = draft.tag
    if draft.status != "Inactive" or tag is None or tag.start is None or tag.end is None:
        return False
    if not is_found(plan, draft):
        return False
    ends = max(tag.end, tag.start + plan.quarantine)
    return plan.seen is not None and max(ends, plan.seen + plan.quarantine) <= NOW


def grace(plan: Plan) -> timedelta:
    """Return how long a key is young."""
    return timedelta(hours=int(plan.rules["GraceHours"]))


def describe(user: User) -> tuple[list[str], dict[str, str]]:
    """Return what a user has, without the ids that differ from user to user."""
    names = {f"{TAG}{key.access_key_id}": place for place, key in enumerate(user.access_keys)}
    tags = {str(names.get(name, name)): value for name, value in user.tag_values.items()}
    return [key.status for key in user.access_keys], tags


SEEDS = [range(12), pytest.param(range(12, 400), marks=pytest.mark.slow)]


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"{len(seeds)} accounts")
def test_the_deployed_function_touches_the_keys_that_it_must_and_no_others(
    place: Place, seeds: range
) -> None:
    quarantined = deleted = 0
    for seed in seeds:
        plan = draw(random.Random(seed))
        forget_users(place.account)
        user = place.build("ann", plan)
        others = [place.build(name, replace(plan, held="")) for name in ("bob", "boss")]
        before, beside = read_state(user), [read_state(each) for each in others]
        assert place.run(user, plan), seed
        counts = check(plan, before, read_state(user))
        quarantined, deleted = quarantined + counts[0], deleted + counts[1]
        assert [read_state(each) for each in others] == beside, seed
        assert list(place.account.iam.users) == ["ann", "bob", "boss"], seed
    assert deleted, "too little happened to prove anything"
    assert quarantined + deleted >= len(seeds) // 8, "too little happened to prove anything"


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"{len(seeds)} accounts")
def test_a_deployed_function_that_is_killed_comes_to_the_same_end_at_its_next_run(
    place: Place, seeds: range
) -> None:
    killed = 0
    for seed in seeds:
        pick = random.Random(1_000 + seed)
        plan = replace(draw(pick), held="NON_COMPLIANT", dry_run="false", exception="none")
        forget_users(place.account)
        whole, stopped = place.build("whole", plan), place.build("stopped", plan)
        before = describe(whole)
        assert place.run(whole, plan), seed
        if describe(whole) == before:
            continue
        last = pick.randrange(place.calls)
        assert not place.run(stopped, plan, last), (seed, last)
        assert place.run(stopped, plan), seed
        assert describe(stopped) == describe(whole), (seed, last, plan)
        killed += 1
    assert killed >= len(seeds) // 4, "too little happened to prove anything"
