"""Reads the rule's own sentences again: what an annotation says of the keys that it names.

The one parser of them; it is made of the phrases that `sentences` says and tested with them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from rule.sentences import IN_A_WORD, PHRASES
from rule.standing import Standing


@dataclass(frozen=True)
class Said:
    """What a sentence says of one key: `standing` is None where it names the key alone.

    `accepted` is the last day of the exception that the key stands under, by `owner`.
    """

    key: str
    standing: Standing | None = None
    created: datetime | None = None
    start: datetime | None = None
    end: datetime | None = None
    accepted: date | None = None
    owner: str = ""


class NotUnderstood(ValueError):
    """The sentence is none that this version of the rule says."""


def parse_annotation(text: str) -> tuple[Said, ...]:
    """Return what an annotation says of the keys that it names. Raises NotUnderstood."""
    if text in NO_KEYS:
        return ()
    if found := ACCEPTED.fullmatch(text):
        last = date.fromisoformat(found[2])
        owner = found[1] or ""
        return tuple(Said(key, accepted=last, owner=owner) for key in found[3].split(" and "))
    if found := OFFENDING_KEYS.match(text):
        return tuple(Said(key) for key in found[1].split(" and "))
    if found := IN_WORDS.fullmatch(text):
        words = {word: standing for standing, word in IN_A_WORD.items()}
        return tuple(Said(key, words.get(word)) for key, word in WORD.findall(found[1]))
    said = tuple(_parse_keys(text))
    if not said:
        raise NotUnderstood(text)
    return said


def parse_ended(text: str) -> date | None:
    """Return the last day of the exception that an annotation says has ended, None without one."""
    found = ENDED.search(text)
    return date.fromisoformat(found[1]) if found else None


def _parse_keys(text: str) -> Iterator[Said]:
    heads = list(KEY.finditer(text))
    if not heads or heads[0].start():
        return
    for head, after in zip(heads, [*heads[1:], None], strict=True):
        rest = text[head.end() : after.start() if after else None]
        named = Said(head["key"], created=_read_time(head["created"]))
        for standing, form in FORMS:
            if found := form.match(rest):
                times = {name: _read_time(time) for name, time in found.groupdict().items()}
                start, end = times.get("start"), times.get("end")
                yield replace(named, standing=standing, start=start, end=end)
                break
        else:
            yield named


def _read_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _form(phrase: str) -> re.Pattern[str]:
    """Return what matches a phrase with its times, to the end of its sentence."""
    form = re.escape(phrase).replace(r"\{criterion\}", r"\w+")
    for name in ("start", "end"):
        form = form.replace(rf"\{{{name}\}}", f"(?P<{name}>{TIME})")
    return re.compile(form + r"\.")


NAME = r"[\w+=,.@-]+"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
NO_KEYS = (
    "No console password.",
    "No active access key.",
    "No active access key was created at setup.",
    "Every active access key is in use.",
)
ACCEPTED = re.compile(
    rf"The risk is accepted(?: by (.*))? until the end of (\d{{4}}-\d\d-\d\d): access keys?"
    rf" (\w+(?: and \w+)*)(?: of {NAME})?\.",
    re.DOTALL,
)
ENDED = re.compile(r"\. The exception ended on (\d{4}-\d\d-\d\d)\.")
OFFENDING_KEYS = re.compile(rf"Offending access keys(?: of {NAME})?: (\w+(?: and \w+)*)\.")
LONGEST_FIRST = sorted([*IN_A_WORD.values(), "with an invalid tag"], key=len, reverse=True)
WORDS = "|".join(map(re.escape, LONGEST_FIRST))
WORD = re.compile(rf"(\w+) ({WORDS})")
IN_WORDS = re.compile(rf"Access keys of {NAME}: ((?:\w+ (?:{WORDS})(?:, )?)+)\.")
KEY = re.compile(
    rf"Access key (?P<key>\w+)(?: of {NAME})?"
    rf"(?: was created at (?P<created>{TIME}), (?:its|the) user at {TIME})?: "
)
FORMS = tuple((standing, _form(phrase)) for standing, phrase in PHRASES.items())
