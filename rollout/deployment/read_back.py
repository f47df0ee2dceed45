"""What AWS made of the pack in an account, held against what the pack that stands means there."""

from rollout.deployment.estate import Estate
from rollout.organization.accounts import Account
from rollout.output.fault import Fault
from rollout.packs.meant import mean_rule
from rollout.packs.readback import DeployedRule, compare_rule, is_as_meant
from rollout.packs.template import Pack


def judge_read_back(
    check: str, estate: Estate, account: Account, pack: Pack | None, rule: DeployedRule
) -> tuple[Fault, ...]:
    """Return a fault for each point in which the rule or its remediation is not as it is meant.

    Source, frequency, parameters, target, role, Automatic and how often it is tried again.
    """
    if pack is None:
        return ()
    session = estate.session
    meant = mean_rule(pack, account.id, session.partition, session.region)
    return tuple(
        Fault(account.id, check, f"{account}: {point}: meant {wanted}, found {found}")
        for point, wanted, found in compare_rule(rule, meant)
        if not is_as_meant((point, wanted, found))
    )
