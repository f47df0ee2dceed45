"""An enemy who may write any tag, on himself or on everybody: what he gains, and what he cannot do.

The verdict takes its word from tags. So nobody may stay COMPLIANT by one tag for ever, and no tag
may cost a key that is in use, young or excepted, nor have one deleted that AWS Config has not seen
in quarantine for as long.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from emulator import Account, open_account
from emulator.iam.users import AccessKey
from rule.decision import COMPLIANT, NON_COMPLIANT, judge
from rule.exception_tags import read_exception
from rule.facts import Key, User, utc
from rule.parameters import Policy
from rule.quarantine import describe_started, describe_until
from rule.remediation import UserRun
from tests.conftest import NOW
from tests.support.facts import CREATED, ID, OTHER_ID, policy, user
from tests.support.planted import read_facts

TAG = "no-setup-access-key:quarantined:"
EXCEPTION = "no-setup-access-key:exception-"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATER = 800 * DAY


# --- one tag on oneself ---


def draw_moment(pick: random.Random, latest: float) -> datetime:
    return CREATED + timedelta(seconds=pick.randrange(int(latest)))


def draw_tag(pick: random.Random, key: Key, now: datetime) -> str:
    """Return a quarantine tag as an enemy writes it by `now`: long, backdated, nearly right."""
    start = draw_moment(pick, (now - CREATED).total_seconds() + 300)
    start = pick.choice([start, now, now + timedelta(minutes=5), key.created, CREATED - DAY])
    end = start + pick.choice([7, 30, 364, 365, 366, 800, 3_000, 900_000]) * DAY
    kind = pick.randrange(6)
    if kind == 0:
        return describe_started(start, pick.random() < 0.5)
    if kind == 1:
        return f"{utc(start)} until 9999-12-31T23:59:59Z"
    if kind == 2:
        text = describe_until(start, end)
        place = pick.randrange(len(text))
        return text[:place] + pick.choice("0129TZ: aé") + text[place + 1 :]
    return describe_until(start, end, pick.random() < 0.3)


def draw_state(pick: random.Random) -> tuple[User, Policy, datetime]:
    """Return a user whose setup key is Active and never used, with tags of his own making."""
    rules = policy(
        Criterion=pick.choice(["SETUP_UNUSED", "UNUSED", "SETUP"]),
        SetupWindowSeconds=pick.choice([0, 300, 86_400]),
        GraceHours=pick.choice([0, 4, 720]),
        QuarantineDays=pick.choice([1, 7, 365]),
        MaxExceptionDays=pick.choice([1, 90, 366]),
    )
    window = int(rules.setup_window.total_seconds())
    first = Key(ID, CREATED + timedelta(seconds=pick.randint(0, window)), "Active", None)
    now = max(first.created, draw_moment(pick, 200 * 86_400))
    keys, tags = [first], dict[str, str]()
    if pick.random() < 0.5:
        created = draw_moment(pick, (now - CREATED).total_seconds() + 1)
        status = pick.choice(["Active", "Inactive", "Expired"])
        keys.append(Key(OTHER_ID, created, status, pick.choice([None, created])))
    for each in keys:
        if pick.random() < 0.8:
            name = TAG + pick.choice([each.id, each.id, each.id.lower()])
            tags[pick.choice([name, name, name.upper()])] = draw_tag(pick, each, now)
    if pick.random() < 0.3:
        expires = utc(now + pick.choice([-1, 1, 90, 400, 900, 100_000]) * DAY)[:10]
        whole = {"owner": "x", "reason": "y", "expires": pick.choice([expires, "never", "9999"])}
        tags |= {EXCEPTION + part: whole[part] for part in whole if pick.random() < 0.9}
    pick.shuffle(keys)
    return user(*keys, tags=tags), rules, now


@pytest.mark.parametrize(
    "examples", [3_000, pytest.param(200_000, marks=pytest.mark.slow)], ids="{:,} states".format
)
def test_no_tags_keep_an_unused_setup_key_compliant_now_and_in_800_days(examples: int) -> None:
    pick, waiting, excepted = random.Random(1311), 0, 0
    for _ in range(examples):
        facts, rules, now = draw_state(pick)
        excepted_at = [
            read_exception(facts.known_tags, rules, at).accepted for at in (now, now + LATER)
        ]
        if any(excepted_at):
            excepted += 1
            continue
        if judge(facts, rules, now).compliance == COMPLIANT:
            waiting += 1
            later = judge(facts, rules, now + LATER)
            assert later.compliance == NON_COMPLIANT, (facts, rules, now, later)
    # The search means something only if many of these states are COMPLIANT now.
    assert waiting > examples / 10
    assert excepted > examples / 100


# --- a year of an enemy who may tag everybody ---


@dataclass
class Year:
    """An account over time: who is judged and remediated, and what must never happen to a key."""

    account: Account
    iam: Any
    config: Any
    pick: random.Random
    rules: Policy = field(default_factory=policy)
    done: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        return self.account.clock.now()

    def hire(self, name: str) -> AccessKey:
        """Add a user with a password and a key, as the console makes them."""
        hired = self.account.iam.add_user(name, created=self.now, password=self.now)
        return self.account.iam.add_key(hired, created=self.now)

    def evaluate(self, name: str) -> None:
        """Judge one user; a finding starts the remediation, whose every change is checked."""
        them = self.account.iam.users[name]
        before, now = read_facts(them), self.now
        if judge(before, self.rules, now).compliance != NON_COMPLIANT:
            return
        seen = list(self.account.config.history.items[them.id])
        run = UserRun(self.iam, self.config, self.rules, False, lambda: self.now, lambda _: None)
        *_, outcomes = run.remediate(them.id)
        assert [each for each in outcomes if each.failed] == []
        after = {each.id: each.status for each in read_facts(them).keys}
        for key in before.keys:
            if after.get(key.id) != key.status:
                self.check_change(before, key, after.get(key.id, "deleted"), seen)

    def check_change(self, before: User, key: Key, became: str, seen: list[dict[str, Any]]) -> None:
        """Fail where the remediation did to a key what it must not do."""
        said = f"{utc(self.now)}: {key} of {before.name} became {became}; {before.known_tags}"
        exception = read_exception(before.known_tags, self.rules, self.now)
        assert key.last_used is None, said
        assert self.now >= key.created + self.rules.grace, said
        assert not exception.accepted, said
        assert not exception.malformed, said
        if became == "deleted":
            assert key.status == "Inactive", said
            name = TAG + key.id
            since = self.now
            for item in reversed(seen):
                if item["tags"].get(name) != before.known_tags[name]:
                    break
                since = datetime.fromisoformat(item["configurationItemCaptureTime"])
            assert self.now >= since + self.rules.quarantine, said
        self.done[became] = self.done.get(became, 0) + 1

    def tag(self, name: str, tags: dict[str, str]) -> None:
        """Write tags on somebody."""
        self.account.iam.tag_user(name, [{"Key": key, "Value": tags[key]} for key in tags])

    def strike(self, name: str) -> None:
        """Do something to somebody's tags."""
        facts = read_facts(self.account.iam.users[name])
        move, pick = self.pick.random(), self.pick
        if move < 0.6 and facts.keys:
            key = pick.choice(facts.keys)
            start = self.now - timedelta(hours=pick.choice([0, 0, 1, 100, 200, 9_000]))
            if pick.random() < 0.5:
                start = max(start, key.created)
            end = start + pick.choice([0, 1, 7, 365, 366]) * DAY
            again = pick.random() < 0.3
            value = pick.choice(
                [describe_started(start, again), describe_until(start, end, again), "soon"]
            )
            self.tag(name, {TAG + key.id: value})
        elif move < 0.75:
            self.tag(name, {EXCEPTION + pick.choice(["owner", "reason"]): "enemy"})
        elif move < 0.85:
            self.tag(
                name, {EXCEPTION + "expires": pick.choice(["2026-13-01", "soon", "9999-12-31"])}
            )
        elif mine := [each for each in facts.known_tags if pick.random() < 0.5]:
            self.account.iam.untag_user(name, mine)


