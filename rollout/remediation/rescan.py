"""A new evaluation of the rule in many accounts: started once a minute, followed to its end.

AWS says of a run only when the last success and the last failure were: one of them has to move. It
may say nothing at all of a custom rule; then nobody knows when the run is over.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rollout.aws.session import NotSeen, Session
from rollout.aws.waiting import tell_minutes, wait
from rollout.errors import Stopped
from rollout.organization.accounts import Account
from rollout.organization.members import Members

AGAIN = timedelta(seconds=60)
"""StartConfigRulesEvaluation is refused while one is in progress, and within a minute (AWS Config
API reference, LimitExceededException)."""


@dataclass(frozen=True)
class Times:
    """When a rule last came to an end; `reported` is False where AWS says nothing of it."""

    success: datetime | None
    failure: datetime | None
    error: str = ""
    reported: bool = True


@dataclass
class Rescan:
    """One account's evaluation on its way."""

    rule: str
    before: Times | None = None
    started: bool = False
    refused: datetime | None = None
    """When AWS last said "not yet"."""
    state: str = "not started"
    failure: str = ""
    over: bool = False

    def end(self, state: str, failure: str = "") -> None:
        """Note how it ended."""
        self.state, self.failure, self.over = state, failure, True


@dataclass
class Rescans:
    """The evaluations of several accounts, by account."""

    members: Members
    accounts: Mapping[Account, Rescan] = field(default_factory=dict)

    def follow(self, minutes: float, tell: Callable[[Mapping[str, str], int], None]) -> None:
        """Start each and follow it until it is over, or the time is.

        `tell` gets each failure by account, and how many are over.
        """
        try:
            for _ in wait("the evaluation", minutes):
                under_way = [each for each, one in self.accounts.items() if not one.over]
                for id, seen in self.members.look(under_way, self._turn).items():
                    if isinstance(seen, NotSeen):
                        self._find(id).end("failed", seen.why)
                over = sum(each.over for each in self.accounts.values())
                tell({str(e): one.failure for e, one in self.accounts.items() if one.failure}, over)
                if over == len(self.accounts):
                    return
        except Stopped:
            for one in self.accounts.values():
                if not one.over:
                    one.end("not ended", f"{one.state}; not ended after {tell_minutes(minutes)}")

    def _find(self, account_id: str) -> Rescan:
        return next(one for each, one in self.accounts.items() if each.id == account_id)

    def _turn(self, session: Session) -> None:
        one = self._find(session.account)
        if not one.started:
            self._start(session, one)
        elif one.before is not None:
            self._look(session, one, one.before)

    def _start(self, session: Session, one: Rescan) -> None:
        now = datetime.now(UTC)
        if one.refused and now - one.refused < AGAIN:
            return
        one.before = read_times(session, one.rule)
        try:
            session.config.start_config_rules_evaluation(ConfigRuleNames=[one.rule])
        except session.config.exceptions.LimitExceededException:
            one.refused = now
            one.state = "AWS starts one a minute: waiting"
            return
        one.started, one.state = True, "started"
        if not one.before.reported:
            one.end("started; AWS does not say when it is over")

    def _look(self, session: Session, one: Rescan, before: Times) -> None:
        now = read_times(session, one.rule)
        if now.success != before.success:
            one.end("done")
        elif now.failure != before.failure:
            one.end("failed", f"the rule's run failed: {now.error or 'AWS gives no reason'}")


def read_times(session: Session, rule: str) -> Times:
    """Return when a rule last came to an end."""
    found = session.config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])
    statuses = found["ConfigRulesEvaluationStatus"]
    if not statuses:
        return Times(None, None, reported=False)
    status = statuses[0]
    failures = (status.get("LastFailedInvocationTime"), status.get("LastFailedEvaluationTime"))
    return Times(
        status.get("LastSuccessfulEvaluationTime"),
        max(filter(None, failures), default=None),
        status.get("LastErrorMessage") or status.get("LastErrorCode") or "",
    )
