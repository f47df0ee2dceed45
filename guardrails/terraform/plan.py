"""A Terraform plan as `terraform show -json` prints it: what exists after apply, and its code.

Values come from planned_values: every resource that is left after apply, changed or not, without
the attributes that are known only after apply. Expressions come from configuration, which has
neither instances nor locals.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from guardrails.judgement import Unreadable

Index = str | int | None
SHOW = "run terraform plan -out=FILE, then terraform show -json FILE"
# What terraform show -json writes at the top of a plan, in one version or another.
PLAN_PARTS = frozenset(
    {
        "applyable",
        "checks",
        "complete",
        "configuration",
        "deferred_changes",
        "errored",
        "format_version",
        "output_changes",
        "planned_values",
        "prior_state",
        "relevant_attributes",
        "resource_changes",
        "resource_drift",
        "terraform_version",
        "values",
    }
)
_STEP = re.compile(r'module\.([^.\[]+)(?:\[(\d+|"(?:[^"\\]|\\.)*")\])?(?:\.|$)')
# What decides into which account a provider reaches; two that differ in the Region only share it.
ACCOUNT = (
    "access_key",
    "allowed_account_ids",
    "assume_role",
    "assume_role_with_web_identity",
    "endpoints",
    "profile",
    "secret_key",
    "shared_config_files",
    "shared_credentials_file",
    "shared_credentials_files",
    "token",
)


@dataclass(frozen=True, eq=False)
class Module:
    """One instance of a module; the root has no parent."""

    address: str
    name: str
    index: Index
    config: dict[str, Any]
    call: dict[str, Any]
    parent: "Module | None"

    @cached_property
    def resources(self) -> dict[str, Any]:
        """The configuration of each resource and data source, by its address in this module."""
        return {resource["address"]: resource for resource in self.config.get("resources", [])}


@dataclass(frozen=True, eq=False)
class ResourceInstance:
    """One resource instance that exists after apply; a value that is missing is not known yet."""

    address: str
    type: str
    name: str
    index: Index
    values: dict[str, Any]
    module: Module

    @property
    def kind(self) -> str:
        return f"{self.type}.{self.name}"

    @property
    def config(self) -> dict[str, Any]:
        config: dict[str, Any] = self.module.resources.get(self.kind, {})
        return config


@dataclass
class TerraformPlan:
    """Every managed resource instance of a plan, and every module instance, by address."""

    providers: dict[str, Any]
    variables: dict[str, Any]
    instances: dict[str, ResourceInstance] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)

    @cached_property
    def by_type(self) -> dict[str, list[ResourceInstance]]:
        """The instances of each type; a plan is asked once it is read whole."""
        found = defaultdict[str, list[ResourceInstance]](list)
        for instance in self.instances.values():
            found[instance.type].append(instance)
        return found

    def list_type(self, kind: str) -> list[ResourceInstance]:
        return self.by_type.get(kind, [])

    def find_account(self, instance: ResourceInstance) -> str:
        """Return what tells this instance's account from others, as far as the code says."""
        # What is only forgotten has no configuration left: the default provider stands for it.
        key = str(instance.config.get("provider_config_key", "aws"))
        if key not in self.providers:
            # Terraform before 1.1 puts the module's path before a provider that is passed on.
            key = key.rpartition(":")[2]
        expressions = self.providers.get(key, {}).get("expressions", {})
        account = json.dumps({name: expressions[name] for name in ACCOUNT if name in expressions})
        # In two modules of their own providers, one reference can have two values.
        return f"{key} {account}" if ":" in key and "references" in account else account


def is_plan(document: Any) -> bool:
    """Tell whether a JSON document is what terraform show -json writes, whole or not.

    Other programs have a format_version, too; a redacted plan has another name for it.
    """
    if not isinstance(document, dict):
        return False
    keys = document.keys()
    if is_state(document):
        return False
    if "planned_values" in keys or "plan_format_version" in keys:
        return True
    if "Resources" in keys:
        return False
    if "resource_changes" in keys:
        return "format_version" in keys or "terraform_version" in keys
    return "format_version" in keys and (keys == {"format_version"} or len(keys & PLAN_PARTS) > 1)


