"""The Lambda function behind the Config rule: rdklib takes the event apart and puts the results.

rdklib answers most errors with a dict that nobody reads (Config calls the function asynchronously),
so a fault would look like a success and old results would stay. Here every fault raises: Lambda
retries it twice and counts it in the function's Errors, on which the alarm stands.
"""

import gc
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
from botocore.exceptions import ClientError
from rdklib import ClientFactory, ConfigRule, Evaluation, Evaluator, InvalidParametersError

from rule.account import judge_account
from rule.clients import Clients, OneClient, SideBySide, make_clients
from rule.decision import NOT_APPLICABLE
from rule.deployed_rule import parse_rule_parameters
from rule.events import SCHEDULED, name_user, normalise, read_created
from rule.live import RESOURCE_TYPE, UserGone
from rule.metrics import print_run
from rule.missing import look_up
from rule.one_user import NotSettled, judge_one
from rule.parameters import InvalidParameters, Policy
from rule.process_check import set_process_checks
from rule.readers import Clock, Judged
from rule.results import GONE, choose_evaluations, evaluation, read_stored
from rule.tally import count_verdicts, sum_up

LAMBDA_SECONDS = 900.0
MINUTE = timedelta(minutes=1)
NEW = 5 * MINUTE
"""So long after its creation a user may not be known to IAM everywhere; much more than was seen."""
SETTLING_SECONDS = 15.0

# What is made here by the thousand is answers taken apart, which live to the end or go by
# themselves: to look through them for circles so often took a fifth of a run (decision 0011).
gc.set_threshold(50_000, 20, 100)


class NotEvaluated(Exception):
    """The event led to no result; nothing was put that is not true."""


