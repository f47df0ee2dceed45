"""What is asked for, typed: made from the options at the door, and nothing below knows argparse.

What was not given is None or absent, which means: as it stands, else the default.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Caller:
    """Whose credentials, where, and how far they reach."""

    profile: str | None = None
    region: str | None = None
    account_only: bool = False
    member_role: str = ""
    verb: str = ""
    """What is run, which limits what sessions in members may do."""


@dataclass(frozen=True)
class Decisions:
    """What the organization decides of a deployment."""

    exclude: tuple[str, ...] | None = None
    """Accounts to leave out; empty for none."""
    units: tuple[str, ...] | None = None
    """Organizational units to keep to; empty for all."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Of the pack: those of the rule, its frequency, and whether remediation is automatic."""
    stack_parameters: Mapping[str, str] = field(default_factory=dict)
    """Of template.yaml."""
    function_by: str | None = None
    role_account: str | None = None
    bucket: str | None = None


@dataclass(frozen=True)
class Request:
    """One run of check, plan or deploy."""

    caller: Caller
    decisions: Decisions = field(default_factory=Decisions)
    with_units: bool = False
    """Whether every account's unit is to be shown."""
    with_policies: bool = False
    """Whether service control policies are looked at while remediation is not automatic, too."""
    tags_protected_by: str = ""
    """What keeps others from the tags instead of service control policies, in the user's words."""
    canary: tuple[str, ...] = ()
    minutes: float = 120.0
    """For each of AWS's engines."""
    percent: int = 10
    """Of the accounts, that get a new release at a time."""
