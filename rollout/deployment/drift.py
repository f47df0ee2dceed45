"""How what stands differs from this checkout: pure."""

from collections.abc import Mapping
from dataclasses import replace

from rollout.deployment.estate import Estate
from rollout.deployment.intent import complete_decisions, render
from rollout.deployment.request import Decisions
from rollout.names import PACK, STACK, STACK_SET, TEMPLATE_FILE
from rollout.output.fault import Fault, Result
from rollout.packs.template import ADDED, CANARY, NONE, REVISION


def compare_stack_set(estate: Estate, code: str) -> Result:
    """Compare the StackSet."""
    found = estate.stack_set
    result = Result("drift-stack-set", f"StackSet {STACK_SET}, as in this checkout")
    return compare_stack(result, found.exists, found.template, found.parameters, code)


def compare_stack_here(estate: Estate, code: str) -> Result:
    """Compare the ordinary stack."""
    found = estate.stack
    title = f"stack {STACK} in {estate.here}, as in this checkout"
    result = Result("drift-stack", title)
    return compare_stack(result, bool(found.status), found.template, found.parameters, code)


def compare_stack(
    result: Result, exists: bool, body: str, parameters: Mapping[str, str], code: str
) -> Result:
    """Return the result with how template and code differ."""
    if not exists:
        return miss(result)
    faults = []
    if body.strip() != TEMPLATE_FILE.read_text(encoding="utf-8").strip():
        text = f"its template is not this checkout's {TEMPLATE_FILE.name}"
        faults.append(Fault("", result.check, text))
    if parameters.get("CodeKey") != code:
        text = f"its code is {parameters.get('CodeKey')}, here it is {code}"
        faults.append(Fault("", result.check, text))
    return replace(result, faults=tuple(faults), bad="DIFFERENT")


def compare_pack(estate: Estate) -> Result:
    """Compare the pack with what this checkout would make of the same decisions."""
    result = Result("drift-pack", f"conformance pack {PACK}, as in this checkout")
    if not estate.pack.exists:
        return miss(result)
    stands = estate.pack.parameters
    here = render(estate, complete_decisions(estate, Decisions())).revision
    revision = stands.get(REVISION, "(none)")
    faults = []
    if revision != here:
        text = f"its revision is {revision}, here it is {here}"
        faults.append(Fault("", result.check, text))
    if stands.get(CANARY, NONE) != NONE:
        text = "it stands in a canary alone: run deploy without --canary to go on"
        faults.append(Fault("", result.check, text))
    values = [f"{key}={value}" for key, value in stands.items() if key not in ADDED]
    return replace(result, faults=tuple(faults), notes=(", ".join(values),))


def miss(result: Result) -> Result:
    """Return the result for what is not there."""
    fault = Fault("", result.check, "it is not there", "python -m rollout deploy")
    return replace(result, faults=(fault,), bad="MISSING")
