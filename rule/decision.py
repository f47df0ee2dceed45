"""The verdict on one IAM user: facts, policy and the time in, verdict out.

It touches nothing: no AWS, no clock, no environment; nor do the modules that it is made of. How a
key stands is in `standing`, what tags say in `quarantine` and `exception_tags`, what is said of it
all in `sentences`.
"""

from dataclasses import dataclass
from datetime import datetime

from rule.counted import noun
from rule.exception_tags import NO_EXCEPTION, RiskException, read_exception
from rule.facts import Key, User
from rule.parameters import Policy
from rule.sentences import (
    KeyVerdict,
    describe_compliance,
    describe_finding,
    describe_key,
    fit,
    name_key,
)
from rule.standing import judge_standing

COMPLIANT = "COMPLIANT"
NON_COMPLIANT = "NON_COMPLIANT"
NOT_APPLICABLE = "NOT_APPLICABLE"


@dataclass(frozen=True)
class Verdict:
    """Compliance, the sentence that explains it (the annotation), and how each key stands."""

    compliance: str
    annotation: str
    keys: tuple[KeyVerdict, ...] = ()
    exception: RiskException = NO_EXCEPTION
    """What the user's exception says, as far as a key offends."""

    @property
    def offending(self) -> tuple[Key, ...]:
        """The offending keys; a COMPLIANT user who has one has a valid exception."""
        return tuple(each.key for each in self.keys if each.offending)


def judge_key(key: Key, user: User, policy: Policy, now: datetime) -> KeyVerdict:
    """Return how one key of a user with a password stands at `now`, and the sentences on it."""
    return describe_key(key, user, policy, *judge_standing(key, user, policy, now))


def judge(user: User, policy: Policy, now: datetime) -> Verdict:
    """Return the verdict for one user at `now`.

    A key created exactly `setup_window` after its user is still a setup key. A key AWS has no
    last-used date for counts as never used; a date that could not be read must have raised before.
    """
    if not user.has_password:
        return Verdict(NOT_APPLICABLE, "No console password.")
    # Neither IAM nor the credential report says in which order it gives keys.
    keys = tuple(
        judge_key(key, user, policy, now)
        for key in sorted(user.keys, key=lambda key: (key.created, key.id))
    )
    offending = [each for each in keys if each.offending]
    if not offending:
        return Verdict(COMPLIANT, describe_compliance(user.name, keys, policy), keys)
    exception = read_exception(user.known_tags, policy, now)
    if exception.accepted:
        ids = " and ".join(name_key(each.key) for each in offending)
        keys_of = f"{noun(len(offending), 'access key')} {ids} of {user.name}"
        text = fit(
            f"{exception.describe()}: {keys_of}.",
            f"The risk is accepted until the end of {exception.last}: {keys_of}.",
        )
        return Verdict(COMPLIANT, text, keys, exception)
    text = describe_finding(user.name, offending, exception.fault)
    return Verdict(NON_COMPLIANT, text, keys, exception)
