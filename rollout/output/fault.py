"""What a check found, as data: everything that is told, counted or decided comes from here."""

from dataclasses import dataclass

from rule.counted import count


@dataclass(frozen=True)
class Fault:
    """Something that is not fine: where, which check found it, what, and the command that mends it.

    `account` is "" where it is about no one account, `mend` "" where no command mends it.
    """

    account: str
    check: str
    text: str
    mend: str = ""


@dataclass(frozen=True)
class Unseen:
    """Something that nobody could look at, and why: never to be taken for "ok"."""

    account: str
    check: str
    why: str


@dataclass(frozen=True)
class Result:
    """What came of one check or one step; a newer result of the same check replaces it."""

    check: str
    title: str
    good: str = "ok"
    """The word for a result without faults."""
    bad: str = ""
    """The word for one with faults, instead of their number."""
    faults: tuple[Fault, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    part: str = "not seen"
    """The word for a result of which something was not seen."""
    notes: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        """Is nothing wrong, and was everything seen?"""
        return not self.faults and not self.unseen

    @property
    def word(self) -> str:
        """How the line ends."""
        if self.faults:
            return self.bad or count(len(self.faults), "FAULT", "FAULTS")
        return self.part if self.unseen else self.good
