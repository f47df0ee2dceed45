"""Numbers with their nouns, in whatever says how many.

A file of its own: the rule's sentences and everything at the desk count alike.
"""


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 account", "2,000 accounts"."""
    return f"{number:,} {noun(number, one, many)}"


def noun(number: int, one: str, many: str = "") -> str:
    """Return the noun of so many, for who does not say the number."""
    return one if number == 1 else many or f"{one}s"


def count_of(part: int, total: int, one: str, many: str = "") -> str:
    """Return a part with the noun of its whole: "1 of 1 account", "3 of 305 accounts"."""
    return f"{part:,} of {count(total, one, many)}"
