"""The target of a remediation: the SSM document that it runs, and with which parameters."""

from typing import Any

from emulator.ssm.documents import parse_document
from emulator.ssm.models import Ssm


def fill_parameters(configuration: dict[str, Any], resource_id: str) -> dict[str, list[str]]:
    """Return the parameters of an execution for one resource."""
    return {
        name: value["StaticValue"]["Values"] if "StaticValue" in value else [resource_id]
        for name, value in configuration.get("Parameters", {}).items()
    }


def find_configuration_fault(configuration: dict[str, Any], ssm: Ssm) -> str | None:
    """Return why Config would not take a configuration whose members are all within bounds.

    What an automatic one needs is documented; that the document's parameters are compared is M.
    """
    parameters = configuration.get("Parameters", {})
    for name, value in parameters.items():
        if len({"StaticValue", "ResourceValue"} & set(value)) != 1:
            return f"The parameter {name} needs a StaticValue or a ResourceValue, and not both."
    documents = ssm._documents.get(configuration["TargetId"])
    if documents is None:
        return f"The SSM document {configuration['TargetId']} does not exist."
    content = parse_document(documents.get_default_version().content)
    slots = content.get("parameters") or {}
    if unknown := sorted(set(parameters) - set(slots)):
        return f"The SSM document has no parameter {', '.join(unknown)}."
    required = {name for name, slot in slots.items() if "default" not in slot}
    if missing := sorted(required - set(parameters)):
        return f"The SSM document needs a value for {', '.join(missing)}."
    if not configuration.get("Automatic"):
        return None
    for name in ("MaximumAutomaticAttempts", "RetryAttemptSeconds"):
        if name not in configuration:
            return f"{name} is required for automatic remediation."
    role = str(content.get("assumeRole", "")).replace(" ", "")
    if role != "{{AutomationAssumeRole}}" or "AutomationAssumeRole" not in parameters:
        return "Automatic remediation needs AutomationAssumeRole as the document's assumeRole."
    return None