def is_of_plan(document: dict[str, Any]) -> bool:
    """Tell whether a mapping somewhere in a document is a plan or an access key out of one."""
    if document.get("type") == "aws_iam_access_key":
        return "address" in document
    planned = document.get("planned_values")
    has_values = isinstance(planned, dict) and isinstance(planned.get("root_module"), dict)
    return is_plan(document) and (has_values or isinstance(document.get("resource_changes"), list))


def is_state(document: Any) -> bool:
    """Tell whether a JSON document is a state file as a backend keeps it."""
    return (
        isinstance(document, dict)
        and "terraform_version" in document
        and ("lineage" in document or "serial" in document)
    )


def read_plan(document: Any) -> TerraformPlan:
    """Return the plan in a parsed JSON document; raise Unreadable if there is no whole one."""
    if "plan_format_version" in document:
        raise Unreadable(f"it is a redacted plan, without what the code says; {SHOW}")
    version = str(document.get("format_version", "")).split(".")[0]
    if version not in ("0", "1"):
        raise Unreadable(
            f"plan format {document.get('format_version')!r} is not known here (0.x and 1.x are)"
        )
    if "planned_values" not in document:
        what = "a Terraform state, not a plan" if "values" in document else "no whole plan"
        raise Unreadable(f"it is {what}; {SHOW}")
    if document.get("errored"):
        raise Unreadable("the plan ended in an error and is not whole; plan again")
    configuration = document.get("configuration", {})
    plan = TerraformPlan(configuration.get("provider_config", {}), document.get("variables", {}))
    root = Module("", "", None, configuration.get("root_module", {}), {}, None)
    plan.modules[""] = root
    for change in _read_left_out(document):
        after = change["change"].get("after") or change["change"].get("before")
        module = _enter(plan, change.get("module_address", ""))
        _add_instance(plan, {**change, "values": after}, module)
    _add_instances(plan, document["planned_values"].get("root_module", {}), root)
    for change in document.get("resource_changes", []):
        left = change["change"].get("after") is not None and change.get("mode") == "managed"
        if left and "deposed" not in change and change["address"] not in plan.instances:
            raise Unreadable(
                f"the plan is not whole: {change['address']} is left after it, but not in its"
                f" planned values; {SHOW}"
            )
    return plan


def _read_left_out(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what exists, now or later, but is missing from planned_values or empty there."""
    for deferred in document.get("deferred_changes", []):
        yield deferred["resource_change"]
    for change in document.get("resource_changes", []):
        # A removed block with destroy = false: Terraform forgets it, the account keeps it.
        if change["change"]["actions"] == ["forget"]:
            yield change


def _add_instances(plan: TerraformPlan, node: dict[str, Any], module: Module) -> None:
    for resource in node.get("resources", []):
        _add_instance(plan, resource, module)
    for child in node.get("child_modules", []):
        _add_instances(plan, child, _enter(plan, child["address"]))


def _add_instance(plan: TerraformPlan, resource: dict[str, Any], module: Module) -> None:
    if resource["mode"] == "managed":
        instance = ResourceInstance(
            address=resource["address"],
            type=resource["type"],
            name=resource["name"],
            index=resource.get("index"),
            values=resource.get("values") or {},
            module=module,
        )
        plan.instances.setdefault(instance.address, instance)


def _enter(plan: TerraformPlan, address: str) -> Module:
    """Return the module instance at this address, and make it and its parents known."""
    module = plan.modules[""]
    for step in _STEP.finditer(address):
        at = address[: step.end()].removesuffix(".")
        if at not in plan.modules:
            call = module.config.get("module_calls", {}).get(step[1], {})
            index = json.loads(step[2]) if step[2] else None
            plan.modules[at] = Module(at, step[1], index, call.get("module", {}), call, module)
        module = plan.modules[at]
    return module
