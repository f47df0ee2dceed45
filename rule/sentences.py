"""How a key stands, in words: at most 256 characters, whole sentences, key ids in full.

Sentences name dates, not ages: an unchanged verdict has an unchanged sentence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from rule.facts import Key, User, utc
from rule.parameters import Policy
from rule.quarantine import Tag
from rule.standing import OFFENDING, Standing

ANNOTATION_LIMIT = 256  # PutEvaluations
PHRASES = {
    Standing.TO_QUARANTINE: "AWS has no use of it on record",
    Standing.TO_FINISH: (
        "AWS has no use of it on record; its quarantine was begun at {start}, not finished"
    ),
    Standing.TO_DELETE: "AWS has no use of it on record; its quarantine ended at {end}",
    Standing.USED_AT_SETUP: "a setup key in use",
    Standing.YOUNG: "AWS has no use of it on record yet; not judged before {end}",
    Standing.REACTIVATED: "made Active again during its quarantine; not judged before {end}",
    Standing.IN_QUARANTINE: "in quarantine until {end}",
    Standing.QUARANTINED_USED: "in quarantine since {start}, but AWS has a use of it on record",
    Standing.QUARANTINED_UNMET: (
        "in quarantine since {start}, but no longer meets the Criterion {criterion}"
    ),
    Standing.UNUSED_LATER: "never used, but no setup key; Criterion UNUSED would report it",
    Standing.IN_USE: "in use",
    Standing.NOT_AT_SETUP: "not created at setup",
    Standing.NOT_OURS: "Inactive, left alone",
    Standing.EXPIRED: "Expired",
}
BY_HAND = " Make it Active again or delete it by hand."
ADVICE = {
    Standing.TO_QUARANTINE: " Make it inactive, then delete it.",
    Standing.TO_FINISH: " Make it inactive, then delete it.",
    Standing.TO_DELETE: " Delete it.",
    Standing.USED_AT_SETUP: " Move its work to a key made on purpose, then delete it.",
    Standing.QUARANTINED_USED: BY_HAND,
    Standing.QUARANTINED_UNMET: BY_HAND,
}
UNREMARKABLE = (Standing.IN_USE, Standing.NOT_AT_SETUP, Standing.NOT_OURS, Standing.EXPIRED)


@dataclass(frozen=True)
class KeyVerdict:
    """How one key stands, the sentence that says so, and a brief one for an annotation of two."""

    key: Key
    standing: Standing
    sentence: str
    brief: str
    remarkable: bool

    @property
    def offending(self) -> bool:
        """Whether this key is a finding, exception or not."""
        return self.standing in OFFENDING


def describe_key(key: Key, user: User, policy: Policy, standing: Standing, tag: Tag) -> KeyVerdict:
    """Return the sentences on one key of a user with a password."""
    start, end = (utc(time) if time else "" for time in (tag.start, tag.end))
    phrase = PHRASES[standing].format(start=start, end=end, criterion=policy.criterion)
    said = f"{phrase}.{ADVICE.get(standing, '')}"
    if tag.fault:
        said += f" Its quarantine tag is invalid: {tag.fault}."
    named = f"Access key {key.id.removeprefix('access key ')}"
    return KeyVerdict(
        key,
        standing,
        f"{named} was created at {utc(key.created)}, its user at {utc(user.created)}: {said}",
        f"{named}: {said}",
        standing not in UNREMARKABLE or bool(tag.fault),
    )


def describe_compliance(keys: tuple[KeyVerdict, ...], policy: Policy) -> str:
    """Return what was seen of a user without an offending key.

    The sentences that a row of the credential report can lead to name no key, as it knows no ids.
    """
    remarkable = [each for each in keys if each.remarkable]
    if remarkable:
        return fit(
            " ".join(each.sentence for each in remarkable),
            " ".join(each.brief for each in remarkable),
            " ".join(each.brief.partition(". ")[0].rstrip(".") + "." for each in remarkable),
        )
    if not any(each.key.status == "Active" for each in keys):
        return "No active access key."
    if policy.criterion == "SETUP":
        return "No active access key was created at setup."
    return "Every active access key is in use."


def fit(*versions: str) -> str:
    """Return the first of several versions, longest first, that PutEvaluations takes."""
    texts = [version.strip() for version in versions]
    return next((text for text in texts if len(text) <= ANNOTATION_LIMIT), None) or clip(
        texts[-1], ANNOTATION_LIMIT
    )


def clip(text: str, limit: int) -> str:
    """Return the text, cut to `limit` characters with an ellipsis where it is longer."""
    return text if len(text) <= limit else text[: limit - 3] + "..."


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
        return tuple(Said(key, accepted=last, owner=found[1]) for key in found[3].split(" and "))
    if found := OFFENDING_KEYS.match(text):
        return tuple(Said(key) for key in found[1].split(" and "))
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


TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
NO_KEYS = (
    "No console password.",
    "No active access key.",
    "No active access key was created at setup.",
    "Every active access key is in use.",
)
ACCEPTED = re.compile(
    r"The risk is accepted by (.*) until the end of (\d{4}-\d\d-\d\d): access keys? (.+)\.",
    re.DOTALL,
)
ENDED = re.compile(r"\. The exception ended on (\d{4}-\d\d-\d\d)\.")
OFFENDING_KEYS = re.compile(r"Offending access keys: (\w+(?: and \w+)*)\.")
KEY = re.compile(
    rf"Access key (?P<key>\w+)(?: of [\w+=,.@-]+)?"
    rf"(?: was created at (?P<created>{TIME}), (?:its|the) user at {TIME})?: "
)
FORMS = tuple((standing, _form(phrase)) for standing, phrase in PHRASES.items())
