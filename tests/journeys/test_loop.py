"""The whole loop in an account set up from the repository's files, and where its ways part.

AWS Config's events run the deployed function, a finding starts the deployed runbook, and what the
runbook changes is what AWS Config sends next. Nothing here calls `rule`.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from emulator import Account, open_account
from emulator.config.rules import ConsoleLine, Rule
from emulator.iam.users import AccessKey, User
from rollout.code.package import build_package
from tests.conftest import NOW
from tests.support.deployment import deploy, put_pack
from tests.support.runbook import TAG, read_state

CREATED = NOW - timedelta(days=60)
AUTOMATIC = {"AutomaticRemediation": "true"}


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Account, Rule]]:
    """An account in which everything is deployed once for all tests of this file."""
    with open_account(NOW, ticking=False) as account:
        account.config.recording = True
        account.iam.report.rounds = 0
        rule = deploy(account, build_package(tmp_path_factory.mktemp("dist")), AUTOMATIC)
        yield account, rule


class Loop:
    """One user with a setup key, the rule, and time that passes."""

    def __init__(self, account: Account, rule: Rule) -> None:
        self.account = account
        self.rule = rule
        self.ann: User = account.iam.add_user("ann", created=CREATED, password=CREATED)
        self.key: AccessKey = account.iam.add_key(self.ann, created=CREATED)
        self.settle()

    def settle(self) -> None:
        """Let Config send what was recorded, and remediate what comes of it, until all is quiet."""
        for _ in range(9):
            sent = self.account.deliver_changes()
            remediated = self.account.deliver_remediations()
            assert all(each.succeeded for each in sent)
            assert [each.error for each in remediated if each.state == "FAILED"] == []
            if not sent and not remediated:
                return
        raise AssertionError("Config and the runbook go on for ever.")

    def pass_time(self, **delta: float) -> None:
        """Let time pass, and the schedule come."""
        self.account.clock.advance(**delta)
        assert self.rule.send_schedule().succeeded
        self.settle()

    @property
    def finding(self) -> tuple[str, str]:
        """What the Config console shows of ann: compliance, and the sentence without its lead."""
        (found,) = self.rule.list_lines()
        lead = (
            f"Access key {self.key.access_key_id} of ann was created at 2026-07-03T12:00:00Z, the"
            " user at 2026-07-03T12:00:00Z: "
        )
        return found.compliance, found.annotation.replace(lead, "")

    @property
    def state(self) -> tuple[str | None, str | None]:
        """The key's status and its tag."""
        statuses, tags = read_state(self.ann)
        return statuses.get(self.key.access_key_id), tags.get(TAG + self.key.access_key_id)


@pytest.fixture
def loop(deployed: tuple[Account, Rule]) -> Loop:
    """A user whose setup key the rule has found and the runbook has quarantined."""
    account, rule = deployed
    account.clock.move_to(NOW)
    for user in list(account.iam.users.values()):
        for key in user.access_keys:
            account.iam.access_keys.pop(key.access_key_id, None)
    account.iam.users.clear()
    account.iam.use_lag = timedelta(0)
    account.iam.report.generated = None
    rule.results.clear()
    account.config.pending_items.clear()
    put_pack(account, AUTOMATIC)
    return Loop(account, rule)


QUARANTINED = ("Inactive", "2026-09-01T12:00:00Z until 2026-09-08T12:00:00Z")
IN_QUARANTINE = ("COMPLIANT", "in quarantine until 2026-09-08T12:00:00Z.")


def test_a_setup_key_is_found_quarantined_found_again_and_deleted(loop: Loop) -> None:
    assert (loop.state, loop.finding) == (QUARANTINED, IN_QUARANTINE)
    loop.pass_time(days=6)
    assert (loop.state, loop.finding) == (QUARANTINED, IN_QUARANTINE)
    loop.account.clock.advance(days=2)
    loop.rule.send_schedule()
    assert loop.finding == (
        "NON_COMPLIANT",
        "AWS has no use of it on record; its quarantine ended at 2026-09-08T12:00:00Z. Delete it.",
    )
    loop.settle()
    assert (loop.state, loop.finding) == ((None, None), ("COMPLIANT", "No active access key."))


def test_a_key_made_active_again_and_used_is_left_alone_though_its_use_shows_hours_later(
    loop: Loop,
) -> None:
    loop.account.iam.use_lag = timedelta(hours=5)
    loop.pass_time(days=6, hours=23)
    loop.key.status = "Active"
    loop.key.record_use(loop.account.clock.now())
    loop.pass_time(minutes=30)
    waiting = "made Active again during its quarantine; not judged before 2026-09-08T16:00:00Z."
    assert loop.finding == ("COMPLIANT", waiting)
    # At the quarantine's end the use does not show yet, and the key waits for it.
    loop.pass_time(hours=1)
    assert (loop.state, loop.finding) == (("Active", QUARANTINED[1]), ("COMPLIANT", waiting))
    loop.pass_time(hours=4)
    assert loop.finding == ("COMPLIANT", "Every active access key is in use.")
    loop.pass_time(days=30)
    assert loop.state == ("Active", QUARANTINED[1])


