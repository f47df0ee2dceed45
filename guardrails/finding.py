"""What both checks report, and how they refuse what they cannot judge."""

from typing import NamedTuple


class Finding(NamedTuple):
    """An access key that a console user would get at setup; lines count from 1."""

    file: str
    line: int
    user: str
    key: str
    message: str


class Unreadable(Exception):
    """A file could not be judged, so it must not pass; the text says what is wrong with it."""
