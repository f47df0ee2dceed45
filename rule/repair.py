"""What is done to one access key: quarantine first, deletion later. Each step is safe to repeat.

Between any two calls the run may end, and the next one has to find what it was at: so a tag says
first that a quarantine was started, and only a key that was read back as Inactive gets an end.
"""

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from rule.facts import NOT_READ, Key, User
from rule.live import UserGone, read_keys, user_gone
from rule.parameters import Policy
from rule.quarantine import QUARANTINE_TAG, describe_started, describe_until, find_quarantine
from rule.sentences import KeyVerdict
from rule.standing import Standing

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

MOST_TAGS = 50
"""IAM's quota for a user."""
WOULD_QUARANTINE, WOULD_DELETE = "would be quarantined", "would be deleted"
PLANNED = frozenset({WOULD_QUARANTINE, WOULD_DELETE})
"""What a dry run says of a key."""
LOOKS, PAUSE_SECONDS = 5, 2.0
"""How often a key is read back: IAM is eventually consistent."""


class NotDone(Exception):
    """AWS took a change, and it does not show; the text says what reads otherwise."""


@dataclass(frozen=True)
class Outcome:
    """What was done to one key and why.

    `done` is quarantined, deleted, kept, failed or what would be done. `left` says what is still to
    do and what stopped it, `undo` how to undo what was done, `until` when a quarantine ends.
    """

    key_id: str
    done: str
    why: str
    left: str = ""
    undo: str = ""
    until: datetime | None = None

    @property
    def failed(self) -> bool:
        """Whether the next run has something left to do that this one could not."""
        return bool(self.left)

    def answer(self) -> dict[str, str]:
        """Return the outcome as the runbook's output holds it."""
        told = {"AccessKeyId": self.key_id, "Done": self.done, "Why": f"{self.why} {self.left}"}
        told["Why"] = told["Why"].strip()
        return {**told, "Undo": self.undo} if self.undo else told


