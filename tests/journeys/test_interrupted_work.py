"""Work that is killed at any call, or refused, or not alone, ends as if nothing had been."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import dropwhile
from pathlib import Path

import pytest

from emulator.iam.users import User
from tests.support.organizations import BANK, REGION, ROLE, SHOP, CommandRun, World, run
from tests.support.stops import (
    Happen,
    Killed,
    OperatorCall,
    do_before,
    expire_at,
    fail_at,
    kill_after,
    watch_calls,
)
from tests.support.workshop import Workshop, open_workshop

IN_MEMBERS = f"--account {SHOP} {BANK} --member-role {ROLE}"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
QUARANTINED = "no-setup-access-key:quarantined:"
EXCEPTION = "no-setup-access-key:exception-"
USERS = ((SHOP, "ben.idle"), (BANK, "ida.bank"))
CHANGES = ("iam:TagUser", "iam:UntagUser", "iam:UpdateAccessKey", "iam:DeleteAccessKey")
FILE = """\
[[exception]]
account = "{}"
user = "{}"
owner = "team"
expires = 2026-10-01
reason = "partner"
"""


@dataclass(frozen=True)
class Work:
    """One verb's work: what stood before, and what is run."""

    workshop: Workshop
    command: str
    quarantined: bool = False

    def users(self) -> list[User]:
        """Return the emulated users."""
        members = self.workshop.estate.members
        return [members.config(account, REGION).iam.get_user(name) for account, name in USERS]

    def find(self, name: str) -> User:
        """Return an emulated user of the first account."""
        return self.workshop.estate.members.config(SHOP, REGION).iam.get_user(name)

    def begin(self) -> None:
        """Let everything stand as it did before the work."""
        now = self.workshop.estate.cloud.clock.now()
        start, end = (TIME_FORM.format(each) for each in (now, now + timedelta(days=7)))
        for user in self.users():
            user.tag_values.clear()
            for key in user.access_keys:
                key.status = "Inactive" if self.quarantined else "Active"
                if self.quarantined:
                    user.tag_values[QUARANTINED + key.access_key_id] = f"{start} until {end}"
        for account in (SHOP, BANK):
            self.workshop.judge(account)
        self.workshop.estate.cloud.calls.clear()

    def state(self) -> object:
        """Return keys and tags of every user, without the times, which pass."""
        return {
            user.name: (
                [key.status for key in user.access_keys],
                {key: TIME.sub("T", value) for key, value in user.tag_values.items()},
            )
            for user in self.users()
        }

    def changes(self) -> Counter[str]:
        """Return how often something was changed, whoever did it."""
        return Counter(each.action for each in self.workshop.estate.cloud.calls.made(*CHANGES))

    def run_undisturbed(self) -> tuple[list[OperatorCall], object, Counter[str]]:
        """Return what is called, and the state and the changes that it comes to."""
        self.begin()
        with watch_calls() as calls:
            outcome = run(self.command)
        assert outcome.code == 0, outcome
        return calls.made, self.state(), self.changes()

    def run(self, happen: Happen | None = None) -> CommandRun | None:
        """Run the verb; None where it was killed."""
        with watch_calls(happen):
            try:
                return run(self.command)
            except Killed:
                return None


TIME_FORM = "{:%Y-%m-%dT%H:%M:%SZ}"
WORKS = {
    "remediate": (f"remediate --yes --batch 1 {IN_MEMBERS}", False),
    "restore": (f"restore --yes --all {IN_MEMBERS}", True),
    "exceptions": (f"exceptions apply {{}} {IN_MEMBERS}", False),
}


