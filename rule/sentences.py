"""How a key stands, in words: at most 256 characters, whole sentences, ids and the name in full.

Sentences name dates, not ages: an unchanged verdict has an unchanged sentence. Where there is too
little room the times go first, then the advice; never an id, never the user's name.
"""

from dataclasses import dataclass

from rule.facts import Key, User, utc
from rule.parameters import Policy
from rule.quarantine import Tag
from rule.standing import OFFENDING, Standing

ANNOTATION_LIMIT = 256
"""UTF-16 units of an annotation: PutEvaluations."""
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
IN_A_WORD = {
    Standing.YOUNG: "too young to be judged",
    Standing.REACTIVATED: "made Active again",
    Standing.IN_QUARANTINE: "in quarantine",
    Standing.QUARANTINED_USED: "in quarantine, but used",
    Standing.QUARANTINED_UNMET: "in quarantine, but unmet",
    Standing.UNUSED_LATER: "never used, no setup key",
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
NO_SECOND_WAIT = " Made Active again once before: only a use or an exception keeps it."
UNREMARKABLE = (Standing.IN_USE, Standing.NOT_AT_SETUP, Standing.NOT_OURS, Standing.EXPIRED)


@dataclass(frozen=True)
class KeyVerdict:
    """How one key stands, the sentence that says so, and a brief one for an annotation of two."""

    key: Key
    standing: Standing
    tag: Tag
    sentence: str
    brief: str
    remarkable: bool

    @property
    def offending(self) -> bool:
        """Whether this key is a finding, exception or not."""
        return self.standing in OFFENDING


def name_key(key: Key) -> str:
    """Return the key's id, or the number of its slot where only a report's row is known."""
    return key.id.removeprefix("access key ")


def describe_key(key: Key, user: User, policy: Policy, standing: Standing, tag: Tag) -> KeyVerdict:
    """Return the sentences on one key of a user with a password."""
    start, end = (utc(time) if time else "" for time in (tag.start, tag.end))
    phrase = PHRASES[standing].format(start=start, end=end, criterion=policy.criterion)
    said = f"{phrase}.{ADVICE.get(standing, '')}"
    if standing is Standing.TO_QUARANTINE and tag.again:
        said += NO_SECOND_WAIT
    if tag.fault:
        said += f" Its quarantine tag is invalid: {tag.fault}."
    named = f"Access key {name_key(key)} of {user.name}"
    return KeyVerdict(
        key,
        standing,
        tag,
        f"{named} was created at {utc(key.created)}, the user at {utc(user.created)}: {said}",
        f"{named}: {said}",
        standing not in UNREMARKABLE or bool(tag.fault),
    )


def describe_finding(name: str, offending: list[KeyVerdict], fault: str) -> str:
    """Return the sentence on a user with offending keys; `fault` is what its exception lacks."""
    ids = " and ".join(name_key(each.key) for each in offending)
    return fit(
        " ".join([*(each.sentence for each in offending), fault]),
        " ".join([*(each.brief for each in offending), fault]),
        " ".join([*(cut_advice(each.brief) for each in offending), fault]),
        f"Offending access keys of {name}: {ids}. {fault}",
        f"Offending access keys of {name}: {ids}.",
    )


def describe_compliance(name: str, keys: tuple[KeyVerdict, ...], policy: Policy) -> str:
    """Return what was seen of a user without an offending key.

    The sentences that a row of the credential report can lead to name no key, as it knows no ids.
    """
    remarkable = [each for each in keys if each.remarkable]
    if remarkable:
        words = [
            f"{name_key(each.key)} {IN_A_WORD.get(each.standing, 'with an invalid tag')}"
            for each in remarkable
        ]
        return fit(
            " ".join(each.sentence for each in remarkable),
            " ".join(each.brief for each in remarkable),
            " ".join(cut_advice(each.brief) for each in remarkable),
            f"Access keys of {name}: {', '.join(words)}.",
        )
    if not any(each.key.status == "Active" for each in keys):
        return "No active access key."
    if policy.criterion == "SETUP":
        return "No active access key was created at setup."
    return "Every active access key is in use."


def cut_advice(brief: str) -> str:
    """Return the first sentence of a brief one; a user's name may hold dots, but no blanks."""
    return brief.partition(". ")[0].rstrip(".") + "."


def fit(*versions: str) -> str:
    """Return the first of several versions, longest first, that PutEvaluations takes."""
    texts = [version.strip() for version in versions]
    return next((text for text in texts if units(text) <= ANNOTATION_LIMIT), None) or clip(
        texts[-1], ANNOTATION_LIMIT
    )


def units(text: str) -> int:
    """Return how long AWS takes a text to be: in UTF-16 units, two beyond the basic plane."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clip(text: str, limit: int) -> str:
    """Return the text, cut to `limit` UTF-16 units with an ellipsis where it is longer."""
    if units(text) <= limit:
        return text
    kept = text[: limit - 3]
    while units(kept) > limit - 3:
        kept = kept[:-1]
    return kept + "..."


def plain(text: str) -> str:
    """Return what a person wrote without what could forge or hide a line of a table.

    Blanks of any kind become one blank; what is not printable or beyond the basic plane becomes ?.
    """
    words = " ".join(text.split())
    return "".join(each if each.isprintable() and each <= "\uffff" else "?" for each in words)
