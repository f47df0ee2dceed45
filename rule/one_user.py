"""Judges one user by id, for a change event and for whoever asks after one user.

The name that came with the id may be somebody else's by now: GetUser comes first.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from rule.decision import judge
from rule.live import UserGone, find_user, read_named
from rule.parameters import Policy
from rule.readers import Judged, Suspect, read_suspect

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient


class NotSettled(Exception):
    """IAM says both that a user is there and that it is not, or does not know a new one yet."""


def judge_one(
    iam: "IAMClient",
    config: "ConfigServiceClient",
    user_id: str,
    name: str,
    policy: Policy,
    now: Callable[[], datetime],
) -> Judged:
    """Return the verdict on one user, read live; under another name he is found by his id.

    Costs 2 calls without a password, 3 without an Active or Inactive key, else at most 5. Raises
    UserGone where no user has the id any more, NotSettled where IAM contradicts itself, and
    ClientError for a read that failed.
    """
    suspect = find_suspect(iam, config, user_id, name)
    try:
        user = read_suspect(iam, suspect, policy)
    except UserGone:
        found = find_user(iam, config, user_id)
        try:
            user = read_suspect(iam, Suspect(found, None), policy)
        except UserGone as gone:
            raise NotSettled(
                f"IAM has user {found.name} ({found.id}), and then again it has not: {gone}"
                " Evaluate the user again in some minutes."
            ) from gone
    return Judged(user, judge(user, policy, now()), live=True)


def judge_named(iam: "IAMClient", name: str, policy: Policy, now: Callable[[], datetime]) -> Judged:
    """Return the verdict on whoever bears this name, read live. Raises UserGone."""
    user = read_suspect(iam, Suspect(*read_named(iam, name)), policy)
    return Judged(user, judge(user, policy, now()), live=True)


def find_suspect(
    iam: "IAMClient", config: "ConfigServiceClient", user_id: str, name: str
) -> Suspect:
    """Return who has the id, by this name where it is still his. Raises UserGone."""
    if name:
        with suppress(UserGone):
            who, tags = read_named(iam, name)
            if who.id == user_id:
                return Suspect(who, tags)
    return Suspect(find_user(iam, config, user_id), None)
