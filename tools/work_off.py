"""What happens, and what is run, to show and record the verbs that work findings off."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from emulator.iam.users import AccessKey
from tests.support.organizations import BANK, REGION, ROLE, SHOP, World, open_estate
from tests.support.workshop import Workshop, open_workshop
from tools.console import replay
from tools.happenings import do_nothing


def add_idle_user(estate: World) -> None:
    """Give the account shop a user with a key that was made at setup and never used."""
    iam = estate.members.config(SHOP, REGION).iam
    created = estate.cloud.clock.now() - timedelta(days=60)
    iam.add_key(iam.add_user("ben.idle", created=created, password=created), created=created)


def find_idle_user(estate: World) -> None:
    """Let the rule of shop find its idle user, now that no exception keeps it."""
    workshop = Workshop(estate)
    workshop.install(SHOP)
    workshop.judge(SHOP)
    workshop.hold(SHOP, "AIDAGONE0000000000001", "A user who is gone by now.")


def start_a_quarantine(estate: World) -> None:
    """Let the runbook have been stopped in the middle, so that its tag has no end yet."""
    iam = estate.members.config(SHOP, REGION).iam
    (key,) = iam.get_user("ben.idle").access_keys
    now = estate.cloud.clock.now().replace(microsecond=0, tzinfo=None)
    tag = f"no-setup-access-key:quarantined:{key.access_key_id}"
    iam.get_user("ben.idle").tag_values[tag] = f"{now.isoformat()}Z started"


IN_MEMBERS = f"--member-role {ROLE}"
EXCEPTION = "--owner team --expires 2026-10-01 --reason x"
STEPS: tuple[tuple[Callable[[World], None], str], ...] = (
    (add_idle_user, f"exceptions add {SHOP}/ben.idle {EXCEPTION} {IN_MEMBERS}"),
    (do_nothing, f"exceptions list {IN_MEMBERS}"),
    (do_nothing, f"exceptions list --unit OU {IN_MEMBERS}"),
    (do_nothing, "exceptions list --account-only"),
    (do_nothing, f"exceptions remove {SHOP}/ben.idle {IN_MEMBERS}"),
    (find_idle_user, f"remediate --dry-run {IN_MEMBERS} --production Environment=prod*"),
    (do_nothing, f"remediate --dry-run --source members {IN_MEMBERS}"),
    (do_nothing, f"letters NOWHERE --dry-run {IN_MEMBERS}"),
    (do_nothing, f"letters NOWHERE --dry-run --source members {IN_MEMBERS}"),
    (do_nothing, f"remediate --yes --unit PRODUCTION {IN_MEMBERS}"),
    (do_nothing, f"rescan --account {SHOP} {IN_MEMBERS}"),
    (start_a_quarantine, f"restore --all --yes --unit PRODUCTION {IN_MEMBERS}"),
    (do_nothing, f"restore --all --dry-run --account {SHOP} {IN_MEMBERS}"),
    (do_nothing, "remediate --account-only --dry-run"),
    (do_nothing, "rescan --account-only"),
    (do_nothing, "letters NOWHERE --account-only --dry-run"),
    (do_nothing, "restore --account-only --all --yes"),
)
"""What is run to record the calls of each verb, each after what happens before it."""


def use_a_key(estate: World) -> None:
    """Let the key of gil.returns come into use after the rule has judged him."""
    (key,) = estate.members.config(SHOP, REGION).iam.get_user("gil.returns").access_keys
    assert isinstance(key, AccessKey)
    key.record_use(estate.cloud.clock.now() - timedelta(hours=3))


def pass_the_night(estate: World) -> None:
    estate.sleep(3600)


def record_exceptions(estate: World) -> None:
    """Let an exception have ended, and another one be wrong."""
    for name, expires in (("eve.lapsed", "2026-08-31"), ("jo.typo", "31.12.2026")):
        tags = {"owner": "team-payments", "expires": expires, "reason": "partner delays"}
        iam = estate.members.config(BANK, REGION).iam
        iam.add_user(name, tags={f"no-setup-access-key:exception-{k}": v for k, v in tags.items()})


SCENES: dict[str, Callable[[World], None]] = {
    "the key of gil.returns was used since": use_a_key,
    "an hour later": pass_the_night,
    "an exception has ended, another one is wrong": record_exceptions,
}


def write_work_off_page(page: str) -> str:
    """Return docs/operate/work-off.md with the output of its commands, run in order."""
    with open_estate() as estate, pytest.MonkeyPatch.context() as patches:
        patches.setattr("time.sleep", estate.sleep)
        # Several at a time would move the one clock in no certain order.
        patches.setattr("rollout.remediation.work.AT_ONCE", 1)
        estate.organization.page_limit = 100
        workshop = open_workshop(estate, patches, SHOP, BANK)
        for name, days in (("ben.idle", 200), ("gil.returns", 100), ("hal.late", 50)):
            workshop.add(SHOP, name, days=days, Owner="team-shop")
        workshop.add(BANK, "ida.bank", days=300)
        for account in (SHOP, BANK):
            workshop.judge(account)
        return replay(page, estate, SCENES)
