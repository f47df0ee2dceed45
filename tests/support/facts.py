"""Facts for the tests: one user, created at CREATED, and the policies that judge it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from rule.facts import Key, Unread, User
from rule.parameters import Policy, parse_parameters

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
NOW = CREATED + timedelta(days=60)
ID = "AKIAEXAMPLE000000001"
OTHER_ID = "AKIAEXAMPLE000000002"


def key(
    after: float = 0,
    status: str = "Active",
    used: datetime | Unread | None = None,
    id: str = ID,
) -> Key:
    """Return a key that was created so many seconds after its user."""
    return Key(id, CREATED + timedelta(seconds=after), status, used)


def user(*keys: Key, password: bool = True, tags: Mapping[str, str] | None = None) -> User:
    """Return a user with these keys, a password and no tags, all read."""
    return User(
        "alice",
        "AIDAEXAMPLE000000001",
        "arn:aws:iam::111122223333:user/alice",
        CREATED,
        password,
        keys,
        {} if tags is None else tags,
    )


def policy(**parameters: object) -> Policy:
    """Return the policy with these parameters and the defaults for the rest."""
    return parse_parameters(parameters)
