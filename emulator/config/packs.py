"""Conformance packs of one emulated account: each becomes a CloudFormation stack, as in AWS.

PutConformancePack answers before the stack is made; whether that went well stands in the pack's
status. Here both happen at once. The wording of a status reason is not documented (L).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Stack, cloudformation_backends
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.utilities.utils import get_partition

from emulator.cloudformation.events import describe_error
from emulator.iam.users import new_id

MAX_TEMPLATE_BYTES = 51_200
STACK = "awsconfigconforms-"
"""How the names of the stacks begin that packs become."""
ALLOWED_TYPES = ("AWS::Config::ConfigRule", "AWS::Config::RemediationConfiguration")


class NoSuchPack(JsonRESTError):
    """No pack of this account and Region has the name."""

    code = 400

    def __init__(self) -> None:
        super().__init__(
            "NoSuchConformancePackException",
            "You specified one or more conformance packs that do not exist.",
        )


class TemplateRefused(JsonRESTError):
    """The template is none that a pack may have."""

    code = 400

    def __init__(self, text: str) -> None:
        super().__init__("ConformancePackTemplateValidationException", text)


class PackStackFailed(Exception):
    """A resource of the pack's stack could not be created; the text is the stack's own."""


@dataclass
class Pack:
    """A pack, with the state that its stack is in."""

    name: str
    id: str
    arn: str
    parameters: dict[str, str]
    state: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    stack_arn: str = ""
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def stack_name(self) -> str:
        """The name of the stack that the pack becomes."""
        return f"{STACK}{self.name}-{self.id}"


class Packs:
    """The packs of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self._account, self._region = account_id, region_name
        self._scope = f"{region_name}:{account_id}"
        self._by_name: dict[str, Pack] = {}

    @property
    def _stacks(self) -> CloudFormationBackend:
        return cloudformation_backends[self._account][self._region]

    def put(self, name: str, template: str, parameters: dict[str, str]) -> Pack:
        """Create or change a pack; raises TemplateRefused, and otherwise tells by its state."""
        slots = check_template(template).get("Parameters", {})
        defaults = {key: slot["Default"] for key, slot in slots.items() if "Default" in slot}
        seed = f"{self._scope}/{name}"
        pack_id = "conformance-pack-" + new_id("", seed, 1, 9).lower()
        place = f"arn:{get_partition(self._region)}:config:{self._scope}"
        arn = f"{place}:conformance-pack/{name}/{pack_id}"
        pack = Pack(name, pack_id, arn, parameters)
        try:
            self._put_stack(pack, template, defaults | parameters)
            pack.state = "CREATE_COMPLETE"
        except PackStackFailed as failure:
            pack.state, pack.reason = "CREATE_FAILED", str(failure)
        except ServiceException as error:
            pack.state, pack.reason = "CREATE_FAILED", describe_error(error)
        self._by_name[name] = pack
        return pack

    def list(self, names: list[str] | None) -> list[Pack]:
        """Return the packs of these names, or all; raises NoSuchPack."""
        if missing := set(names or ()) - set(self._by_name):
            raise NoSuchPack from KeyError(*missing)
        return [pack for pack in self._by_name.values() if not names or pack.name in names]

    def delete(self, name: str) -> None:
        """Remove a pack with its rules and their results; raises NoSuchPack."""
        (pack,) = self.list([name])
        if self._find_stack(pack) is not None:
            self._stacks.delete_stack(pack.stack_name)
        del self._by_name[name]

    def _put_stack(self, pack: Pack, template: str, parameters: dict[str, str]) -> None:
        stack = self._find_stack(pack)
        if stack is not None and stack.status != "ROLLBACK_COMPLETE":
            given = [
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ]
            pack.stack_arn = stack.stack_id
            updated = self._stacks.update_stack(pack.stack_name, template, None, given, None)
            if updated.status == "UPDATE_ROLLBACK_COMPLETE":
                failed = [
                    each for each in updated.events if each.resource_status == "UPDATE_FAILED"
                ]
                raise PackStackFailed(failed[-1].resource_status_reason)
            return
        if stack is not None:
            # As in AWS, a stack whose creation failed can only be made anew.
            self._stacks.delete_stack(pack.stack_name)
        stack = self._stacks.create_stack(pack.stack_name, template, parameters)
        pack.stack_arn = stack.stack_id
        for event in stack.events:
            if event.resource_status == "CREATE_FAILED":
                raise PackStackFailed(event.resource_status_reason)

    def _find_stack(self, pack: Pack) -> Stack | None:
        found = [each for each in self._stacks.stacks.values() if each.name == pack.stack_name]
        return found[0] if found else None


def check_template(template: str) -> dict[str, Any]:
    """Return the template, parsed; raise TemplateRefused for what PutConformancePack refuses.

    Which types a pack may hold and how long it may be is documented; the sentences are ours.
    """
    if len(template.encode()) > MAX_TEMPLATE_BYTES:
        raise TemplateRefused(f"The template is larger than {MAX_TEMPLATE_BYTES} bytes.")
    try:
        parsed: dict[str, Any] = Stack.parse_template(template)
        types = {resource["Type"] for resource in parsed["Resources"].values()}
    except Exception as error:
        raise TemplateRefused("The template is not well-formed.") from error
    if refused := sorted(types - set(ALLOWED_TYPES)):
        raise TemplateRefused(f"A conformance pack cannot hold {', '.join(refused)}.")
    return parsed
