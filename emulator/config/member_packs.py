"""What an organization's conformance pack makes in one account."""

from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.config.models import Config
from emulator.config.organization_pack import AccountStatus, OrganizationPack
from emulator.config.pack_facts import PackFacts
from emulator.config.pack_resources import (
    put_pack_resources,
    remove_pack_resources,
    resolve_pack,
)
from emulator.config.packs import PackFailed
from emulator.iam.users import new_id


def put_member_pack(
    pack: OrganizationPack, account: str, status: AccountStatus, facts: PackFacts
) -> None:
    """Create or update the pack's rules in one account. Raises PackFailed."""
    config = Config.of(account, pack.region)
    if not any(each.status.recording for each in config.recorders.values()):
        raise PackFailed(
            "NoAvailableConfigurationRecorderException",
            "There are no configuration recorders available in this account.",
        )
    suffix = "-conformance-pack-" + new_id("", f"{account}/{status.pack}", 1, 9).lower()
    said = account if facts.resolves_account_id else pack.owner
    resources = resolve_pack(pack.template, pack.parameters, config, status.pack, suffix, said)
    if facts.rewrites_role:
        for _, properties in resources:
            _rewrite_role(properties, pack.owner, account)
    known = set(config.config_rules)
    due = datetime.now(UTC) + timedelta(seconds=facts.first_run_seconds)
    for rule in put_pack_resources(config, resources, status.pack, suffix):
        if rule not in known:
            config.first_runs[rule] = due


def delete_member_pack(
    pack: OrganizationPack, account: str, status: AccountStatus, facts: PackFacts
) -> None:
    """Remove the pack's rules from one account."""
    config = Config.of(account, pack.region)
    for rule in remove_pack_resources(config, status.pack):
        config.first_runs.pop(rule, None)


def _rewrite_role(properties: dict[str, Any], owner: str, account: str) -> None:
    """Put the member's own account into a remediation's role."""
    role = properties.get("Parameters", {}).get("AutomationAssumeRole", {}).get("StaticValue", {})
    role["Values"] = [each.replace(owner, account) for each in role.get("Values", [])]
