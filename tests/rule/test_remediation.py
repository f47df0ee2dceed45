"""The remediation in process: stopped after every call, with every read failing, and at random."""

import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from emulator import Account, open_account
from emulator.config.items import make_item
from emulator.iam.users import AccessKey, User
from rule.parameters import Policy
from rule.remediation import RemediationFailed, UserRun, answer, make_remediation_clients
from rule.repair import Outcome
from tests.conftest import NOW
from tests.support.facts import policy
from tests.support.paths import ROOT
from tests.support.runbook import TAG, forget_users, read_state, witness

CREATED = NOW - timedelta(days=60)
OVER = "2026-08-20T12:00:00Z until 2026-08-27T12:00:00Z"
BEGUN = "2026-09-01T11:00:00Z started"
EXCEPTION = {
    "no-setup-access-key:exception-owner": "security",
    "no-setup-access-key:exception-reason": "migration",
}
WRITES = ("TagUser", "UntagUser", "UpdateAccessKey", "DeleteAccessKey")


class Stopped(BaseException):
    """The run ends here, as when SSM's time is up: nothing in the code may catch it."""


@dataclass
class Desk:
    """An emulated account, and clients that can be stopped."""

    account: Account
    iam: Any
    config: Any
    calls: list[str] = field(default_factory=list)
    stop_after: int | None = None
    witnessed: bool = True
    """Whether AWS Config has seen the tags that a test wrote since the start that is in them."""
    waits: list[float] = field(default_factory=list)
    acts: dict[tuple[str, int], Callable[[], object]] = field(default_factory=dict)
    """What somebody else does right after the n-th answer to a call of this name."""

    def forget_users(self) -> None:
        """Take everybody and every fault away."""
        forget_users(self.account)
        self.calls.clear()

    def remediate(self, user: User, rules: Policy | None = None, dry_run: bool = False) -> Any:
        """Remediate one user now."""
        if self.witnessed:
            witness(self.account, user)
        now = self.account.clock.now
        run = UserRun(self.iam, self.config, rules or policy(), dry_run, now, self.waits.append)
        return answer(*run.remediate(user.id))

    def note(self, model: Any, **_: Any) -> None:
        """Count a call that was answered, and let happen what a test wants after it."""
        self.calls.append(model.name)
        self.acts.get((model.name, self.calls.count(model.name)), lambda: None)()
        if len(self.calls) == self.stop_after:
            raise Stopped


@pytest.fixture(scope="module")
def shared_desk() -> Iterator[Desk]:
    """One account for this file; its clock stands still."""
    with open_account(NOW, ticking=False) as account:
        session = account.session()
        url, retries = account.url, {"mode": "standard", "total_max_attempts": 8}
        settings = Config(retries=retries)  # type: ignore[arg-type]
        clients = [
            session.client(name, endpoint_url=url, config=settings) for name in ("iam", "config")
        ]
        desk = Desk(account, *clients)
        for client in clients:
            client.meta.events.register("after-call", desk.note)
        yield desk


@pytest.fixture
def desk(shared_desk: Desk) -> Desk:
    """The account with nobody in it, at NOW, and nothing that stops or fails."""
    shared_desk.stop_after = None
    shared_desk.acts.clear()
    shared_desk.waits.clear()
    shared_desk.witnessed = True
    shared_desk.account.clock.move_to(NOW)
    shared_desk.forget_users()
    return shared_desk


def add_user(desk: Desk, *keys: tuple[str, str | None, bool]) -> User:
    """Add a user with setup keys: status, tag, and whether it was used."""
    iam = desk.account.iam
    user = iam.add_user("ann", created=CREATED, password=CREATED, tags={"team": "people"})
    for place, (status, value, is_used) in enumerate(keys):
        created = CREATED + timedelta(seconds=place)
        used = CREATED + timedelta(days=9) if is_used else None
        key = iam.add_key(user, created=created, status=status, last_used=used)
        if value is not None:
            user.tag_values[TAG + key.access_key_id] = value
    return user


def describe(user: User) -> tuple[list[str], list[str]]:
    """Return what a user has, without the ids that differ from user to user."""
    statuses, tags = read_state(user)
    places = {key: str(place) for place, key in enumerate(statuses)}
    values = [f"{places.get(name[len(TAG) :], name)}: {tags[name]}" for name in sorted(tags)]
    return list(statuses.values()), sorted(values)


SLOW = pytest.mark.slow

SITUATIONS = [
    pytest.param([("Active", None, False)], id="one to quarantine"),
    pytest.param(
        [("Active", None, False), ("Active", None, False)], id="two to quarantine", marks=SLOW
    ),
    pytest.param([("Active", BEGUN, False)], id="one begun"),
    pytest.param([("Inactive", BEGUN, False)], id="one begun and Inactive"),
    pytest.param([("Active", OVER, False)], id="one made Active again"),
    pytest.param([("Inactive", OVER, False)], id="one to delete"),
    pytest.param([("Inactive", OVER, False), ("Active", None, False)], id="one of each"),
    pytest.param(
        [("Active", None, False), ("Inactive", OVER, False)], id="one of each, reversed", marks=SLOW
    ),
    pytest.param(
        [("Inactive", OVER, False), ("Inactive", OVER, False)], id="two to delete", marks=SLOW
    ),
    pytest.param(
        [("Active", OVER, True), ("Active", None, False)], id="one used again", marks=SLOW
    ),
]


