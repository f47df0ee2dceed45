"""What an organization's conformance pack makes in one account.

As the pack itself becomes a stack there, its template is resolved with the account's own pseudo
parameters and exports; a real stack for each of hundreds of accounts would take too long.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from moto.cloudformation.exceptions import ExportNotFound
from moto.cloudformation.models import cloudformation_backends
from moto.cloudformation.parsing import ResourceMap, clean_json
from moto.config.models import config_backends
from moto.core.exceptions import JsonRESTError, ServiceException

from emulator.cloudformation.templates import parse_template
from emulator.config.models import Config
from emulator.config.organization_pack import AccountStatus, OrganizationPack, PackFailed
from emulator.config.pack_resources import put_remediation, put_rule, remove_rule
from emulator.config.packs import STACK_PREFIX
from emulator.iam.users import new_id


class UnsureFacts(Protocol):
    """The facts that nobody is sure of; see `OrganizationPacks`."""

    resolves_account_id: bool
    rewrites_role: bool
    first_run_seconds: float


def put_member_pack(
    pack: OrganizationPack, account: str, status: AccountStatus, facts: UnsureFacts
) -> None:
    """Create or update the pack's rules in one account. Raises PackFailed."""
    config = _config(account, pack.region)
    if not any(each.status.recording for each in config.recorders.values()):
        raise PackFailed(
            "NoAvailableConfigurationRecorderException",
            "There are no configuration recorders available in this account.",
        )
    stack = pack_stack(status.pack, account)
    rules: list[str] = []
    try:
        for kind, properties in _resolve(pack, account, stack, facts):
            if kind == "AWS::Config::ConfigRule":
                known = set(config.config_rules)
                rules.append(put_rule(config, properties, stack))
                if rules[-1] not in known:
                    due = datetime.now(UTC) + timedelta(seconds=facts.first_run_seconds)
                    config.first_runs[rules[-1]] = due
                continue
            if facts.rewrites_role:
                _rewrite_role(properties, pack.owner, account)
            put_remediation(config, properties, stack)
    except ExportNotFound as error:
        raise PackFailed("ConformancePackTemplateValidationException", error.message) from error
    except JsonRESTError as error:
        raise PackFailed(error.error_type, error.message) from error
    except ServiceException as error:
        raise PackFailed(error.code, error.message) from error
    config.organization_packs[status.pack] = rules


def delete_member_pack(
    pack: OrganizationPack, account: str, status: AccountStatus, facts: UnsureFacts
) -> None:
    """Remove the pack's rules from one account."""
    config = _config(account, pack.region)
    for rule in config.organization_packs.pop(status.pack, []):
        remove_rule(config, rule)
        config.first_runs.pop(rule, None)


def pack_stack(pack: str, account: str) -> str:
    """Return the name of the stack that an organization's pack becomes in an account."""
    suffix = new_id("", f"{account}/{pack}", 1, 9).lower()
    return f"{STACK_PREFIX}{pack}-conformance-pack-{suffix}"


def _resolve(
    pack: OrganizationPack, account: str, stack: str, facts: UnsureFacts
) -> list[tuple[str, dict[str, Any]]]:
    """Return type and properties of what the pack makes in an account, rules first."""
    said = account if facts.resolves_account_id else pack.owner
    template = parse_template(pack.template)
    exports = cloudformation_backends[account][pack.region].exports
    resources = ResourceMap(
        stack, stack, dict(pack.parameters), {}, pack.region, said, template, exports
    )
    resources.load()
    made = [
        (str(resource["Type"]), clean_json(resource["Properties"], resources))
        for resource in template["Resources"].values()
        if "Condition" not in resource or resources.lazy_condition_map[resource["Condition"]]
    ]
    return sorted(made, key=lambda each: each[0])


def _rewrite_role(properties: dict[str, Any], owner: str, account: str) -> None:
    """Put the member's own account into a remediation's role."""
    role = properties.get("Parameters", {}).get("AutomationAssumeRole", {}).get("StaticValue", {})
    role["Values"] = [each.replace(owner, account) for each in role.get("Values", [])]


def _config(account: str, region: str) -> Config:
    backend = config_backends[account][region]
    assert isinstance(backend, Config)
    return backend
