"""How a key stands, in words: at most 256 characters, whole sentences, key ids in full.

Sentences name dates, not ages: an unchanged verdict has an unchanged sentence.
"""

from dataclasses import dataclass

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
