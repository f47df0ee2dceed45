"""Whom a key or a console password in Terraform may be for."""

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
