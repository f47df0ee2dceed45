"""Names what a plan does not show: commands that run while it is applied, templates elsewhere."""

from collections.abc import Callable, Iterator
from typing import Any

from guardrails.judgement import Note
from guardrails.terraform.plan import TerraformPlan
from guardrails.terraform.stacks import STACKS


def find_unseen_in_plan(
    plan: TerraformPlan, file: str, find_line: Callable[[str], int]
) -> Iterator[Note]:
    """Yield a note for each thing in a plan behind which a key could be made."""
    for address, kind in _find_provisioners(plan.modules[""].config, ""):
        text = f"{address} runs a {kind} provisioner: what its command makes is not seen"
        yield Note(file, find_line(address), text)
    for stack in (instance for kind in STACKS for instance in plan.list_type(kind)):
        if not stack.values.get("template_body"):
            text = f"{stack.address} is a stack whose template is not in the plan"
            yield Note(file, find_line(stack.address), text)


def _find_provisioners(module: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for resource in module.get("resources", []):
        for provisioner in resource.get("provisioners", []):
            if provisioner.get("type") != "file":
                yield f"{path}{resource['address']}", str(provisioner.get("type"))
    for name, call in module.get("module_calls", {}).items():
        yield from _find_provisioners(call.get("module", {}), f"{path}module.{name}.")