@pytest.fixture(params=WORKS)
def work(
    request: pytest.FixtureRequest, estate: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Work:
    """Two users in two accounts, and a verb that changes something for both."""
    workshop = open_workshop(estate, monkeypatch, SHOP, BANK)
    estate.organization.page_limit = 100
    for account, name in USERS:
        workshop.add(account, name)
    file = tmp_path / "exceptions.toml"
    file.write_text("".join(FILE.format(*each) for each in USERS))
    command, quarantined = WORKS[request.param]
    return Work(workshop, command.format(file), quarantined)


@pytest.mark.slow
def test_work_that_is_killed_after_any_call_and_run_again_ends_as_if_undisturbed(
    work: Work,
) -> None:
    work.begin()
    before = work.state()
    calls, after, changes = work.run_undisturbed()
    assert after != before
    for call in dropwhile(lambda call: call.reads, calls):
        work.begin()
        assert work.run(kill_after(call.number)) is None
        again = work.run()
        assert again is not None
        found = (again.code, work.state(), work.changes())
        assert (str(call), *found) == (str(call), 0, after, changes)


@pytest.mark.slow
@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_a_refusal_of_any_call_is_told_and_the_next_run_ends_as_if_undisturbed(
    work: Work, code: str
) -> None:
    calls, after, _ = work.run_undisturbed()
    for call in find_ends(calls):
        work.begin()
        before = work.state()
        outcome = work.run(fail_at(call.number, work.workshop.estate.cloud.faults, code))
        assert outcome is not None
        told = outcome.out + outcome.err
        done = work.state()
        where = f"{call}\n{told}"
        assert outcome.code in ((0, 1, 2, 3) if done == after else (1, 2, 3)), where
        assert (outcome.code == 1) != ("No faults" in told or outcome.code == 2), where
        assert (done != before) == ("Changed: " in told), where
        assert call.operation in told or outcome.code == 0, where
        if done not in (before, after):
            again = work.run()
            assert again is not None
            assert (str(call), again.code, work.state()) == (str(call), 0, after)


@pytest.mark.slow
def test_a_token_that_expires_at_any_call_ends_it_in_one_sentence_and_the_next_run_goes_on(
    work: Work,
) -> None:
    calls, after, _ = work.run_undisturbed()
    for call in find_ends(calls):
        work.begin()
        before = work.state()
        outcome = work.run(expire_at(call.number, work.workshop.estate.cloud.faults))
        assert outcome is not None
        told = outcome.out + outcome.err
        where = f"{call}\n{told}"
        assert (outcome.code, told.count("have expired (ExpiredToken)")) == (2, 1), where
        done = work.state()
        assert (done != before) == ("Changed: " in told), where
        if done not in (before, after):
            again = work.run()
            assert again is not None
            assert (str(call), again.code, work.state()) == (str(call), 0, after)


def find_ends(calls: list[OperatorCall]) -> list[OperatorCall]:
    """Return the first and the last call of each operation: of one member, and of another."""
    names = [call.operation for call in calls]
    last = len(names) - 1
    ends = {names.index(each) for each in names}
    ends |= {last - names[::-1].index(each) for each in names}
    return [calls[at] for at in sorted(ends)]


@pytest.mark.slow
def test_two_operators_who_do_the_same_at_once_do_nothing_twice(work: Work) -> None:
    """The second one does everything before any one call of the first one."""
    calls, after, changes = work.run_undisturbed()
    assumed = [call.operation for call in calls].index("AssumeRole")
    for call in find_ends(calls[assumed:]):
        work.begin()
        others = list[CommandRun]()
        outcome = work.run(do_before(call.number, lambda: others.append(run(work.command))))  # noqa: B023
        assert outcome is not None
        codes = (outcome.code, *(each.code for each in others))
        assert (str(call), codes, work.state()) == (str(call), (0, 0), after), outcome
        # Between a last look and the change itself AWS has no lock: the same change is made again.
        if call.reads or "remediate" in work.command:
            assert (str(call), work.changes()) == (str(call), changes)


def use_the_key(work: Work, name: str) -> None:
    for key in work.find(name).access_keys:
        key.record_use(work.workshop.estate.cloud.clock.now())


def delete_the_key(work: Work, name: str) -> None:
    user = work.find(name)
    user.access_keys.clear()


def rename_the_user(work: Work, name: str) -> None:
    iam = work.workshop.estate.members.config(SHOP, REGION).iam
    iam.update_user(user_name=name, new_user_name=f"{name}.renamed")


def except_the_user(work: Work, name: str) -> None:
    parts = {"owner": "x", "expires": "2026-10-01", "reason": "y"}
    work.find(name).tag_values.update({EXCEPTION + key: value for key, value in parts.items()})


@pytest.mark.slow
@pytest.mark.parametrize("work", ["remediate"], indirect=True)
@pytest.mark.parametrize("happen", [use_the_key, delete_the_key, rename_the_user, except_the_user])
def test_whatever_happens_to_a_user_between_the_list_and_the_act_what_is_told_is_what_is_there(
    work: Work, happen: Callable[[Work, str], None]
) -> None:
    name, go = USERS[0][1], work.command.replace("--batch 1", f"--user {USERS[0][1]}")
    command = replace(work, command=go)
    calls, _, _ = command.run_undisturbed()
    first = [call.operation for call in calls].index("ListDiscoveredResources")
    for number, call in enumerate(find_ends(calls[first:])):
        who = f"{name}{number}"
        work.workshop.add(SHOP, who)
        work.workshop.judge(SHOP)
        outcome = replace(work, command=go.replace(name, who)).run(
            do_before(call.number, lambda: happen(work, who))  # noqa: B023
        )
        assert outcome is not None
        where = f"{call}\n{outcome.out}{outcome.err}"
        user = work.find(f"{who}.renamed" if happen is rename_the_user else who)
        inactive = [key.status for key in user.access_keys] == ["Inactive"]
        assert outcome.code in (0, 1), where
        assert ("1 key quarantined" in outcome.out) or not inactive, where
        assert ("left alone" in outcome.out) or inactive or not user.access_keys, where
        assert outcome.code == 0 or "restore --account" in outcome.out, where
