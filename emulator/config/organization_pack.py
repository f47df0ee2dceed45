"""An organization conformance pack, and how it stands in each account."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from moto.utilities.utils import get_partition

from emulator.iam.users import new_id


@dataclass
class AccountStatus:
    """How the pack stands in one account."""

    account: str
    pack: str
    status: str
    code: str = ""
    message: str = ""
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))

    def set(
        self, status: str, code: str = "", message: str = "", at: datetime | None = None
    ) -> None:
        """Change the status, as of a time: now, unless it was due before."""
        self.status, self.code, self.message = status, code, message
        self.updated = at or datetime.now(UTC)


@dataclass
class OrganizationPack:
    """One organization conformance pack."""

    name: str
    owner: str
    region: str
    template: str
    parameters: dict[str, str]
    excluded: list[str]
    tags: list[dict[str, str]]
    status: str = "CREATE_IN_PROGRESS"
    put: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime = field(default_factory=lambda: datetime.now(UTC))
    accounts: dict[str, AccountStatus] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    asked: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it was last put or deleted."""
    ends: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When the last account that is to be worked on has been."""
    before: tuple[str, datetime] | None = None
    """The aggregate status and its time at that time."""
    looks: dict[str, int] = field(default_factory=dict)
    """How often it was looked at since the last put, by kind of look."""

    @property
    def arn(self) -> str:
        """The pack's ARN."""
        suffix = new_id("", self.name, 1, 8).lower()
        place = f"arn:{get_partition(self.region)}:config:{self.region}:{self.owner}"
        return f"{place}:organization-conformance-pack/{self.name}-{suffix}"