@dataclass
class Repair:
    """Deals with the keys of one user; `now` is the clock."""

    iam: "IAMClient"
    user: User
    policy: Policy
    now: Callable[[], datetime]

    def __post_init__(self) -> None:
        self._added = set[str]()
        self._so_far = Outcome("", "failed", "")

    def attempt(self, key_id: str, job: Callable[[str], Outcome]) -> Outcome:
        """Return what came of a job; whatever stops it is told of this key and of no other."""
        self._so_far = Outcome(key_id, "failed", "")
        try:
            return job(key_id)
        except UserGone as gone:
            done = "kept" if self._so_far.done == "failed" else self._so_far.done
            return replace(self._so_far, done=done, why=str(gone), left="")
        except Exception as error:  # a time-out, an answer that cannot be read: anything
            left = self._so_far.left
            said = f"Left to do: {left} ({error})" if left else str(error)
            return replace(self._so_far, left=said or type(error).__name__)

    def quarantine(self, each: KeyVerdict) -> Outcome:
        """Make the key Inactive, between two tags that let the next run finish a stopped one.

        The time runs from now even then: the key may have been Active until now.
        """
        key, start = each.key, self.now()
        again = each.tag.again or each.tag.end is not None
        if each.standing is Standing.TO_QUARANTINE:
            if no_room := self.find_no_room(key.id):
                return Outcome(key.id, "kept", no_room)
            self.put_tag(key.id, describe_started(start, again))
        if key.status == "Active":
            self.change(key, self.iam.update_access_key, "Inactive", Status="Inactive")
        end = start + self.policy.quarantine
        self._so_far = Outcome(
            key.id,
            "quarantined",
            each.sentence,
            left="write into its tag until when",
            undo=shlex.join(
                [
                    *("aws", "iam", "update-access-key", "--user-name", self.user.name),
                    *("--access-key-id", key.id, "--status", "Active"),
                ]
            ),
            until=end,
        )
        for look in range(LOOKS):
            status = self.read_status(key)
            if status == "Inactive":
                self.put_tag(key.id, describe_until(start, end, again))
                return replace(self._so_far, left="")
            if status is None:
                self.remove_tag(key.id)
                return Outcome(key.id, "kept", "Somebody else deleted it meanwhile.")
            if look < LOOKS - 1:
                time.sleep(PAUSE_SECONDS)
        self._so_far = Outcome(key.id, "failed", "")
        raise NotDone(f"It should be Inactive, but still reads {status}.")

    def delete(self, each: KeyVerdict) -> Outcome:
        """Delete the key, then its tag."""
        self.change(each.key, self.iam.delete_access_key, None)
        undo = shlex.join(["aws", "iam", "create-access-key", "--user-name", self.user.name])
        self._so_far = Outcome(
            each.key.id,
            "deleted",
            each.sentence,
            left="remove its quarantine tag",
            undo=f"A deletion cannot be undone; for a new key: {undo}",
        )
        self.remove_tag(each.key.id)
        return replace(self._so_far, left="")

    def keep(self, each: KeyVerdict) -> Outcome:
        """Leave the key as it is; the old tag of an Active key in use is removed."""
        key, why = each.key, each.sentence
        old = find_quarantine(self.user.known_tags, key.id)
        if old is None or key.status != "Active" or key.last_used in (None, NOT_READ):
            return Outcome(key.id, "kept", why)
        self.remove_tag(key.id)
        undo = ["aws", "iam", "tag-user", "--user-name", self.user.name]
        undo += ["--tags", f"Key={QUARANTINE_TAG}{key.id},Value={old}"]
        why += " Its old quarantine tag was removed."
        return Outcome(key.id, "kept", why, undo=shlex.join(undo))

    def forget(self, key_id: str) -> Outcome:
        """Remove the tag of a key that is gone: a run was stopped after it deleted the key."""
        self.remove_tag(key_id)
        return Outcome(key_id, "kept", "The key is gone, and now its quarantine tag is, too.")

    def find_no_room(self, key_id: str) -> str:
        """Return why IAM has no room for the tag that records a quarantine; "" where it has."""
        # IAM takes tags that differ only in case for one.
        tags = {each.lower() for each in {*self.user.known_tags} | self._added}
        if (QUARANTINE_TAG + key_id).lower() in tags or len(tags) < MOST_TAGS:
            return ""
        return (
            f"The user has {MOST_TAGS} tags and IAM allows no more: remove one, so that the"
            " quarantine can be recorded. The key was left as it is."
        )

    def change(
        self, key: Key, call: Callable[..., object], wanted: str | None, **more: str
    ) -> None:
        """Change the key; where IAM's answer does not say no, the status that it has then counts.

        One that is gone, as for a retry of its deletion, is no error.
        """
        try:
            call(UserName=self.user.name, AccessKeyId=key.id, **more)
        except Exception as error:
            if is_refusal(error):
                raise
            so_far = self._so_far
            self._so_far = replace(so_far, left=f"see whether IAM did it, which answered {error}")
            status = self.read_status(key)
            self._so_far = so_far
            if status not in (None, wanted):
                raise

    def read_status(self, key: Key) -> str | None:
        """Return the key's status as it is now, None where the key is gone."""
        keys = read_keys(self.iam, self.user.name)
        return next((each.status for each in keys if each.id == key.id), None)

    def put_tag(self, key_id: str, value: str) -> None:
        """Write the key's quarantine tag. Raises UserGone."""
        name = QUARANTINE_TAG + key_id
        with user_gone(self.user.name):
            self.iam.tag_user(UserName=self.user.name, Tags=[{"Key": name, "Value": value}])
        self._added.add(name)

    def remove_tag(self, key_id: str) -> None:
        """Remove the quarantine tag of a key that is gone or in use. Raises UserGone."""
        with user_gone(self.user.name):
            self.iam.untag_user(UserName=self.user.name, TagKeys=[QUARANTINE_TAG + key_id])


def is_refusal(error: Exception) -> bool:
    """Whether IAM says that it did not do it: no time-out, no answer of a proxy, no fault of IAM's.

    NoSuchEntity is none: a retry of a deletion that was done is answered so.
    """
    if not isinstance(error, ClientError):
        return False
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return error.response["Error"]["Code"] != "NoSuchEntity" and status < 500
