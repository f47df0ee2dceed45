"""The rule that the pack is meant to make in an account, to be compared with what AWS made."""

from typing import Any

from botocore.utils import ArnParser

from rollout.names import FUNCTION
from rollout.packs.readback import DeployedRule
from rollout.packs.template import Pack, load_template


def mean_rule(pack: Pack, account: str, partition: str, region: str) -> DeployedRule:
    """Return the rule, with its remediation, that a pack is meant to make in an account."""
    meant, remediation = read_resources(pack.body)
    parameters = pack.parameters
    return DeployedRule(
        name="",
        source=f"arn:{partition}:lambda:{region}:{account}:function:{FUNCTION}",
        frequency=parameters["MaximumExecutionFrequency"],
        # Each is the pack's of the same name; what is empty is left out of the rule.
        parameters={
            name: parameters[name] for name in meant["InputParameters"] if parameters.get(name)
        },
        remediation=fill(remediation, parameters, account),
    )


def read_resources(body: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the rule and the remediation of a pack's template."""
    found = {each["Type"]: each["Properties"] for each in load_template(body)["Resources"].values()}
    return found["AWS::Config::ConfigRule"], found["AWS::Config::RemediationConfiguration"]


def fill(value: Any, parameters: dict[str, str], account: str) -> Any:
    """Return a part of the pack with its parameters filled in, as an account shows it."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return parameters.get(value["Ref"], value["Ref"])
        return {key: fill(each, parameters, account) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, parameters, account) for each in value]
    if ArnParser.is_arn(value):
        arn = ArnParser().parse_arn(value)
        return (
            f"arn:{arn['partition']}:{arn['service']}:{arn['region']}:{account}:{arn['resource']}"
        )
    return value
