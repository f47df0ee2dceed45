"""Whom a key or a console password in Terraform may be for."""

from collections.abc import Iterable
from typing import NamedTuple


class Holder(NamedTuple):
    """A user by name in an account, by address, or an expression that cannot be followed.

    Two are one user where all is equal; `name` is what a person reads.
    """

    name: str
    place: str = ""
    """The account of a name, or where an expression stands; "" with an address."""
    is_dead_end: bool = False
    """Is it an expression that proves nothing of who it is?"""


Holders = frozenset[Holder]


def find_first_places(
    candidates: Iterable[Holders],
) -> tuple[dict[Holder, int], dict[Holder, int]]:
    """Return of each holder the first place that may be for it, and that is for nobody else."""
    first, alone = dict[Holder, int](), dict[Holder, int]()
    for place, holders in enumerate(candidates):
        for each in holders:
            first.setdefault(each, place)
            if len(holders) == 1:
                alone.setdefault(each, place)
    return first, alone