@pytest.mark.parametrize("keys", SITUATIONS)
def test_a_run_stopped_after_any_call_is_finished_by_the_next(
    desk: Desk, keys: list[tuple[str, str | None, bool]]
) -> None:
    user = add_user(desk, *keys)
    desk.remediate(user)
    calls, end = list(desk.calls), describe(user)
    assert set(calls) & set(WRITES), "nothing would be proved"
    for stop_after in range(1, len(calls) + 1):
        desk.forget_users()
        user = add_user(desk, *keys)
        desk.stop_after = stop_after
        with pytest.raises(Stopped):
            desk.remediate(user)
        assert desk.calls == calls[:stop_after]
        desk.stop_after = None
        desk.remediate(user)
        assert describe(user) == end, f"stopped after call {stop_after}, {calls[stop_after - 1]}"


@pytest.mark.parametrize("keys", SITUATIONS)
def test_a_run_stopped_again_and_again_comes_to_the_same_end(
    desk: Desk, keys: list[tuple[str, str | None, bool]]
) -> None:
    user = add_user(desk, *keys)
    desk.remediate(user)
    end = describe(user)
    desk.forget_users()
    user = add_user(desk, *keys)
    for stop_after in range(1, 20):
        desk.calls.clear()
        desk.stop_after = stop_after
        try:
            desk.remediate(user)
        except Stopped:
            continue
        break
    assert describe(user) == end


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
@pytest.mark.parametrize("keys", SITUATIONS)
def test_a_read_that_fails_before_the_first_change_changes_nothing(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    keys: list[tuple[str, str | None, bool]],
    code: str,
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    user = add_user(desk, *keys)
    desk.remediate(user, dry_run=True)
    reads = list(desk.calls)
    assert not set(reads) & set(WRITES)
    for place, name in enumerate(reads):
        desk.forget_users()
        user = add_user(desk, *keys)
        before = read_state(user)
        ours = ("ListDiscoveredResources", "GetResourceConfigHistory")
        service = "config" if name in ours else "iam"
        skip = reads[:place].count(name)
        # All calls of this kind, once `skip` of them were let through: throttling without end.
        desk.account.faults.fail(service, name, code, times=None, skip=skip)
        with pytest.raises((ClientError, RemediationFailed), match=code):
            desk.remediate(user)
        if service == "iam":
            assert read_state(user) == before, f"{name} failed"


@pytest.mark.parametrize("name", ["ListAccessKeys", "GetAccessKeyLastUsed"])
def test_a_look_before_a_deletion_that_fails_deletes_nothing(desk: Desk, name: str) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    before = read_state(user)
    desk.account.faults.fail("iam", name, "AccessDenied", times=None, skip=1)
    with pytest.raises(RemediationFailed, match=f"AccessDenied.*{name}"):
        desk.remediate(user)
    assert read_state(user) == before


def test_a_look_after_a_quarantine_that_fails_leaves_it_to_the_next_run(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    desk.account.faults.fail("iam", "ListAccessKeys", "AccessDenied", skip=1)
    with pytest.raises(RemediationFailed, match="AccessDenied"):
        desk.remediate(user)
    assert describe(user) == (["Inactive"], ["0: 2026-09-01T12:00:00Z started", "team: people"])
    desk.remediate(user)
    quarantine = "0: 2026-09-01T12:00:00Z until 2026-09-08T12:00:00Z"
    assert describe(user) == (["Inactive"], [quarantine, "team: people"])


@pytest.mark.parametrize("name", WRITES)
def test_a_change_that_is_refused_is_told_and_finished_by_the_next_run(
    desk: Desk, name: str
) -> None:
    keys = [("Inactive", OVER, False), ("Active", None, False)]
    user = add_user(desk, *keys)
    desk.account.faults.fail("iam", name, "AccessDenied")
    ids = [key.access_key_id for key in user.access_keys]
    with pytest.raises(RemediationFailed) as failure:
        desk.remediate(user)
    assert all(key_id in str(failure.value) for key_id in ids)
    assert str(failure.value).startswith("Run this again, it finishes the rest. User ")
    desk.remediate(user)
    quarantine = "0: 2026-09-01T12:00:00Z until 2026-09-08T12:00:00Z"
    assert describe(user) == (["Inactive"], [quarantine, "team: people"])


# What moves while the run is at it.


def only_key(user: User) -> AccessKey:
    """Return the user's one key."""
    (key,) = user.access_keys
    return key


def test_a_key_made_active_just_before_its_deletion_is_kept(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key = only_key(user)
    desk.acts["GetAccessKeyLastUsed", 1] = lambda: setattr(key, "status", "Active")
    told = desk.remediate(user)
    assert told["Keys"] == [
        {"AccessKeyId": key.access_key_id, "Done": "kept", "Why": "By now it is Active."}
    ]
    assert describe(user) == (["Active"], [f"0: {OVER}", "team: people"])


def test_a_key_whose_use_shows_just_before_its_deletion_is_kept(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key = only_key(user)
    desk.acts["GetAccessKeyLastUsed", 1] = lambda: key.record_use(NOW)
    told = desk.remediate(user)
    why = "By now it is Inactive and used."
    assert told["Keys"] == [{"AccessKeyId": key.access_key_id, "Done": "kept", "Why": why}]
    assert describe(user) == (["Inactive"], [f"0: {OVER}", "team: people"])


def test_a_deletion_follows_its_last_look_before_another_key_is_quarantined(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False), ("Inactive", OVER, False))
    with desk.account.calls.since_now() as calls:
        desk.remediate(user)
    reads = ("iam:Get", "iam:List", "config:")
    writes = [each for each in calls.actions() if not each.startswith(reads)]
    assert writes == [
        "iam:DeleteAccessKey",
        "iam:UntagUser",
        "iam:TagUser",
        "iam:UpdateAccessKey",
        "iam:TagUser",
    ]


def test_every_change_names_its_user_as_iam_takes_the_caller_where_none_is_named(
    desk: Desk,
) -> None:
    user = add_user(desk, ("Active", None, False), ("Inactive", OVER, False))
    named = list[tuple[str, str | None]]()

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        if model.name in WRITES:
            named.append((model.name, params.get("UserName")))

    desk.iam.meta.events.register("provide-client-params.iam", note)
    try:
        desk.remediate(user)
    finally:
        desk.iam.meta.events.unregister("provide-client-params.iam", note)
    assert named == [
        ("DeleteAccessKey", "ann"),
        ("UntagUser", "ann"),
        ("TagUser", "ann"),
        ("UpdateAccessKey", "ann"),
        ("TagUser", "ann"),
    ]


def test_a_key_that_somebody_deletes_meanwhile_leaves_no_tag(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    key = only_key(user)
    desk.acts["UpdateAccessKey", 1] = lambda: user.access_keys.remove(key)
    told = desk.remediate(user)
    why = "Somebody else deleted it meanwhile."
    assert told["Keys"] == [{"AccessKeyId": key.access_key_id, "Done": "kept", "Why": why}]
    assert describe(user) == ([], ["team: people"])


def test_a_key_that_does_not_become_inactive_is_a_failure_that_the_next_run_finishes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = add_user(desk, ("Active", None, False))
    key, waits = only_key(user), list[float]()
    monkeypatch.setattr(time, "sleep", waits.append)
    desk.acts["UpdateAccessKey", 1] = lambda: setattr(key, "status", "Active")
    said = f"User ann: {key.access_key_id} failed: It should be Inactive, but still reads Active."
    with pytest.raises(RemediationFailed, match=f"{re.escape(said)}$"):
        desk.remediate(user)
    assert waits == [2] * 4
    desk.remediate(user)
    assert read_state(user)[0] == {key.access_key_id: "Inactive"}


def test_a_key_that_somebody_else_deletes_first_is_no_failure(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key = only_key(user)
    # The second listing is the last look before the deletion.
    desk.acts["ListAccessKeys", 2] = lambda: user.access_keys.remove(key)
    (told,) = desk.remediate(user)["Keys"]
    assert (told["AccessKeyId"], told["Done"]) == (key.access_key_id, "deleted")
    assert describe(user) == ([], ["team: people"])


def test_a_used_keys_old_tag_is_said_to_be_removed_and_how_to_write_it_again(desk: Desk) -> None:
    user = add_user(desk, ("Active", OVER, True))
    (told,) = desk.remediate(user)["Keys"]
    key_id = only_key(user).access_key_id
    born = f"Access key {key_id} of ann was created at 2026-07-03T12:00:00Z, the user at"
    assert told == {
        "AccessKeyId": key_id,
        "Done": "kept",
        "Why": f"{born} 2026-07-03T12:00:00Z: in use. Its old quarantine tag was removed.",
        "Undo": f"aws iam tag-user --user-name ann --tags 'Key={TAG}{key_id},Value={OVER}'",
    }
    assert describe(user) == (["Active"], ["team: people"])


def test_a_deletion_that_iam_refuses_is_a_failure_even_where_the_key_is_gone_by_then(
    desk: Desk,
) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key = only_key(user)
    desk.account.faults.fail("iam", "DeleteAccessKey", "AccessDenied")
    desk.acts["ListAccessKeys", 2] = lambda: user.access_keys.remove(key)
    with pytest.raises(RemediationFailed, match=f"{key.access_key_id} failed: .*AccessDenied"):
        desk.remediate(user)


def test_a_key_that_iam_says_is_gone_and_still_lists_is_a_failure(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key = only_key(user)
    desk.account.faults.fail("iam", "DeleteAccessKey", "NoSuchEntity")
    with pytest.raises(RemediationFailed, match=f"{key.access_key_id} failed: .*NoSuchEntity"):
        desk.remediate(user)
    assert describe(user) == (["Inactive"], [f"0: {OVER}", "team: people"])


def test_room_for_one_tag_more_is_room_for_the_first_of_two_keys_alone(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False), ("Active", None, False))
    user.tag_values.update({f"team:{number}": "x" for number in range(48)})
    assert len(user.tag_values) == 49
    first, second = desk.remediate(user)["Keys"]
    assert (first["Done"], second["Done"]) == ("quarantined", "kept")
    assert second["Why"].startswith("The user has 50 tags and IAM allows no more: remove one,")
    assert [key.status for key in user.access_keys] == ["Inactive", "Active"]


def test_a_user_deleted_meanwhile_is_no_failure_where_nothing_was_changed(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    desk.acts["ListAccessKeys", 1] = desk.account.iam.users.clear
    assert desk.remediate(user)["Keys"] == []


def test_a_user_deleted_in_the_middle_is_told_as_kept_and_is_no_failure(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    key = only_key(user)
    # The tag "started" is the first change; by then nobody bears the name any more.
    desk.acts["GetUser", 2] = desk.account.iam.users.clear
    (told,) = desk.remediate(user)["Keys"]
    why = "No IAM user has the name ann."
    assert told == {"AccessKeyId": key.access_key_id, "Done": "kept", "Why": why}


@pytest.mark.parametrize("error", [EndpointConnectionError, ResponseParserError])
def test_whatever_stops_one_key_does_not_end_the_run_for_the_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    user = add_user(desk, ("Inactive", OVER, False), ("Active", None, False))
    first, second = (key.access_key_id for key in user.access_keys)

    def break_off(**_: object) -> None:
        raise error(**({"endpoint_url": "x"} if error is EndpointConnectionError else {}))

    desk.iam.meta.events.register("before-call.iam.DeleteAccessKey", break_off)
    try:
        with pytest.raises(RemediationFailed, match=f"{second} quarantined") as failure:
            desk.remediate(user)
    finally:
        desk.iam.meta.events.unregister("before-call.iam.DeleteAccessKey", break_off)
    assert f"{first} failed" in str(failure.value)
    assert [key.status for key in user.access_keys] == ["Inactive", "Inactive"]


@pytest.mark.parametrize(
    "error", [ReadTimeoutError(endpoint_url="x"), ResponseParserError("<html>")]
)
@pytest.mark.parametrize("call", ["DeleteAccessKey", "UpdateAccessKey"])
def test_a_change_that_was_done_and_whose_answer_was_lost_is_told_as_done(
    desk: Desk, error: Exception, call: str
) -> None:
    user = add_user(desk, ("Inactive", OVER, False) if call[0] == "D" else ("Active", None, False))
    told = lose_answers(desk, call, error, lambda: desk.remediate(user))
    assert [each["Done"] for each in told["Keys"]] == [
        "deleted" if call[0] == "D" else "quarantined"
    ]


def test_a_change_of_which_nobody_knows_whether_it_was_done_says_so(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key_id = only_key(user).access_key_id
    # The third look at the keys is the one after the deletion.
    desk.account.faults.fail("iam", "ListAccessKeys", "AccessDenied", skip=2)
    left = f"{key_id} failed: Left to do: see whether IAM did it, which answered <html>"
    with pytest.raises(RemediationFailed, match=left):
        lose_answers(
            desk, "DeleteAccessKey", ResponseParserError("<html>"), lambda: desk.remediate(user)
        )
    desk.remediate(user)
    assert describe(user) == ([], ["team: people"])


def lose_answers(desk: Desk, call: str, error: Exception, act: Callable[[], Any]) -> Any:
    """Act while IAM does what this call asks for, and its answer never comes."""

    def lose(**_: object) -> None:
        raise error

    event = f"after-call.iam.{call}"
    desk.iam.meta.events.register(event, lose)
    try:
        return act()
    finally:
        desk.iam.meta.events.unregister(event, lose)


def test_the_last_look_comes_fifteen_seconds_after_the_first(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    desk.remediate(user)
    (wait,) = desk.waits
    assert 10 < wait <= 15


def test_both_clients_carry_the_retry_configuration(desk: Desk) -> None:
    make_remediation_clients.cache_clear()
    for client in make_remediation_clients():
        retries = {"mode": "standard", "total_max_attempts": 8}
        config: Any = client.meta.config
        assert config.retries == retries


def test_the_import_of_the_remediation_does_not_bring_rdklib() -> None:
    code = "import sys, rule.remediation; sys.exit('rdklib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


# What is told, word for word.

SETUP = "2026-07-03T12:00:00Z, the user at 2026-07-03T12:00:00Z"
UNDER_WAY = "2026-08-31T12:00:00Z until 2026-09-07T12:00:00Z"
RULES = policy(Criterion="SETUP_UNUSED")


def name_born(key_id: str) -> str:
    """Return how every sentence on a setup key begins."""
    return f"Access key {key_id} of ann was created at {SETUP}: "


def refuse(name: str) -> str:
    """Return how boto3 tells that a call was refused; the faults say no more."""
    return f"An error occurred (AccessDenied) when calling the {name} operation: "


def deal_with(desk: Desk, user: User, at: datetime = NOW) -> list[Outcome]:
    """Return what came of each key in a run of now, failed or not."""
    witness(desk.account, user)
    desk.account.clock.move_to(at)
    run = UserRun(desk.iam, desk.config, RULES, False, desk.account.clock.now, desk.waits.append)
    return run.remediate(user.id)[2]


def test_a_quarantined_key_is_told_with_its_end_and_how_to_undo_it(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    key_id = only_key(user).access_key_id
    assert deal_with(desk, user) == [
        Outcome(
            key_id,
            "quarantined",
            f"{name_born(key_id)}AWS has no use of it on record. Make it inactive, then delete it.",
            undo=f"aws iam update-access-key --user-name ann --access-key-id {key_id}"
            " --status Active",
            until=NOW + timedelta(days=7),
        )
    ]


@pytest.mark.parametrize(
    ("status", "tag", "ending"),
    [
        ("Active", None, ""),
        ("Active", BEGUN, ""),
        ("Active", OVER, " again"),
        ("Active", f"{OVER} again", " again"),
        ("Active", f"{BEGUN} again", " again"),
        ("Inactive", f"{BEGUN} again", " again"),
    ],
)
def test_the_tag_of_every_quarantine_but_the_first_ends_with_again(
    desk: Desk, status: str, tag: str | None, ending: str
) -> None:
    user = add_user(desk, (status, tag, False))
    written = f"2026-09-01T12:00:00Z until 2026-09-08T12:00:00Z{ending}"
    assert [each.done for each in deal_with(desk, user)] == ["quarantined"]
    assert describe(user) == (["Inactive"], [f"0: {written}", "team: people"])


def test_a_quarantine_looks_at_its_own_key_and_not_at_the_users_other_one(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, True), ("Active", None, False))
    in_use, idle = (key.access_key_id for key in user.access_keys)
    assert [(each.key_id, each.done) for each in deal_with(desk, user)] == [
        (in_use, "kept"),
        (idle, "quarantined"),
    ]
    assert read_state(user)[0] == {in_use: "Active", idle: "Inactive"}


def test_a_second_quarantine_is_begun_as_such(desk: Desk) -> None:
    user = add_user(desk, ("Active", OVER, False))
    desk.account.faults.fail("iam", "UpdateAccessKey", "AccessDenied")
    assert [each.done for each in deal_with(desk, user)] == ["failed"]
    assert describe(user) == (["Active"], ["0: 2026-09-01T12:00:00Z started again", "team: people"])


def test_a_quarantine_whose_end_cannot_be_written_is_told_as_begun_with_what_is_left(
    desk: Desk,
) -> None:
    user = add_user(desk, ("Active", None, False))
    key_id = only_key(user).access_key_id
    desk.acts["ListAccessKeys", 2] = lambda: desk.account.faults.fail(
        "iam", "TagUser", "AccessDenied"
    )
    (told,) = deal_with(desk, user)
    assert told.left.startswith(f"Left to do: write into its tag until when ({refuse('TagUser')}")
    assert told.left.endswith(")")
    assert replace(told, left="") == Outcome(
        key_id,
        "quarantined",
        f"{name_born(key_id)}AWS has no use of it on record. Make it inactive, then delete it.",
        undo=f"aws iam update-access-key --user-name ann --access-key-id {key_id} --status Active",
        until=NOW + timedelta(days=7),
    )


def test_a_deleted_key_is_told_with_what_cannot_be_undone(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key_id = only_key(user).access_key_id
    assert deal_with(desk, user) == [
        Outcome(
            key_id,
            "deleted",
            f"{name_born(key_id)}AWS has no use of it on record; its quarantine ended at"
            " 2026-08-27T12:00:00Z. Delete it.",
            undo="A deletion cannot be undone; for a new key:"
            " aws iam create-access-key --user-name ann",
        )
    ]


def test_a_deletion_whose_tag_stays_is_told_as_done_and_its_tag_as_left(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key_id = only_key(user).access_key_id
    desk.account.faults.fail("iam", "UntagUser", "AccessDenied")
    with pytest.raises(RemediationFailed) as failure:
        desk.remediate(user)
    said = (
        f"Run this again, it finishes the rest. User ann: {key_id} deleted: {name_born(key_id)}"
        "AWS has no use of it on record; its quarantine ended at 2026-08-27T12:00:00Z. Delete it."
        f" Left to do: remove its quarantine tag ({refuse('UntagUser')}"
    )
    assert str(failure.value).startswith(said)
    assert desk.remediate(user)["Keys"] == [
        {
            "AccessKeyId": key_id,
            "Done": "kept",
            "Why": "The key is gone, and now its quarantine tag is, too.",
        }
    ]
    assert describe(user) == ([], ["team: people"])


def test_a_user_deleted_after_the_deletion_of_its_key_leaves_nothing_to_do(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key_id = only_key(user).access_key_id
    desk.acts["DeleteAccessKey", 1] = desk.account.iam.users.clear
    assert deal_with(desk, user) == [
        Outcome(
            key_id,
            "deleted",
            "No IAM user has the name ann.",
            undo="A deletion cannot be undone; for a new key:"
            " aws iam create-access-key --user-name ann",
        )
    ]


def test_a_key_that_fails_at_once_is_told_with_the_error_alone(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    key_id = only_key(user).access_key_id
    desk.account.faults.fail("iam", "TagUser", "AccessDenied")
    (told,) = deal_with(desk, user)
    assert told.left.startswith(refuse("TagUser"))
    assert replace(told, left="") == Outcome(key_id, "failed", "")
    assert only_key(user).status == "Active"


def test_two_keys_that_fail_are_told_one_after_the_other(desk: Desk) -> None:
    told = [Outcome("AKIA1", "failed", "", left="No."), Outcome("AKIA2", "kept", "In use.")]
    with pytest.raises(RemediationFailed) as failure:
        answer("ann", "A finding.", told)
    said = "Run this again, it finishes the rest. User ann: AKIA1 failed: No. AKIA2 kept: In use."
    assert str(failure.value) == said


def test_the_tags_of_keys_that_are_gone_are_removed_in_the_order_of_their_names(
    desk: Desk,
) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    kept = only_key(user).access_key_id
    tags = {f"{TAG}AKIAGONE2": OVER, f"{TAG.upper()}akiagone1": "x"}
    user.tag_values[TAG + kept] = "x"
    user.tag_values.update(tags)
    before = dict(user.tag_values)
    gone = "The key is gone, and now its quarantine tag is, too."
    desk.remediate(user, dry_run=True)
    assert user.tag_values == before
    first, *rest = desk.remediate(user)["Keys"]
    assert (first["AccessKeyId"], first["Done"]) == (kept, "kept")
    assert rest == [
        {"AccessKeyId": "akiagone1", "Done": "kept", "Why": gone},
        {"AccessKeyId": "AKIAGONE2", "Done": "kept", "Why": gone},
    ]
    assert user.tag_values == {"team": "people", TAG + kept: "x"}


def test_a_present_keys_tag_in_other_letters_is_no_gone_keys(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", None, False))
    key_id = only_key(user).access_key_id
    user.tag_values[TAG.upper() + key_id.lower()] = "x"
    before = dict(user.tag_values)
    assert [each["AccessKeyId"] for each in desk.remediate(user)["Keys"]] == [key_id]
    assert user.tag_values == before


def test_where_a_user_has_fifty_tags_the_key_is_left_and_the_reason_told(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    user.tag_values.update({f"team:{number}": "x" for number in range(49)})
    why = (
        "The user has 50 tags and IAM allows no more: remove one, so that the quarantine can be"
        " recorded. The key was left as it is."
    )
    assert deal_with(desk, user) == [Outcome(only_key(user).access_key_id, "kept", why)]
    assert only_key(user).status == "Active"


def test_the_keys_own_tag_in_other_letters_is_room_enough(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False))
    user.tag_values[TAG.upper() + only_key(user).access_key_id] = "x"
    user.tag_values.update({f"team:{number}": "x" for number in range(48)})
    assert len(user.tag_values) == 50
    assert [each.done for each in deal_with(desk, user)] == ["quarantined"]
    assert only_key(user).status == "Inactive"


EXPIRED = "AWS has no use of it on record; its quarantine ended at 2026-08-27T12:00:00Z. Delete it."


def test_a_dry_run_tells_what_would_be_done_and_changes_nothing(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False), ("Inactive", OVER, False))
    first, second = (key.access_key_id for key in user.access_keys)
    before = read_state(user)
    why = f"Access key {second} of ann was created at 2026-07-03T12:00:01Z, the user at"
    assert desk.remediate(user, dry_run=True)["Keys"] == [
        {
            "AccessKeyId": second,
            "Done": "would be deleted",
            "Why": f"{why} 2026-07-03T12:00:00Z: {EXPIRED}",
        },
        {
            "AccessKeyId": first,
            "Done": "would be quarantined",
            "Why": f"{name_born(first)}AWS has no use of it on record."
            " Make it inactive, then delete it.",
        },
    ]
    assert (read_state(user), desk.waits) == (before, [])


def test_a_dry_run_leaves_a_used_keys_old_tag(desk: Desk) -> None:
    user = add_user(desk, ("Active", OVER, True))
    before, key_id = read_state(user), only_key(user).access_key_id
    assert desk.remediate(user, dry_run=True)["Keys"] == [
        {"AccessKeyId": key_id, "Done": "kept", "Why": f"{name_born(key_id)}in use."}
    ]
    assert read_state(user) == before


@pytest.mark.parametrize(
    ("key", "days"),
    [
        pytest.param(("Active", UNDER_WAY, False), 0, id="made Active again, no use seen yet"),
        pytest.param(("Active", OVER, False), 2, id="whose use nobody asked for"),
        pytest.param(("Inactive", OVER, True), 0, id="used, and Inactive"),
    ],
)
def test_a_tag_is_removed_from_no_key_that_is_not_both_active_and_seen_used(
    desk: Desk, key: tuple[str, str | None, bool], days: int
) -> None:
    user = add_user(desk, key)
    only_key(user).create_date += timedelta(days=days)
    before, key_id = read_state(user), only_key(user).access_key_id
    (told,) = deal_with(desk, user)
    assert (told.key_id, told.done, told.undo, told.left) == (key_id, "kept", "", "")
    assert read_state(user) == before


def test_a_key_in_use_without_a_tag_is_kept_and_nothing_is_written(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, True))
    key_id = only_key(user).access_key_id
    assert deal_with(desk, user) == [Outcome(key_id, "kept", f"{name_born(key_id)}in use.")]
    assert not set(desk.calls) & set(WRITES)


ACCEPTED = "The risk is accepted by security until the end of 2026-10-01"
NO_DATE = 'Invalid exception: expires "soon" is no date (YYYY-MM-DD).'


@pytest.mark.parametrize(
    ("expires", "verdict", "why"),
    [
        ("2026-10-01", f"{ACCEPTED}: access keys {{}} and {{}} of ann.", f"{ACCEPTED}."),
        (
            "soon",
            "Access key {} of ann: AWS has no use of it on record. Access key {} of ann: AWS has no"
            f" use of it on record; its quarantine ended at 2026-08-27T12:00:00Z. {NO_DATE}",
            f"{NO_DATE} Mend the exception, or remove its tags.",
        ),
    ],
    ids=["valid", "malformed"],
)
def test_an_excepted_users_keys_are_all_left_with_the_reason(
    desk: Desk, expires: str, verdict: str, why: str
) -> None:
    user = add_user(desk, ("Active", None, False), ("Inactive", OVER, False))
    user.tag_values.update(EXCEPTION, **{"no-setup-access-key:exception-expires": expires})
    before, ids = read_state(user), [key.access_key_id for key in user.access_keys]
    assert desk.remediate(user) == {
        "User": "ann",
        "Verdict": verdict.format(*ids),
        "Keys": [{"AccessKeyId": each, "Done": "kept", "Why": why} for each in ids],
    }
    assert read_state(user) == before


def test_the_keys_of_a_user_without_a_password_are_all_left_with_the_reason(desk: Desk) -> None:
    user = add_user(desk, ("Active", None, False), ("Inactive", OVER, False))
    user.remove_password()
    before = read_state(user)
    why = "No console password."
    assert desk.remediate(user) == {
        "User": "ann",
        "Verdict": why,
        "Keys": [
            {"AccessKeyId": key.access_key_id, "Done": "kept", "Why": why}
            for key in user.access_keys
        ],
    }
    assert read_state(user) == before


def test_a_user_who_is_gone_is_told_by_id(desk: Desk) -> None:
    user = add_user(desk)
    desk.forget_users()
    desk.witnessed = False
    verdict = f"No IAM user has the id {user.id}."
    assert desk.remediate(user) == {"User": user.id, "Verdict": verdict, "Keys": []}


def test_a_tag_that_config_has_not_seen_deletes_nothing_and_how_to_is_told(desk: Desk) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key_id, before = only_key(user).access_key_id, read_state(user)
    desk.witnessed = False
    assert desk.remediate(user)["Keys"] == [
        {
            "AccessKeyId": key_id,
            "Done": "kept",
            "Why": "AWS Config has not recorded its quarantine tag as it stands, so nothing proves"
            " how long it has been there. To delete it by hand: aws iam delete-access-key"
            f" --user-name ann --access-key-id {key_id}",
        }
    ]
    assert read_state(user) == before


SEEN = NOW - timedelta(days=5)


@pytest.mark.parametrize(
    ("at", "done"),
    [(NOW + timedelta(days=2, seconds=-1), "kept"), (NOW + timedelta(days=2), "deleted")],
)
def test_a_key_is_deleted_when_config_has_seen_its_tag_for_the_whole_quarantine(
    desk: Desk, at: datetime, done: str
) -> None:
    user = add_user(desk, ("Inactive", OVER, False))
    key_id = only_key(user).access_key_id
    desk.account.clock.move_to(SEEN)
    desk.witnessed = False
    items = desk.account.config.history.items.setdefault(user.id, [])
    items.append(make_item(desk.account.iam, user, "OK", SEEN))
    desk.account.clock.move_to(at)
    (told,) = desk.remediate(user)["Keys"]
    why = (
        "AWS Config has seen its quarantine tag since 2026-08-27T12:00:00Z, so it is not deleted"
        " before 2026-09-03T12:00:00Z."
    )
    assert (told["AccessKeyId"], told["Done"]) == (key_id, done)
    assert (told["Why"] == why) == (done == "kept")


def test_a_last_look_that_is_late_anyway_waits_no_longer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count(step=20)
    monkeypatch.setattr("rule.remediation.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    user = add_user(desk, ("Inactive", OVER, False))
    desk.remediate(user)
    assert desk.waits == [0]


# At random.


def tag_of(key_id: str) -> str:
    """Return the name of a key's tag in lower case: IAM takes tags that differ in case for one."""
    return (TAG + key_id).lower()


class Story:
    """A user's life at random: what people do, what time does, and the runbook in between.

    One thing people here do not do: make a key Inactive that still has a tag of ours. The owner's
    page says what would come of that.
    """

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.random = random.Random(seed)
        self.rules = self.choose_rules()
        self.desk.witnessed = False
        self.desk.account.iam.use_lag = self.choose_lag()
        created = NOW - timedelta(days=self.random.choice([0, 1, 8, 60]))
        self.user = desk.account.iam.add_user("ann", created=created, password=created)
        self.used: set[str] = set()
        for _ in range(self.random.choice([1, 2, 2])):
            self.create_key()

    def choose_rules(self) -> Policy:
        """Return parameters; the quarantine is never shorter than a day."""
        choose = self.random.choice
        return policy(
            Criterion=choose(["SETUP_UNUSED", "UNUSED", "SETUP"]),
            SetupWindowSeconds=choose([0, 300, 86400]),
            GraceHours=choose([0, 4, 48]),
            QuarantineDays=choose([1, 2, 7]),
        )

    def choose_lag(self) -> timedelta:
        """Return how long a use stays unseen: hours, and always less than any quarantine."""
        return timedelta(hours=self.random.choice([0, 1, 4, 12, 23]))

    def create_key(self) -> None:
        """Add a key, at the user's creation or later, Active or by somebody made Inactive."""
        if len(self.user.access_keys) < 2:
            now, choose = self.desk.account.clock.now(), self.random.choice
            created = self.user.create_date + timedelta(seconds=choose([0, 300, 301, 90000]))
            status = choose(["Active", "Active", "Active", "Inactive"])
            self.desk.account.iam.add_key(self.user, created=min(created, now), status=status)

    def use_key(self) -> None:
        """Use an Active key; AWS may show it only hours later."""
        for key in self.user.access_keys:
            if key.status == "Active" and self.random.random() < 0.5:
                key.record_use(self.desk.account.clock.now())
                self.used.add(key.access_key_id)

    def reactivate_key(self) -> None:
        """Make a key Active again, its tag left where it is."""
        for key in self.user.access_keys:
            if key.status == "Inactive" and self.random.random() < 0.5:
                key.status = "Active"

    def write_tag(self) -> None:
        """Write something into a quarantine tag that no runbook would, or remove one."""
        for key in self.user.access_keys:
            name, value = TAG + key.access_key_id, self.random.choice(["x", None, "spelled"])
            if key.status != "Active" and value != "x":
                continue
            if value is None:
                self.user.tag_values.pop(name, None)
            elif value == "spelled" and name not in self.user.tag_values:
                self.user.tag_values[TAG + key.access_key_id.lower()] = OVER
            elif value == "x":
                self.user.tag_values[name] = value

    def record_exception(self) -> None:
        """Record an exception that may be valid, too long, or over."""
        days = self.random.choice([-1, 0, 1, 30, 400])
        expires = (self.desk.account.clock.now() + timedelta(days=days)).date().isoformat()
        ours = {**EXCEPTION, "no-setup-access-key:exception-expires": expires}
        self.user.tag_values.update(ours)

    def end_exception(self) -> None:
        """Remove the exception."""
        for name in [name for name in self.user.tag_values if "exception" in name]:
            del self.user.tag_values[name]

    def pass_time(self) -> None:
        """Let minutes, hours or days pass."""
        self.desk.account.clock.advance(hours=self.random.choice([0.01, 1, 5, 24, 24, 170]))

    def change_rules(self) -> None:
        """Change the parameters."""
        self.rules = self.choose_rules()

    def lose_password(self) -> None:
        """Take the password away, or give one."""
        if self.user.password is None:
            self.user.set_password(self.desk.account.clock.now())
        elif self.random.random() < 0.3:
            self.user.remove_password()

    def run(self) -> list[str]:
        """Remediate, perhaps stopped on the way, and check what must never happen."""
        now = self.desk.account.clock.now()
        before, tags = read_state(self.user)
        shown = {key.access_key_id for key in self.user.access_keys if key.last_used is not None}
        excepted = self.is_excepted(now)
        self.desk.calls.clear()
        self.desk.stop_after = self.random.choice([None, None, None, 6, 7, 8, 9, 10, 11])
        try:
            self.desk.remediate(self.user, self.rules, self.random.random() < 0.1)
        except Stopped:
            pass
        finally:
            self.desk.stop_after = None
        after, tags_after = read_state(self.user)
        changed = {key_id for key_id in before if after.get(key_id) != before[key_id]}
        deleted = set(before) - set(after)
        told = (before, tags, after, tags_after, self.rules, now)
        assert not changed & shown, ("a key with a use on record", told)
        assert not deleted & self.used, ("a key that was used, seen or not", told)
        assert not (excepted and (changed or tags != tags_after)), ("an excepted user", told)
        assert not (self.user.password is None and changed), ("no password", told)
        for key_id in changed:
            if before[key_id] == "Inactive":
                assert tag_of(key_id) in map(str.lower, tags), (
                    "an Inactive key without our tag",
                    told,
                )
            assert after.get(key_id, "Inactive") == "Inactive", ("made Active", told)
        assert {name: tags[name] for name in tags if not name.startswith(TAG)} == {
            name: tags_after[name] for name in tags_after if not name.startswith(TAG)
        }, ("a tag that is not ours", told)
        for key_id in after:
            if after[key_id] == "Inactive" and key_id in changed:
                assert tag_of(key_id) in map(str.lower, tags_after), (
                    "Inactive and not to be found again",
                    told,
                )
        return sorted(changed)

    def is_excepted(self, now: datetime) -> bool:
        """Say whether the user's exception is valid now, in words of its own."""
        tags = self.user.tag_values
        expires = tags.get("no-setup-access-key:exception-expires")
        if expires is None:
            return False
        last = datetime.fromisoformat(expires + "T00:00:00+00:00").date()
        return 0 <= (last - now.date()).days <= self.rules.max_exception.days


@pytest.mark.parametrize(
    "seeds",
    [range(5), *(pytest.param(each, marks=SLOW) for each in (range(5, 18), range(18, 32)))],
    ids=str,
)
def test_no_life_of_a_user_ends_in_a_wrong_key_touched(desk: Desk, seeds: range) -> None:
    touched = 0
    for seed in seeds:
        desk.forget_users()
        desk.account.clock.move_to(NOW)
        story = Story(desk, seed)
        for _ in range(25):
            act = story.random.choice(
                [
                    *[story.pass_time] * 4,
                    *[story.run] * 4,
                    story.use_key,
                    story.reactivate_key,
                    story.write_tag,
                    story.record_exception,
                    story.end_exception,
                    story.create_key,
                    story.change_rules,
                    story.lose_password,
                ]
            )
            if act == story.run:
                touched += len(story.run())
            else:
                act()
    assert touched > len(seeds) // 2, "too little happened to prove anything"
