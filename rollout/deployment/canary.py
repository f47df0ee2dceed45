"""The canary: the pack in a few accounts first, and what AWS made of it compared point by point.

A pack is kept to some accounts by leaving all others out, and leaving an account out of a pack that
it has takes the pack away, with the rule's results. So a canary is for the first roll-out.
"""

from typing import Any

from rollout.aws.session import NotSeen
from rollout.deployment.executor import Deployment
from rollout.deployment.preflight import Facts
from rollout.errors import Refused
from rollout.names import FUNCTION
from rollout.organization.accounts import Account
from rollout.organization.targets import MAX_EXCLUDED
from rollout.output.progress import Fault
from rollout.packs.readback import DeployedRule, compare_rule, is_as_meant, read_rule
from rollout.packs.template import AUTOMATIC, load_template


def check_canary(facts: Facts, canary: list[str]) -> None:
    """Raise Refused where a canary cannot be tried, or would take the rule away elsewhere."""
    if facts.organization is None:
        raise Refused("--canary goes without --account-only: that is one account already.")
    wanted = {each.id for each in facts.accounts}
    if unknown := sorted(set(canary) - wanted):
        raise Refused(f"--canary {' '.join(unknown)}: not among the accounts to have the rule.")
    rest = len(facts.organization.accounts) - len(canary)
    if rest > MAX_EXCLUDED:
        raise Refused(f"--canary would leave out {rest} accounts; a pack can leave out 1000.")
    if elsewhere := sorted(facts.pack_state.accounts.keys() - set(canary)):
        names = ", ".join(str(facts.organization.find(each)) for each in elsewhere[:3])
        raise Refused(
            f"The pack stands in {len(elsewhere)} other accounts already ({names}"
            f"{', ...' if len(elsewhere) > 3 else ''}): trying it in a canary alone would take it,"
            " and its results, out of them. Deploy without --canary."
        )
    blind = [each for each in canary if each != facts.session.account]
    if blind and not facts.members.role:
        raise Refused(
            f"--canary needs --member-role to look into {facts.organization.find(blind[0])}."
        )


def try_canary(deployment: Deployment, canary: list[str]) -> bool:
    """Put the pack into the canary alone and compare; return whether all is as it was meant."""
    facts = deployment.facts
    assert facts.organization is not None
    others = [each.id for each in facts.organization.accounts if each.id not in canary]
    names = ", ".join(str(facts.organization.find(each)) for each in canary)
    deployment.put_pack(excluded=others, name=f"conformance pack in the canary: {names}")
    if deployment.story.lines[-1].faults:
        deployment.story.say(
            "The canary did not get the pack. If AWS could not find the function, deploy with"
            " --function-by export."
        )
        return False
    fine = True
    for account in [each for each in facts.accounts if each.id in canary]:
        fine = compare(deployment, account) and fine
    if not fine:
        deployment.story.say(
            "AWS made something else of the pack than was meant. Nothing was put elsewhere. For the"
            " rule's source there is --function-by export."
        )
    return fine


def compare(deployment: Deployment, account: Account) -> bool:
    """Tell point by point what AWS made of the pack in an account."""
    facts = deployment.facts
    name = deployment.facts.pack_state.accounts[account.id].name
    seen = facts.members.look([account], lambda session: read_rule(session, name))[account.id]
    with deployment.story.line(f"read back in {account}") as line:
        if isinstance(seen, NotSeen):
            line.find([Fault(f"{account}: not seen: {seen.why}")])
            return False
    meant = mean_rule(facts, account)
    fine = True
    for point in compare_rule(seen, facts.pack, meant):
        with deployment.story.line(f"    {point[0]}") as line:
            line.end("as meant")
            if not is_as_meant(point):
                fine = False
                line.find([Fault(f"{account}: meant {point[1]}, found {point[2]}")], "DIFFERENT")
    return fine


def mean_rule(facts: Facts, account: Account) -> DeployedRule:
    """Return the rule that the pack is meant to make in an account."""
    template = load_template(facts.pack.body)
    meant: dict[str, Any] = {}
    remediation: dict[str, Any] = {}
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Config::ConfigRule":
            meant = resource["Properties"]
        else:
            remediation = resource["Properties"]
    place = f"arn:{facts.session.partition}:lambda:{facts.session.region}:{account.id}"
    parameters = facts.pack.parameters
    role = f":iam::{facts.session.account}:role/"
    return DeployedRule(
        name="",
        source=f"{place}:function:{FUNCTION}",
        frequency=parameters["MaximumExecutionFrequency"],
        parameters=fill(meant["InputParameters"], parameters, {}),
        remediation=fill(remediation, parameters, {role: f":iam::{account.id}:role/"}),
    )


def fill(value: Any, parameters: dict[str, str], replaced: dict[str, str]) -> Any:
    """Return a part of the pack with its parameters filled in, as an account shows it.

    A literal boolean behind Fn::If is decided by the parameter that is meant to switch it.
    """
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return parameters.get(value["Ref"], value["Ref"])
        if set(value) == {"Fn::If"}:
            yes = parameters.get(AUTOMATIC) == "true"
            return fill(value["Fn::If"][1 if yes else 2], parameters, replaced)
        return {key: fill(each, parameters, replaced) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, parameters, replaced) for each in value]
    for old, new in replaced.items():
        value = value.replace(old, new) if isinstance(value, str) else value
    return value
