"""Conformance packs of one emulated account: each becomes a CloudFormation stack, as in AWS.

PutConformancePack answers before the stack is made; whether that went well stands in the pack's
status. Here the stack is made at once, and the pack shows it late. The wording of a status reason
is not documented (L).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudformation.models import CloudFormationBackend, Stack, cloudformation_backends
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.utilities.utils import get_partition

from emulator.cloudformation.events import describe_error
from emulator.iam.users import new_id

MAX_TEMPLATE_BYTES = 51_200
STACK_PREFIX = "awsconfigconforms-"
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


class PackInUse(JsonRESTError):
    """The pack is in progress."""

    code = 400

    def __init__(self, name: str) -> None:
        super().__init__(
            "ResourceInUseException", f"{name} is currently in progress. Try again later."
        )


class TemplateRefused(JsonRESTError):
    """The template is none that a pack may have."""

    code = 400

    def __init__(self, text: str) -> None:
        super().__init__("ConformancePackTemplateValidationException", text)


class PackStackFailed(Exception):
    """A resource of the pack's stack could not be created; the text is the stack's own."""


@dataclass
class ConformancePack:
    """A pack, with the state that its stack is in."""

    name: str
    id: str
    arn: str
    parameters: dict[str, str]
    state: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    stack_arn: str = ""
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    ends: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When what was asked for last has come to its end."""
    before: "ConformancePack | None" = None
    looks: dict[str, int] = field(default_factory=dict)
    """How often it was looked at since it was put, by kind of look."""

    @property
    def moving(self) -> bool:
        """Is it still in progress?"""
        return datetime.now(UTC) < self.ends

    @property
    def shown(self) -> str:
        """The state that is shown now."""
        kind = "DELETE" if self.state == "DELETED" else "CREATE"
        return f"{kind}_IN_PROGRESS" if self.moving else self.state

    @property
    def failed(self) -> bool:
        """Does it show why it could not be made?"""
        return bool(self.reason) and not self.moving

    @property
    def stack_name(self) -> str:
        """The name of the stack that the pack becomes."""
        return f"{STACK_PREFIX}{self.name}-{self.id}"


class Packs:
    """The packs of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self._account, self._region = account_id, region_name
        self._scope = f"{region_name}:{account_id}"
        self._by_name: dict[str, ConformancePack] = {}
        self.seconds = 60.0
        """How long a put or a deletion is in progress."""
        self.stale_seconds = 20.0
        """How long after a put the status is still that of the put before (L)."""
        self.hidden_looks = 1
        """How many looks of each kind right after a pack was created find no such pack (L)."""
        self.empty_looks = 1
        """How many looks of each kind right after a put find an empty list (L)."""

    def be_prompt(self) -> None:
        """Show at once what was put."""
        self.seconds = self.stale_seconds = 0.0
        self.hidden_looks = self.empty_looks = 0

    @property
    def _stacks(self) -> CloudFormationBackend:
        return cloudformation_backends[self._account][self._region]

    def put(self, name: str, template: str, parameters: dict[str, str]) -> ConformancePack:
        """Create or change a pack; raises TemplateRefused, and otherwise tells by its state."""
        present = self._by_name.get(name)
        if present is not None and present.moving:
            raise PackInUse(name)
        if present is not None and present.state == "DELETED":
            present = None
        slots = check_pack_template(template).get("Parameters", {})
        defaults = {key: slot["Default"] for key, slot in slots.items() if "Default" in slot}
        seed = f"{self._scope}/{name}"
        pack_id = "conformance-pack-" + new_id("", seed, 1, 9).lower()
        place = f"arn:{get_partition(self._region)}:config:{self._scope}"
        arn = f"{place}:conformance-pack/{name}/{pack_id}"
        pack = ConformancePack(name, pack_id, arn, parameters, before=present)
        try:
            self._put_stack(pack, template, defaults | parameters)
            pack.state = "CREATE_COMPLETE"
        except PackStackFailed as failure:
            pack.state, pack.reason = "CREATE_FAILED", str(failure)
        except ServiceException as error:
            pack.state, pack.reason = "CREATE_FAILED", describe_error(error)
        pack.ends = datetime.now(UTC) + timedelta(seconds=self.seconds)
        self._by_name[name] = pack
        return pack

    def find(self, names: list[str] | None) -> list[ConformancePack]:
        """Return the packs of these names, or all; raises NoSuchPack."""
        there = {
            name: pack
            for name, pack in self._by_name.items()
            if pack.state != "DELETED" or pack.moving
        }
        if missing := set(names or ()) - set(there):
            raise NoSuchPack from KeyError(*missing)
        return [pack for pack in there.values() if not names or pack.name in names]

    def look(self, names: list[str] | None, kind: str) -> list[ConformancePack]:
        """Return the packs as one look of this kind finds them; raises NoSuchPack."""
        found = self.find(names)
        if not names:
            return found
        seen = []
        for pack in found:
            pack.looks[kind] = pack.looks.get(kind, 0) + 1
            hidden = 0 if pack.before else self.hidden_looks
            if pack.looks[kind] <= hidden:
                raise NoSuchPack
            if pack.looks[kind] > hidden + self.empty_looks:
                seen.append(pack)
        return seen

    def read_status(self, pack: ConformancePack) -> ConformancePack:
        """Return the pack whose status is shown for it: right after a put, the one before."""
        stale = datetime.now(UTC) < pack.updated + timedelta(seconds=self.stale_seconds)
        return pack.before if stale and pack.before else pack

    def delete(self, name: str) -> None:
        """Remove a pack with its rules and their results; raises NoSuchPack."""
        (pack,) = self.find([name])
        if pack.moving:
            raise PackInUse(name)
        if self._find_stack(pack) is not None:
            self._stacks.delete_stack(pack.stack_name)
        pack.state, pack.before = "DELETED", None
        pack.ends = datetime.now(UTC) + timedelta(seconds=self.seconds)

    def _put_stack(self, pack: ConformancePack, template: str, parameters: dict[str, str]) -> None:
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

    def _find_stack(self, pack: ConformancePack) -> Stack | None:
        found = [each for each in self._stacks.stacks.values() if each.name == pack.stack_name]
        return found[0] if found else None


def check_pack_template(template: str) -> dict[str, Any]:
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
