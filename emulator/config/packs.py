"""Conformance packs of one emulated account, and how each of them is shown: late, and hidden."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from moto.utilities.utils import get_partition

from emulator.gateway.errors import Refusal
from emulator.iam.users import new_id

MAX_TEMPLATE_BYTES = 51_200
STACK_PREFIX = "awsconfigconforms-"
"""How the names of the stacks begin that packs become."""
RULE = "AWS::Config::ConfigRule"
ALLOWED_TYPES = (RULE, "AWS::Config::RemediationConfiguration")


class PackFailed(Exception):
    """A pack could not be made in an account: AWS's code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class ConformancePack:
    """A pack, with the state that its stack is in."""

    name: str
    id: str
    arn: str
    stack_arn: str
    template: str
    parameters: dict[str, str]
    state: str = "CREATE_IN_PROGRESS"
    reason: str = ""
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


def no_such_pack() -> Refusal:
    """Return what Config answers where no pack of this account and Region has the name."""
    return Refusal(
        "NoSuchConformancePackException",
        "You specified one or more conformance packs that do not exist.",
    )


def pack_in_use(name: str) -> Refusal:
    """Return what Config answers where a pack is in progress."""
    return Refusal("ResourceInUseException", f"{name} is currently in progress. Try again later.")


class Packs:
    """The packs of one account and Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self._region = region_name
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

    def begin(self, name: str, template: str, parameters: dict[str, str]) -> ConformancePack:
        """Return a pack that is about to be made, anew or once more.

        Raises ResourceInUseException.
        """
        present = self._by_name.get(name)
        if present is not None and present.moving:
            raise pack_in_use(name)
        if present is not None and present.state == "DELETED":
            present = None
        pack_id = "conformance-pack-" + new_id("", f"{self._scope}/{name}", 1, 9).lower()
        partition = get_partition(self._region)
        pack = ConformancePack(
            name,
            pack_id,
            f"arn:{partition}:config:{self._scope}:conformance-pack/{name}/{pack_id}",
            f"arn:{partition}:cloudformation:{self._scope}:stack/{STACK_PREFIX}{name}-{pack_id}/1",
            template,
            parameters,
            before=present,
        )
        pack.ends = datetime.now(UTC) + timedelta(seconds=self.seconds)
        self._by_name[name] = pack
        return pack

    def find(self, names: list[str] | None) -> list[ConformancePack]:
        """Return the packs of these names, or all; raises NoSuchConformancePackException."""
        there = {
            name: pack
            for name, pack in self._by_name.items()
            if pack.state != "DELETED" or pack.moving
        }
        if set(names or ()) - set(there):
            raise no_such_pack()
        return [pack for pack in there.values() if not names or pack.name in names]

    def look(self, names: list[str] | None, kind: str) -> list[ConformancePack]:
        """Return the packs as one look of this kind finds them; raises what `find` does."""
        found = self.find(names)
        if not names:
            return found
        seen = []
        for pack in found:
            pack.looks[kind] = pack.looks.get(kind, 0) + 1
            hidden = 0 if pack.before else self.hidden_looks
            if pack.looks[kind] <= hidden:
                raise no_such_pack()
            if pack.looks[kind] > hidden + self.empty_looks:
                seen.append(pack)
        return seen

    def read_status(self, pack: ConformancePack) -> ConformancePack:
        """Return the pack whose status is shown for it: right after a put, the one before."""
        stale = datetime.now(UTC) < pack.updated + timedelta(seconds=self.stale_seconds)
        return pack.before if stale and pack.before else pack

    def end(self, name: str) -> None:
        """Begin to take a pack away; raises what `find` does, and ResourceInUseException."""
        (pack,) = self.find([name])
        if pack.moving:
            raise pack_in_use(name)
        pack.state, pack.before = "DELETED", None
        pack.ends = datetime.now(UTC) + timedelta(seconds=self.seconds)
