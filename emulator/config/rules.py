"""A Config rule of an emulated account: sends it events, shows its results.

A rule is registered with a function of this process, or was put over the API or by a conformance
pack and has a deployed function.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.config.exceptions import NoSuchConfigRuleException
from moto.config.models import ConfigRule

from emulator.awslambda.functions import Invocation, invoke
from emulator.awslambda.models import Lambda
from emulator.config.events import change_message, make_event, oversized_message, schedule_message
from emulator.config.items import USER_TYPE, make_item
from emulator.config.models import PRINCIPAL, Config
from emulator.config.results import Results
from emulator.iam.users import User


class NoHandler(LookupError):
    """A rule was sent an event, but its function is none of this process."""


@dataclass(frozen=True, order=True)
class ConsoleLine:
    """One line of the Config console: a resource of the rule and what was found."""

    user: str
    compliance: str
    annotation: str


@dataclass(frozen=True)
class Rule:
    """A rule by name."""

    config: Config
    name: str

    @property
    def functions(self) -> Lambda:
        """Lambda of the same account and Region."""
        return Lambda.of(self.config.account_id, self.config.region_name)

    @property
    def invocations(self) -> list[Invocation]:
        """What was sent to the rule's function, in order."""
        return self.config.invocations.setdefault(self.name, [])

    @property
    def results(self) -> Results:
        """The stored results."""
        return self.config.results(self.name)

    def send_change(
        self, user: User, status: str = "OK", *, left_scope: bool = False
    ) -> Invocation:
        """Send the change of `user` that Config records now, and return what came of it.

        `status` is OK, ResourceDiscovered, ResourceDeleted, ResourceNotRecorded or
        ResourceDeletedNotRecorded.
        """
        now = datetime.now(UTC)
        item = make_item(self.config.iam, user, status, now)
        return self.send(change_message(item, now), left_scope=left_scope)

    def send_oversized(self, user: User, status: str = "OK") -> Invocation:
        """Send the change of `user` as a notification that is too large to hold the item."""
        item = make_item(self.config.iam, user, status, datetime.now(UTC))
        return self.send(oversized_message(item))

    def send_schedule(self) -> Invocation:
        """Send the periodic trigger."""
        return self.send(schedule_message(self.config.account_id, datetime.now(UTC)))

    def send(self, message: dict[str, Any], *, left_scope: bool = False) -> Invocation:
        """Hand a message of any form to the rule's function, with a token of its own."""
        stored = self._stored()
        arn = stored.source.source_identifier
        if not self.functions.may_invoke(arn, PRINCIPAL):
            raise NoHandler(
                f"The rule {self.name} invokes {arn}, which no handler stands for. "
                "Put a function of this process into Account.functions.handlers."
            )
        event = make_event(
            message,
            account=self.config.account_id,
            rule_name=self.name,
            rule_id=stored.config_rule_id,
            rule_arn=stored.config_rule_arn,
            parameters=stored.input_parameters_dict,
            token=self.config.make_token(self.name),
            left_scope=left_scope,
        )
        invocation = invoke(self.functions.find_function(arn), event)
        self.config.note_run(self.name, invocation)
        return invocation

    def list_lines(self) -> list[ConsoleLine]:
        """Return what the Config console lists, by user name; it leaves NOT_APPLICABLE out.

        A user that is gone is listed by id.
        """
        names = {user.id: user.name for user in self.config.iam.users.values()}
        return sorted(
            ConsoleLine(
                names.get(result.resource_id, result.resource_id),
                result.compliance,
                result.annotation or "",
            )
            for result in self.results.stored(["COMPLIANT", "NON_COMPLIANT"])
        )

    def _stored(self) -> ConfigRule:
        try:
            return self.config.config_rules[self.name]
        except KeyError:
            raise NoSuchConfigRuleException(self.name) from None


def run_due(config: Config) -> None:
    """Evaluate the new rules whose first evaluation is due."""
    due = [name for name, at in config.first_runs.items() if at <= datetime.now(UTC)]
    for name in due:
        del config.first_runs[name]
    # A rule that has run, or is said to have run, is no new one.
    ran = {name for name, told in config.runs.items() if any("Last" in key for key in told)}
    for name in [each for each in due if each not in ran]:
        # Without a function the rule has no run, as far as anybody can see.
        with suppress(NoHandler):
            Rule(config, name).send_schedule()


def deliver_items(config: Config) -> list[Invocation]:
    """Send every pending item to each rule that wants changes of users; return what came of it.

    Config does so within minutes of the change; here it happens on request, so that a test knows
    what has happened. Changes made by the functions meanwhile wait for the next delivery.
    """
    items, config.pending_items = config.pending_items, []
    rules = [
        Rule(config, name) for name, stored in config.config_rules.items() if _wants_changes(stored)
    ]
    return [rule.send(change_message(item, datetime.now(UTC))) for item in items for rule in rules]


def _wants_changes(rule: ConfigRule) -> bool:
    types = rule.scope.compliance_resource_types if rule.scope else None
    messages = [detail.message_type for detail in rule.source.source_details or []]
    return (not types or USER_TYPE in types) and "ConfigurationItemChangeNotification" in messages