def test_a_key_made_active_again_and_not_used_is_quarantined_anew_and_waits_no_second_time(
    loop: Loop,
) -> None:
    loop.pass_time(days=2)
    loop.key.status = "Active"
    loop.pass_time(days=4)
    assert loop.state == ("Active", QUARANTINED[1])
    loop.pass_time(days=1, hours=5)
    assert loop.state == ("Inactive", "2026-09-08T17:00:00Z until 2026-09-15T17:00:00Z again")
    loop.pass_time(days=1)
    loop.key.status = "Active"
    loop.pass_time(hours=1)
    assert loop.state == ("Inactive", "2026-09-09T18:00:00Z until 2026-09-16T18:00:00Z again")
    loop.pass_time(days=7)
    assert (loop.state, loop.finding[1]) == ((None, None), "No active access key.")


def test_a_use_before_the_quarantine_that_shows_only_later_saves_the_key(loop: Loop) -> None:
    loop.account.iam.use_lag = timedelta(hours=3)
    loop.key.record_use(NOW - timedelta(minutes=1))
    loop.pass_time(hours=1)
    assert (loop.state, loop.finding) == (QUARANTINED, IN_QUARANTINE)
    loop.pass_time(hours=2)
    saved = (
        "COMPLIANT",
        "in quarantine since 2026-09-01T12:00:00Z, but AWS has a use of it on record."
        " Make it Active again or delete it by hand.",
    )
    assert (loop.state, loop.finding) == (QUARANTINED, saved)
    loop.pass_time(days=30)
    assert (loop.state, loop.finding) == (QUARANTINED, saved)


def test_an_exception_recorded_in_the_quarantine_keeps_the_key_from_being_deleted(
    loop: Loop,
) -> None:
    loop.account.iam.tag_user(
        "ann",
        [
            {"Key": "no-setup-access-key:exception-owner", "Value": "security"},
            {"Key": "no-setup-access-key:exception-expires", "Value": "2026-09-20"},
            {"Key": "no-setup-access-key:exception-reason", "Value": "migration"},
        ],
    )
    loop.settle()
    loop.pass_time(days=10)
    accepted = "The risk is accepted by security until the end of 2026-09-20: access key"
    assert loop.state == QUARANTINED
    assert loop.finding == ("COMPLIANT", f"{accepted} {loop.key.access_key_id} of ann.")
    loop.pass_time(days=10)
    assert loop.state == (None, None)


def test_an_exception_recorded_after_the_finding_stops_what_was_started_for_it(loop: Loop) -> None:
    bob = loop.account.iam.add_user("bob", created=CREATED, password=CREATED)
    key = loop.account.iam.add_key(bob, created=CREATED)
    loop.account.deliver_changes()
    assert ConsoleLine("bob", "NON_COMPLIANT", bob_annotation(key)) in loop.rule.list_lines()
    bob.tag_values.update(
        {
            "no-setup-access-key:exception-owner": "security",
            "no-setup-access-key:exception-expires": "2026-09-20",
            "no-setup-access-key:exception-reason": "migration",
        }
    )
    (stale,) = loop.account.deliver_remediations()
    assert (stale.resource[1], stale.state, key.status) == (bob.id, "SUCCEEDED", "Active")


def bob_annotation(key: AccessKey) -> str:
    """Return the sentence on a setup key that is to be quarantined."""
    return (
        f"Access key {key.access_key_id} of bob was created at 2026-07-03T12:00:00Z, the user at"
        " 2026-07-03T12:00:00Z: AWS has no use of it on record. Make it inactive, then delete it."
    )


def test_a_longer_quarantine_set_meanwhile_counts_for_keys_already_in_it(loop: Loop) -> None:
    put_pack(loop.account, {**AUTOMATIC, "QuarantineDays": "20"})
    loop.pass_time(days=8)
    assert loop.state == QUARANTINED
    assert loop.finding == ("COMPLIANT", "in quarantine until 2026-09-21T12:00:00Z.")
    loop.pass_time(days=12)
    assert loop.state == (None, None)


def test_a_criterion_changed_meanwhile_leaves_the_key_to_a_person(loop: Loop) -> None:
    loop.key.create_date += timedelta(minutes=1)
    put_pack(loop.account, {**AUTOMATIC, "SetupWindowSeconds": "10"})
    loop.pass_time(days=8)
    assert loop.state == QUARANTINED
    assert loop.finding[0] == "COMPLIANT"
    assert loop.finding[1].endswith(
        "no longer meets the Criterion SETUP_UNUSED. Make it Active again or delete it by hand."
    )


def test_nothing_is_remediated_before_it_is_switched_on(loop: Loop) -> None:
    put_pack(loop.account, {"AutomaticRemediation": "false"})
    bob = loop.account.iam.add_user("bob", created=CREATED, password=CREATED)
    key = loop.account.iam.add_key(bob, created=CREATED)
    loop.settle()
    assert (key.status, bob.tag_values) == ("Active", {})
    put_pack(loop.account, AUTOMATIC)
    loop.settle()
    assert key.status == "Inactive"
