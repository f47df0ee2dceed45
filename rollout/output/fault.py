"""A fault as data: what every check, table and document of the desk tells of what is not fine."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """Something that is not fine: where, which check found it, what, and the command that mends it.

    `account` is "" where it is about no one account, `mend` "" where no command mends it.
    """

    account: str
    check: str
    text: str
    mend: str = ""
