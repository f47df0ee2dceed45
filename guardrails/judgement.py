"""What every check reports, and how they refuse what they cannot judge."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

RULE_ID = "no-setup-access-key"
HELP_LINK = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"

TEMPLATE = "template"
PLAN = "plan"
SOURCE = "source file"
KINDS_OF_FILE = (TEMPLATE, PLAN, SOURCE)
NEITHER = "it is neither a CloudFormation template nor a Terraform plan"


class FileFinding(NamedTuple):
    """An access key that a console user would get at setup; lines count from 1.

    `user_file` and `user_line` say where the user's password stands, empty and 0 where the key's
    file does not tell.
    """

    file: str
    line: int
    user: str
    key: str
    message: str
    user_file: str = ""
    user_line: int = 0


class Note(NamedTuple):
    """Something in a file that this check cannot see into; it may hide a key."""

    file: str
    line: int
    text: str


class Acceptance(NamedTuple):
    """Somebody's word that a key may be there, until the end of a day, UTC."""

    owner: str
    until: date
    reason: str


class Accepted(NamedTuple):
    """A finding that somebody has accepted, and who."""

    finding: FileFinding
    acceptance: Acceptance


@dataclass(frozen=True)
class Judgement:
    """What one file, or one folder of Terraform source, came to."""

    kind: str
    findings: list[FileFinding] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    addresses: frozenset[str] = frozenset()
    """Every access key of a plan, accepted or not: what an exemption may name."""


def join_judgements(judgements: Sequence[Judgement]) -> Judgement:
    """Return what several parts of one file, all of one kind, came to."""
    return Judgement(
        judgements[0].kind,
        [finding for judgement in judgements for finding in judgement.findings],
        [note for judgement in judgements for note in judgement.notes],
        [accepted for judgement in judgements for accepted in judgement.accepted],
        frozenset().union(*(judgement.addresses for judgement in judgements)),
    )


class Unreadable(Exception):
    """A file could not be judged, so it must not pass; the text says what is wrong with it."""


class Foreign(Unreadable):
    """A file is none of what was asked for: alone it is an error, among many it is passed over."""


class Malformed(Unreadable):
    """A file has a form that nothing here was made for."""


@contextmanager
def refuse_malformed() -> Iterator[None]:
    """Raise Malformed for whatever a malformed file makes the body stumble over."""
    try:
        yield
    except RecursionError as error:
        raise Malformed("it is nested too deep") from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Malformed(f"it is malformed: {error!r}") from error
