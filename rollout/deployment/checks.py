"""The table of the checks before a roll-out, in their order; docs/operate/checks.md lists it."""

from rollout.code.bucket import build_code
from rollout.deployment import check_lines as line
from rollout.deployment import policies_line
from rollout.deployment.estate import read_estate
from rollout.deployment.preflight import (
    Check,
    Preflight,
    in_organization,
    run_checks,
)
from rollout.deployment.request import Request
from rollout.output.fault import Fault
from rollout.output.run import Run
from rule.counted import count
from rule.live import RESOURCE_TYPE


def has_others(known: Preflight) -> bool:
    """Are other accounts meant than the calling one?"""
    return any(each != known.estate.here for each in known.meant.targets.accounts)


def name_others(known: Preflight) -> str:
    """Return the title of the look at the other accounts' recorders."""
    others = [each for each in known.meant.targets.accounts if each != known.estate.here]
    return f"recorder records {RESOURCE_TYPE} in {count(len(others), 'account')}"


def count_meant(known: Preflight) -> str:
    """Return how many accounts are meant."""
    return count(len(known.meant.targets.accounts), "account")


CHECKS = (
    Check(
        "caller",
        "The caller is the management account, or delegated administrator of StackSets and of AWS"
        " Config.",
        lambda known: f"account {known.estate.here}, {known.estate.session.region}",
        line.tell_caller,
        blocks=True,
    ),
    Check(
        "features",
        "The organization has all features: StackSets and organization packs need them.",
        lambda known: f"organization {known.estate.place}, all features",
        line.tell_features,
        applies=in_organization,
        blocks=True,
    ),
    Check(
        "stacksets-trust",
        "CloudFormation StackSets have trusted access, activated by CloudFormation itself.",
        lambda known: "trusted access for StackSets",
        line.tell_stacksets_trust,
        applies=in_organization,
        blocks=True,
    ),
    Check(
        "config-trust",
        "AWS Config has trusted access for its multi-account setup.",
        lambda known: "trusted access for AWS Config's multi-account setup",
        line.tell_config_trust,
        applies=in_organization,
        blocks=True,
    ),
    Check(
        "administrators",
        "Who administers both services by delegation is told; there is nothing to fail.",
        lambda known: "delegated administrators",
        line.tell_administrators,
        applies=in_organization,
    ),
    Check(
        "names",
        "Stack, StackSet and pack of our name were made by this program, or are free.",
        lambda known: "names of stack, StackSet and pack",
        line.tell_names,
        line.read_names_line,
        blocks=True,
    ),
    Check(
        "accounts",
        "Which accounts are to have the rule, by what was decided; there is nothing to fail.",
        lambda known: f"accounts of {known.estate.place}",
        line.tell_accounts,
        line.read_accounts_line,
    ),
    Check(
        "recorder",
        "The Config recorder of this account runs and records IAM users.",
        lambda known: f"recorder records {RESOURCE_TYPE} here",
        line.tell_recorder,
        line.read_recorder_line,
    ),
    Check(
        "recorders",
        "The Config recorder of every other account runs and records IAM users.",
        name_others,
        line.tell_recorders,
        line.read_recorders_line,
        applies=has_others,
    ),
    Check(
        "reservation",
        "Where it was decided how many runs of the function there may be at once: which accounts'"
        " limits are too low for that is told; there is nothing to fail.",
        lambda known: f"concurrency of the function in {count_meant(known)}",
        line.tell_reservations,
        line.read_reservations_line,
        applies=lambda known: known.meant.reserved is not None,
    ),
    Check(
        "bucket",
        "The bucket of the code is closed, versioned, encrypted, and readable in the organization.",
        lambda known: f"code bucket {known.meant.bucket}",
        line.tell_bucket,
        line.read_bucket_line,
        blocks=True,
    ),
    Check(
        "quotas",
        "AWS Config has room for one more pack and one more rule.",
        lambda known: "conformance packs and rules left under the quotas",
        line.tell_quotas,
        line.read_quotas_line,
        blocks=True,
    ),
    Check(
        "owner",
        "No other administrator has put a pack or a rule of our name here already.",
        lambda known: "no rule of another administrator",
        line.tell_owner,
        applies=in_organization,
        blocks=True,
    ),
    Check(
        "sizes",
        "template.yaml and the rendered pack are small enough to be sent inline.",
        lambda known: "templates within AWS's limits",
        line.tell_sizes,
        blocks=True,
    ),
    Check(
        "policies",
        "Service control policies keep everybody but the named roles from writing the tags that the"
        " remediation goes by, and from changing the rule. A fault only where remediation is"
        " automatic and nothing else is said to protect them.",
        lambda known: "policies that protect tags and rule",
        policies_line.tell_policies,
        policies_line.read_policies_line,
        applies=policies_line.asks_for_policies,
    ),
)


def run_preflight(request: Request, run: Run) -> Preflight:
    """Return what stands and what is meant, telling a line for each check. Raises Refused."""
    with_units = request.with_units or bool(request.decisions.units)
    estate = read_estate(request.caller, with_units=with_units, with_trust=True)
    return run_checks(CHECKS, Preflight(request, estate, build_code()), run)


def find_blocking(run: Run) -> tuple[Fault, ...]:
    """Return the faults that keep `deploy` from beginning."""
    blocking = {check.name for check in CHECKS if check.blocks}
    return tuple(each for each in run.faults if each.check in blocking)
