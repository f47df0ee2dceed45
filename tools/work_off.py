"""What happens, and what is run, to show and record the verbs that work findings off."""

from collections.abc import Callable
from datetime import timedelta

from tests.support.organizations import REGION, ROLE, SHOP, Estate
from tests.support.workshop import Workshop


def add_idle_user(estate: Estate) -> None:
    """Give the account shop a user with a key that was made at setup and never used."""
    iam = estate.members.config(SHOP, REGION).iam
    created = estate.cloud.clock.now() - timedelta(days=60)
    iam.add_key(iam.add_user("ben.idle", created=created, password=created), created=created)


def find_idle_user(estate: Estate) -> None:
    """Let the rule of shop find its idle user, now that no exception keeps it."""
    workshop = Workshop(estate)
    workshop.install(SHOP)
    workshop.judge(SHOP)
    workshop.hold(SHOP, "AIDAGONE0000000000001", "A user who is gone by now.")


def start_a_quarantine(estate: Estate) -> None:
    """Let the runbook have been stopped in the middle, so that its tag has no end yet."""
    iam = estate.members.config(SHOP, REGION).iam
    (key,) = iam.get_user("ben.idle").access_keys
    now = estate.cloud.clock.now().replace(microsecond=0, tzinfo=None)
    tag = f"no-setup-access-key:quarantined:{key.access_key_id}"
    iam.get_user("ben.idle").tag_values[tag] = f"{now.isoformat()}Z started"


def do_nothing(estate: Estate) -> None:
    pass


IN_MEMBERS = f"--member-role {ROLE}"
EXCEPTION = "--owner team --expires 2026-10-01 --reason x"
STEPS: tuple[tuple[Callable[[Estate], None], str], ...] = (
    (add_idle_user, f"exceptions add {SHOP}/ben.idle {EXCEPTION} {IN_MEMBERS}"),
    (do_nothing, f"exceptions list {IN_MEMBERS}"),
    (do_nothing, f"exceptions list --unit OU {IN_MEMBERS}"),
    (do_nothing, "exceptions list --account-only"),
    (do_nothing, f"exceptions remove {SHOP}/ben.idle {IN_MEMBERS}"),
    (find_idle_user, f"remediate --dry-run {IN_MEMBERS}"),
    (do_nothing, f"letters NOWHERE --dry-run {IN_MEMBERS}"),
    (do_nothing, f"remediate --yes --unit PRODUCTION {IN_MEMBERS}"),
    (do_nothing, f"rescan --account {SHOP} {IN_MEMBERS}"),
    (start_a_quarantine, f"restore --all --yes --unit PRODUCTION {IN_MEMBERS}"),
)
"""What is run to record the calls of each verb, each after what happens before it."""
