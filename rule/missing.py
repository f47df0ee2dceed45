"""Users who have a result and are not in IAM's list: who of them is there, who is gone.

A list may come back short, so a result is cleared only for a user of whom IAM says, looked up by
his id, that he is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rule.account import UsersNotRead
from rule.counted import count
from rule.live import find_users
from rule.parameters import Policy
from rule.readers import RESERVED_SECONDS, Clock, Judged, Suspect, read_suspects

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient


@dataclass(frozen=True)
class LookedUp:
    """The verdicts on those who are there, and why by id of whom that is not known."""

    judged: tuple[Judged, ...] = ()
    unknown: dict[str, str] = field(default_factory=dict)

    @property
    def shortfall(self) -> UsersNotRead | None:
        """What to raise once the others' results are put."""
        if not self.unknown:
            return None
        first, why = next(iter(self.unknown.items()))
        return UsersNotRead(
            f"{count(len(self.unknown), 'user')} whom IAM's list lacks could not be looked up, and"
            f" keep the results they have; {first}: {why}"
        )


def look_up(
    iam: "IAMClient",
    config: "ConfigServiceClient",
    missing: Iterable[str],
    policy: Policy,
    clock: Clock,
) -> LookedUp:
    """Return what is known of users whom IAM's list lacks; who is in no part of it is gone.

    Costs a call for 20 of them, and the pages of ListUsers once.
    """
    ids = sorted(missing)
    if not ids:
        return LookedUp()
    if clock.seconds_left() < RESERVED_SECONDS:
        return LookedUp((), dict.fromkeys(ids, "the time is over"))
    found, failed = find_users(iam, config, ids)
    reading = read_suspects(iam, [Suspect(who, None) for who in found.values()], policy, clock)
    unknown = {user_id: str(error) for user_id, error in failed.items()}
    for user_id in found.keys() - reading.judged.keys():
        error = reading.failed.get(found[user_id].name)
        unknown[user_id] = str(
            error or "IAM has him, and then again it has not, or the time is over"
        )
    return LookedUp(tuple(reading.judged.values()), dict(sorted(unknown.items())))
