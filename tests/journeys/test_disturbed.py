"""What was decided stands, however slow AWS is, whoever is killed, and whoever else deploys.

Each seed is another AWS and another story: an organization is deployed to with decisions of chance,
by runs that are killed at calls of chance and run again; then plain runs, changes, and a second
operator in the middle of one.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

import rollout.aws.session
from rollout.deployment import executor
from tests.support.organizations import (
    BANK,
    MANAGEMENT,
    SANDBOX,
    SECURITY,
    SHOP,
    CommandRun,
    World,
    open_estate,
    run,
)
from tools.happenings import attach_policies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rollout.deployment.plan import Step

pytestmark = pytest.mark.slow
TRIES = 12
FINE = (0, 3)
"""Without a role in the members their functions are not seen."""


class Story:
    """One organization, one chance, and what the operators do."""

    def __init__(self, estate: World, chance: random.Random, patches: pytest.MonkeyPatch) -> None:
        self.estate, self.chance, self.patches = estate, chance, patches
        self.told: list[tuple[str, int]] = []
        self.interrupt: Callable[[], None] | None = None
        self.nested = False
        patches.setattr("time.sleep", self.sleep)

    def be_moody(self) -> None:
        """Let AWS be late, stale and forgetful in places of its own."""
        packs, chance = self.estate.packs, self.chance
        packs.idle_seconds = chance.choice([0.0, 45.0, 120.0, 400.0])
        packs.gap_seconds = chance.choice([0.0, 40.0, 90.0])
        packs.stale_seconds = chance.choice([0.0, 60.0, 150.0])
        packs.hidden_looks, packs.empty_looks = chance.randrange(4), chance.randrange(4)
        packs.denied_looks, packs.at_once = chance.randrange(4), chance.choice([1, 2, 50])
        packs.keeps_rows = chance.random() < 0.7
        packs.aggregate_sticks = chance.random() < 0.7
        self.estate.sets.at_once = chance.choice([1, 2, 50])

    def sleep(self, seconds: float) -> None:
        self.estate.sleep(seconds)
        if self.interrupt and not self.nested and self.chance.random() < 0.3:
            happen, self.interrupt = self.interrupt, None
            self.nested = True
            try:
                happen()
            finally:
                self.nested = False

    def run(self, command: str) -> CommandRun:
        outcome = run(command, documented=False)
        self.told.append((command, outcome.code))
        assert "Traceback" not in outcome.err
        return outcome

    def run_killed(self, command: str) -> None:
        """Run a command that dies at a call of chance, and again until it comes to its end."""
        for _ in range(TRIES):
            # Right after the put nothing is shown yet: the worst moment to begin anew.
            last = self.chance.choice(["PutOrganizationConformancePack", "", ""])
            with self.killed_at(1 if last else self.chance.randrange(1, 140), last):
                code = self.run(command).code
            self.estate.sleep(self.chance.choice([0.0, 5.0, 200.0]))
            if code in FINE:
                return
            assert code == 130, self.told
        assert self.run(command).code in FINE, self.told

    @contextmanager
    def killed_at(self, number: int, operation: str) -> Iterator[None]:
        """Let the operator be interrupted right after that many of his calls, or of one kind."""
        explain, calls = rollout.aws.session.raise_hopeless, []

        def die(*arguments: Any, **more: Any) -> None:
            explain(*arguments, **more)
            if operation in ("", more["model"].name):
                calls.append(more["model"].name)
            if len(calls) == number:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patches:
            patches.setattr("rollout.aws.session.raise_hopeless", die)
            yield

    def stands(self) -> Any:
        """Return every decision that stands."""
        (pack,) = self.estate.packs.packs.values()
        (stack_set,) = self.estate.sets.sets.values()
        stacked = {key: value for key, value in stack_set.parameters.items() if key != "DeployedAt"}
        return dict(pack.parameters), sorted(pack.excluded), stacked

    def check_rest(self, role: str) -> None:
        """Nothing is left to do, and every account that is meant has what it is to have."""
        plan = json.loads(self.run(f"plan --format json {role}").out)
        assert plan["steps"] == [], self.told
        (pack,) = self.estate.packs.packs.values()
        held = {key for key, row in pack.accounts.items() if row.status != "DELETE_SUCCESSFUL"}
        members = self.estate.organization.members.values()
        meant = {each.id for each in members if each.status == "ACTIVE"} - set(pack.excluded)
        assert held == meant, self.told

    def agree(self, options: str) -> None:
        """Deploy, and see that what plan shows is done; where something runs, that comes first."""
        shown = json.loads(self.run(f"plan --format json {options}").out)["steps"]
        done: list[Step] = []
        do = executor.Executor.do

        def note(self: executor.Executor, step: Step) -> None:
            done.append(step)
            do(self, step)

        with pytest.MonkeyPatch.context() as patches:
            patches.setattr(executor.Executor, "do", note)
            assert self.run(f"deploy --yes {options}").code in FINE, self.told
        told = [(each["part"], each["change"], tuple(each["accounts"])) for each in shown]
        did = [(each.part.value, each.change.value, each.accounts) for each in done]
        waits = [each for each in told if each[1] == "wait for what runs"]
        assert (did[: len(waits)] if waits else did) == (waits or told), self.told


@pytest.mark.parametrize("seed", range(12))
def test_what_was_decided_stands_whatever_happens(
    monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    caller = chance.choice([MANAGEMENT, SECURITY])
    with open_estate(caller) as estate:
        attach_policies(estate)
        story = Story(estate, chance, monkeypatch)
        story.be_moody()
        out = [MANAGEMENT, *chance.sample([SHOP, BANK, SANDBOX], chance.randrange(2))]
        decided = (
            f"deploy --yes --exclude {' '.join(out)} --quarantine-days {chance.randrange(8, 99)}"
            f" --grace-hours {chance.randrange(5, 99)} --criterion UNUSED"
            f" --frequency {chance.choice(['One_Hour', 'Six_Hours'])}"
            f"{chance.choice(['', ' --automatic-remediation'])}"
            f"{chance.choice(['', ' --function-by export'])}"
            f"{chance.choice(['', ' --stack-parameter LogRetentionDays=30'])}"
        )
        story.run_killed(decided)
        before = story.stands()
        assert before[1] == sorted(out)
        assert all(value in decided for key, value in before[0].items() if key == "GraceHours")
        story.check_rest("")

        story.run_killed("deploy")
        assert story.stands() == before, story.told

        hours = str(chance.randrange(100, 700))
        story.agree(f"--grace-hours {hours}")
        story.run_killed("deploy --yes --max-exception-days 33")
        wanted = {"GraceHours": hours, "MaxExceptionDays": "33"}
        assert story.stands() == ({**before[0], **wanted}, *before[1:]), story.told
        story.check_rest("")

        two_operators(story, {**before[0], **wanted})
        assert story.stands()[1:] == before[1:], story.told
        story.check_rest("")


def two_operators(story: Story, before: dict[str, str]) -> None:
    """Let a second operator decide something while the first one is at it.

    Whose word stands is chance; but nobody takes back what the other has decided without a word.
    """
    codes = dict[str, int]()

    def second() -> None:
        codes["second"] = story.run("deploy --yes --grace-hours 71").code

    story.interrupt = second
    codes["first"] = story.run("deploy --yes --quarantine-days 111").code
    story.interrupt = None
    assert set(codes.values()) <= {*FINE, 2}, story.told
    assert story.run("deploy").code in FINE, story.told
    after = story.stands()[0]
    assert {key: value for key, value in after.items() if value != before[key]}.keys() <= {
        "GraceHours",
        "QuarantineDays",
    }
    if codes["first"] in FINE:
        assert after["QuarantineDays"] == "111", story.told
    if codes.get("second") in FINE:
        assert after["GraceHours"] == "71", story.told
