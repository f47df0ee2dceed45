"""Who could do most harm with a key: the rights of a user, his own and those of his groups.

Administrator rights are recognised where they are given outright: by AWS's own managed policies, or
by an inline policy that allows every action on every resource. Rights that come by another way (a
policy of the customer's, a role that may be assumed) are not seen.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from rollout.organization.denials import listed

ADMINISTRATOR_POLICIES = ("AdministratorAccess", "IAMFullAccess")
"""Who may do everything in IAM may do everything."""


@dataclass(frozen=True)
class Rights:
    """What a user is given: managed policies by name, inline policies as they stand, groups."""

    managed: tuple[str, ...] = ()
    inline: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def is_administrator(rights: Rights, groups: Mapping[str, Rights]) -> bool:
    """Has the user administrator rights, directly or by one of these groups of his account?"""
    given = [rights, *(groups[name] for name in rights.groups if name in groups)]
    return any(
        any(name in ADMINISTRATOR_POLICIES for name in each.managed)
        or any(allows_everything(document) for document in each.inline)
        for each in given
    )


def allows_everything(document: str | Mapping[str, Any]) -> bool:
    """Does a policy allow every action on every resource? One that is none allows nothing."""
    policy: Any = document
    if isinstance(policy, str):
        try:
            policy = json.loads(unquote(policy))
        except ValueError:
            return False
    if not isinstance(policy, Mapping):
        return False
    return any(
        isinstance(each, Mapping)
        and each.get("Effect") == "Allow"
        and "*" in listed(each.get("Action"))
        and "*" in listed(each.get("Resource"))
        and not each.get("Condition")
        for each in listed(policy.get("Statement"))
    )


def read_policy_names(policies: Iterable[Mapping[str, Any]] | None, name: str) -> tuple[str, ...]:
    """Return one field of each policy in a list, which may be missing."""
    return tuple(str(each[name]) for each in policies or () if name in each)
