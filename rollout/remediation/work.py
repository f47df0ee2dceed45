"""Working users off in their accounts: look, run, look again. An error stays with its user."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from threading import Event

from rollout.aws.session import Session
from rollout.findings.rule_in_force import RuleInForce
from rollout.remediation.attempt import attempt
from rollout.remediation.batches import Progress
from rollout.remediation.live_look import look_at_user
from rollout.remediation.runbook import follow_run, start_run

AT_ONCE = 8
"""Items at the same time; IAM's limits are per account and not published."""
Advance = Callable[[int], None]
"""Told how many items of a step are over."""


@dataclass(frozen=True)
class Ground:
    """An account in which users are worked off: the way into it, and the rule there."""

    open: Callable[[], Session]
    """Gives a session there; hours later, too, when the first one's credentials have ended."""
    rule: RuleInForce


@dataclass(frozen=True)
class Worker:
    """Works items off, several at a time."""

    grounds: Mapping[str, Ground]
    dry_run: bool
    stopped: Event = field(default_factory=Event)
    """Set when nobody wants to know any more how runs end."""

    def look_before(self, batch: Iterable[Progress], advance: Advance) -> None:
        """Judge the users live, before anything is done."""
        self._each(batch, self._look_before, advance)

    def act(self, batch: Iterable[Progress], advance: Advance) -> None:
        """Run the runbook for those whose finding still stands as it was listed."""
        standing = [each for each in batch if not each.failure and not each.objection]
        self._each(standing, self._act, advance)

    def look_after(self, batch: Iterable[Progress], advance: Advance) -> None:
        """Judge the users live once more; one that cannot be judged has failed.

        One whose run failed, too: it may have got half-way.
        """
        looked = [each for each in batch if each.before and (each.execution or each.objection)]
        self._each(looked, self._look_after, advance)

    def _look_before(self, one: Progress) -> None:
        ground = self.grounds[one.item.account]
        one.before = look_at_user(ground.open(), ground.rule.policy, one.item.user_id)

    def _act(self, one: Progress) -> None:
        session = self.grounds[one.item.account].open()
        one.execution = start_run(session, one.item.user_id, dry_run=self.dry_run)
        one.run = follow_run(session, one.execution, lambda: not self.stopped.is_set())
        if one.run:
            one.failure = one.run.failure

    def _look_after(self, one: Progress) -> None:
        ground = self.grounds[one.item.account]
        one.after = look_at_user(ground.open(), ground.rule.policy, one.item.user_id)

    def _each(
        self, batch: Iterable[Progress], act: Callable[[Progress], None], advance: Advance
    ) -> None:
        def do(one: Progress) -> None:
            if why := attempt(lambda: act(one)):
                one.failure = f"{one.failure} {why}".strip()

        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="work") as workers:
            jobs = [workers.submit(do, one) for one in batch]
            try:
                for done, job in enumerate(as_completed(jobs), 1):
                    job.result()
                    advance(done)
            except BaseException:
                self.stopped.set()
                raise
            finally:
                workers.shutdown(cancel_futures=True)