@pytest.fixture
def year() -> Iterator[Year]:
    """An account at the beginning of a year, its clock standing still."""
    with open_account(NOW, ticking=False) as account:
        session = account.session()
        iam, config = (session.client(each, endpoint_url=account.url) for each in ("iam", "config"))
        yield Year(account, iam, config, random.Random(2026))


def accept(year: Year, name: str) -> None:
    """Let the security team accept the risk of somebody's key for a month."""
    expires = utc(year.now + 30 * DAY)[:10]
    whole = {"owner": "security", "expires": expires, "reason": "break-glass"}
    year.tag(name, {EXCEPTION + part: whole[part] for part in whole})


@pytest.mark.parametrize(
    "days", [20, pytest.param(365, marks=pytest.mark.slow)], ids="{} days".format
)
def test_no_tag_costs_a_key_that_is_used_young_or_excepted_nor_deletes_one_early(
    year: Year, days: int
) -> None:
    used = year.hire("used")
    used.record_use(year.now)
    for name in ("idle", "excepted", "put-away"):
        year.hire(name)
    put_away = year.account.iam.users["put-away"].access_keys[0]
    put_away.status = "Inactive"
    for hour in range(days * 24):
        year.account.clock.advance(hours=1)
        if hour % (10 * 24) == 0:
            key = year.hire(f"new{hour}")
            year.tag(f"new{hour}", {TAG + key.access_key_id: describe_started(year.now)})
            year.account.clock.advance(minutes=20)
            year.evaluate(f"new{hour}")
        if hour % (28 * 24) == 0:
            accept(year, "excepted")
        names = list(year.account.iam.users)
        if year.pick.random() < 0.1:
            struck = year.pick.choice([*names[:4], *names[-2:]])
            year.strike(struck)
            year.evaluate(struck)
        if hour % 24 == 0:
            for name in names:
                year.evaluate(name)
    assert (used.status, year.done.keys() >= {"Inactive"}) == ("Active", True)
    assert days < 365 or year.done["deleted"] > 5


@pytest.mark.slow
def test_making_a_key_active_again_and_again_is_no_endless_exception(year: Year) -> None:
    """Active 8,707 of 8,760 hours it was once; now a quarantine's length, once."""
    key, active = year.hire("stubborn"), 0
    for _ in range(365):
        year.account.clock.advance(days=1)
        key.status = "Active"
        year.evaluate("stubborn")
        active += key.status == "Active"
    assert active <= (year.rules.quarantine + 2 * year.rules.grace) / DAY + 1


def test_the_longest_tag_that_one_can_write_on_oneself_ends_after_a_year(year: Year) -> None:
    key = year.hire("liar")
    year.account.clock.advance(hours=5)
    year.tag("liar", {TAG + key.access_key_id: describe_until(year.now, year.now + 365 * DAY)})
    for _ in range(13):
        assert key.status == "Active"
        year.account.clock.advance(days=30)
        year.evaluate("liar")
    assert key.status == "Inactive"