class NoSetupAccessKey(ConfigRule):
    """The rule as rdklib calls it; it keeps what it judged for the summary."""

    # True would read the results once more and clear those of every user that is not in the list.
    delete_old_evaluations_on_scheduled_notification = False

    def __init__(self, clients: Clients, clock: Clock) -> None:
        super().__init__()
        self.clients = clients
        self.clock = clock
        self.seen = 0
        self.policy: Policy | None = None
        self.judged: tuple[Judged, ...] = ()
        self.shortfall: Exception | None = None
        self.report_fault = ""

    def get_assume_role_mode(self, event: dict[str, Any]) -> bool:
        """Return False: the function's own role does the work."""
        return False

    def get_execution_role_arn(self, event: dict[str, Any]) -> None:
        """Return no role: the one in the event is Config's own and cannot be assumed."""

    def get_assume_role_region(self, event: dict[str, Any]) -> None:
        """Return no Region: results go to the Region that sent the event."""

    def evaluate_parameters(self, rule_parameters: dict[str, Any]) -> Policy:
        """Return the policy; raises rdklib's InvalidParametersError."""
        try:
            return parse_rule_parameters(rule_parameters)
        except InvalidParameters as fault:
            raise InvalidParametersError(str(fault)) from fault

    def evaluate_change(
        self,
        event: dict[str, Any],
        client_factory: ClientFactory,
        configuration_item: dict[str, Any],
        valid_rule_parameters: Policy,
    ) -> list[Evaluation]:
        """Return the result of the one user that the item is about.

        Raises NotSettled for a new user whom IAM does not know yet: that is not one who is gone.
        """
        self.seen = 1
        user_id, name = configuration_item["resourceId"], name_user(configuration_item)

        def look() -> Judged:
            iam, config = self.clients.iam, self.clients.config
            return judge_one(iam, config, user_id, name, valid_rule_parameters, self.clock.now)

        try:
            judged = look()
        except UserGone:
            if self.clock.now() - read_created(configuration_item) > NEW:
                return [evaluation(NOT_APPLICABLE, user_id, GONE)]
            self.clock.sleep(SETTLING_SECONDS)
            try:
                judged = look()
            except UserGone as gone:
                raise NotSettled(
                    f"AWS Config has recorded {user_id}, created in the last"
                    f" {NEW // MINUTE} minutes, and IAM does not know him (yet): {gone}"
                ) from gone
        self.judged = (judged,)
        return [evaluation(judged.verdict.compliance, user_id, judged.verdict.annotation)]

    def evaluate_periodic(
        self,
        event: dict[str, Any],
        client_factory: ClientFactory,
        valid_rule_parameters: Policy,
    ) -> list[Evaluation]:
        """Return the results that are new or changed, every finding, and what is to be cleared."""
        self.policy = valid_rule_parameters
        account = judge_account(
            self.clients.iam,
            valid_rule_parameters,
            self.clock,
            lambda: read_stored(self.clients.config, event["configRuleName"]),
        )
        missing = [
            user_id
            for user_id, old in account.stored.items()
            if user_id not in account.ids and old.compliance != NOT_APPLICABLE
        ]
        more = look_up(
            self.clients.iam, self.clients.config, missing, valid_rule_parameters, self.clock
        )
        self.judged = (*account.judged, *more.judged)
        self.shortfall = account.shortfall or more.shortfall
        self.seen = len(account.ids) + len(more.judged)
        self.report_fault = account.report_fault
        verdicts = {str(each.user.id): each.verdict for each in self.judged}
        # After a run that was cut short, the next one begins with whose results are oldest.
        fresh = {str(each.user.id) for each in account.judged if each.live}
        return choose_evaluations(
            verdicts,
            account.ids | verdicts.keys() | more.unknown.keys(),
            account.stored,
            valid_rule_parameters,
            fresh=fresh if account.shortfall else frozenset(),
        )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Evaluate one event of AWS Config and return what was done, in figures.

    Raises NotEvaluated or EvaluationsRefused, or what the reading raised; OutOfTime and
    UsersNotRead after what is known was put.
    """
    started = time.monotonic()
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    clock = Clock(
        now=lambda: datetime.now(UTC),
        seconds_left=lambda: remaining() / 1000 if remaining else LAMBDA_SECONDS,
        sleep=time.sleep,
    )
    message_type, readable = normalise(event)
    clients = make_clients()
    clients.requests.clear()
    rule = NoSetupAccessKey(clients, clock)
    put = evaluate(rule, message_type, readable, context)
    summary: dict[str, Any] = {
        "message_type": message_type,
        "users_seen": rule.seen,
        "read_live": sum(each.live for each in rule.judged),
        "put": dict(Counter(each["ComplianceType"] for each in put)),
    }
    if rule.report_fault:
        summary["everybody_read_live"] = rule.report_fault
    counts = {
        "Users": rule.seen,
        "Suspects": summary["read_live"],
        **count_verdicts(rule.judged),
        "ApiCalls": len(clients.requests),
    }
    seconds = time.monotonic() - started
    summary["seconds"] = round(seconds, 3)
    dimension = ("MessageType", message_type)
    print_run("evaluated", summary, dimension, counts, seconds)
    if rule.policy and rule.policy.process_check_rule:
        set_process_checks(
            partial(clients.session.client, "config", clients.config.meta.region_name),
            rule.policy,
            sum_up(rule.judged, counts, readable, clock.now(), whole=rule.shortfall is None),
            clock.seconds_left,
            dimension,
        )
    if rule.shortfall:
        raise rule.shortfall
    return summary


def evaluate(
    rule: NoSetupAccessKey, message_type: str, event: dict[str, Any], context: Any
) -> list[dict[str, Any]]:
    """Let rdklib evaluate the event, and return the results it put. Raises NotEvaluated."""
    where = f"Rule {event.get('configRuleName')} in account {event.get('accountId')}"
    kept = f"{where} was not evaluated, its results stay as they were:"
    scheduled = message_type == SCHEDULED
    config = SideBySide(rule.clients.config) if scheduled else rule.clients.config
    session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, OneClient(config)
    try:
        put = Evaluator(rule, [RESOURCE_TYPE]).handle(event, context)
    finally:
        boto3.DEFAULT_SESSION = session
    if not isinstance(put, list):
        invalid = put["customerErrorCode"] == "InvalidParameterValueException"
        told = put["customerErrorMessage" if invalid else "internalErrorDetails"]
        raise NotEvaluated(f"{kept} {told}")
    if isinstance(config, SideBySide):
        try:
            config.finish()
        except ClientError as error:
            raise NotEvaluated(f"{where} was not evaluated in whole: {error}") from error
    return put
