"""One user judged live from the desk, by the rule's own code and its parameters in that account."""

from dataclasses import dataclass
from datetime import UTC, datetime

from rollout.aws.session import Session
from rollout.errors import Denied
from rule.decision import NOT_APPLICABLE, Verdict, judge
from rule.facts import Identity, utc
from rule.live import UserGone, find_user, read_user
from rule.parameters import Policy
from rule.standing import Standing

GONE = Verdict(NOT_APPLICABLE, "The user is gone.")


@dataclass(frozen=True)
class Look:
    """What a live read says of a user; `who` is None where the user is gone."""

    who: Identity | None
    verdict: Verdict

    def standing(self, key_id: str) -> Standing | None:
        """Return how a key stands, None where there is no such key."""
        return next((each.standing for each in self.verdict.keys if each.key.id == key_id), None)

    def describe(self, keys: tuple[str, ...]) -> str:
        """Return the verdict in a word or two, with why it is good, as far as these keys say it."""
        if self.who is None:
            return "gone"
        said = {self.standing(each) for each in keys}
        for standing, why in WHY.items():
            if standing in said:
                return f"{self.verdict.compliance} ({why})"
        return self.verdict.compliance

    def tell_change(self, keys: tuple[str, ...]) -> str:
        """Return in a few words what has become of a finding on these keys."""
        if self.who is None:
            return "the user is gone"
        mine = [each.key for each in self.verdict.keys if each.key.id in keys]
        if keys and not mine:
            return "the key is gone"
        used = [key.last_used for key in mine if isinstance(key.last_used, datetime)]
        if used:
            return f"used {utc(max(used))[:16]}Z"
        return self.verdict.annotation


WHY = {
    Standing.IN_USE: "in use",
    Standing.QUARANTINED_USED: "in quarantine and in use",
    Standing.REACTIVATED: "made Active again",
}


def look_at_user(session: Session, policy: Policy, user_id: str) -> Look:
    """Return a user's verdict now. Raises Refused, ClientError and BotoCoreError."""
    try:
        return judge_now(session, policy, user_id)
    except Denied:
        # Of a key that has just been deleted AWS says "denied"; by now it is in no list.
        return judge_now(session, policy, user_id)


def judge_now(session: Session, policy: Policy, user_id: str) -> Look:
    """Read and judge a user once."""
    try:
        who = find_user(session.iam, session.config, user_id)
        user = read_user(session.iam, who, policy)
    except UserGone:
        return Look(None, GONE)
    return Look(who, judge(user, policy, datetime.now(UTC)))
