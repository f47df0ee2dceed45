"""What each check before a roll-out finds: pure, from what was read once.

Quotas are AWS Config's published ones (developer guide, "Service Limits"; M: they can be raised and
AWS changes them).
"""

from collections.abc import Iterable, Mapping

from rollout.aws.session import NotSeen
from rollout.deployment.estate import Estate
from rollout.deployment.intent import Intent
from rollout.deployment.quotas import Counts
from rollout.names import (
    MAX_TEMPLATE_BYTES,
    PACK,
    PACK_FILE,
    RULE,
    STACK,
    STACK_SET,
    TEMPLATE_FILE,
)
from rollout.organization.accounts import CONFIG, STACKSETS, TRUSTED_SERVICES, Account, Organization
from rollout.organization.recorder import Recorder
from rollout.output.fault import Fault

MAX_ORGANIZATION_PACKS = 50
MAX_PACKS = 50
MAX_RULES = 1000
LARGE = 500
"""Users from which on a new rule's first evaluation makes IAM throttle."""


def judge_features(organization: Organization) -> list[Fault]:
    """StackSets and organization packs need all features, not consolidated billing alone."""
    if organization.all_features:
        return []
    text = f"{organization.id} has consolidated billing features only"
    return [Fault("", "features", text, "aws organizations enable-all-features")]


def judge_stacksets_trust(organization: Organization, partition: str) -> list[Fault]:
    """StackSets act in the members only with trusted access, activated by CloudFormation.

    In China nobody can activate it (AWS CloudFormation user guide, "Prerequisites for using
    StackSets"); what CloudFormation itself answers counts all the same.
    """
    if organization.stacksets_access == "ENABLED":
        return []
    text = f"CloudFormation says {organization.stacksets_access}"
    if partition == "aws-cn":
        offer = "its guide says that StackSets cannot have trusted access in China"
        return [Fault("", "stacksets-trust", f"{text}, and {offer}")]
    mend = "aws cloudformation activate-organizations-access"
    return [Fault("", "stacksets-trust", text, mend)]


def judge_config_trust(organization: Organization) -> list[Fault]:
    """AWS Config deploys packs to the members only with trusted access."""
    if isinstance(organization.trusted, NotSeen) or CONFIG in organization.trusted:
        return []
    command = "aws organizations enable-aws-service-access --service-principal"
    text = f"{CONFIG} has no trusted access"
    return [Fault("", "config-trust", text, f"{command} {CONFIG}")]


def judge_administration(organization: Organization, caller: Account) -> list[Fault]:
    """The caller has to be the management account, or delegated for both services."""
    if caller.id == organization.management:
        return []
    faults = []
    for service, name in TRUSTED_SERVICES.items():
        administrators = organization.administrators.get(service, ())
        if isinstance(administrators, NotSeen):
            continue
        if caller.id not in {each.id for each in administrators}:
            command = "aws organizations register-delegated-administrator --account-id"
            faults.append(
                Fault(
                    caller.id,
                    "caller",
                    f"{caller} is no delegated administrator of {name}; as"
                    f" {organization.find(organization.management)}:",
                    f"{command} {caller.id} --service-principal {service}",
                )
            )
    return faults


def judge_recorders(
    check: str,
    accounts: Iterable[Account],
    recorders: Mapping[str, Recorder | NotSeen],
    region: str,
) -> list[Fault]:
    """Return a fault for each account whose recorder was seen and will not do."""
    faults = []
    for account in accounts:
        recorder = recorders.get(account.id)
        if isinstance(recorder, Recorder) and recorder.fault:
            mend = "Start it there" if recorder.exists and not recorder.running else "Mend it there"
            text = (
                f"{account}, {region}: {recorder.fault}. {mend}, or leave the account out with"
                f" --exclude {account.id}."
            )
            faults.append(Fault(account.id, check, text))
    return faults


def judge_names(estate: Estate) -> list[Fault]:
    """Return a fault for each of our names that something else has already."""
    told = []
    if estate.refusal:
        told.append(estate.refusal)
    if not estate.stack.ours:
        told.append(f"the stack {STACK} is not the one of {TEMPLATE_FILE.name}")
    if not estate.stack.status and estate.function_exists:
        told.append(f"a Lambda function {STACK} exists here, made by no stack of ours")
    if not estate.stack_set.ours:
        told.append(f"the StackSet {STACK_SET} is not the one of {TEMPLATE_FILE.name}")
    if not estate.pack.ours:
        told.append(
            f"the conformance pack {PACK} was not put by this program: it has no parameter"
            " Revision. Delete it, or go on putting it by hand"
        )
    return [Fault("", "names", each) for each in told]


def judge_owner(estate: Estate) -> list[Fault]:
    """Two owners mean two rules in each account: each sees his own pack alone (FACTS 1)."""
    counts, organization = estate.counts, estate.organization
    if organization is None or estate.pack.exists or isinstance(counts, NotSeen):
        return []
    rules = [each for each in counts.names if each.startswith(f"{RULE}-conformance-pack-")]
    packs = [each for each in counts.pack_names if PACK in each]
    if not rules and not packs:
        return []
    others = [organization.management] if estate.here.id != organization.management else []
    administrators = organization.administrators.get(CONFIG, ())
    if not isinstance(administrators, NotSeen):
        others += [each.id for each in administrators if each.id != estate.here.id]
    named = ", ".join(str(organization.find(each)) for each in others) or "another administrator"
    found = ", ".join(rules or packs)
    text = (
        f"{estate.here} has {found}, but no organization pack of its own is behind it: it was put"
        f" by {named}, or is an account pack. A second pack would make a second rule in every"
        " account. Deploy from there, or remove it there first"
    )
    return [Fault(estate.here.id, "owner", text)]


def judge_quotas(counts: Counts, exists: bool) -> list[Fault]:
    """Return a fault for each quota that leaves no room for what does not stand yet."""
    need = 0 if exists else 1
    faults = []
    for found, most, what in (
        (counts.organization_packs, MAX_ORGANIZATION_PACKS, "organization conformance packs"),
        (counts.packs, MAX_PACKS, "conformance packs in this account"),
        (counts.rules, MAX_RULES, "Config rules in this account"),
    ):
        if found + need > most:
            faults.append(Fault("", "quotas", f"{found} of {most} {what} are taken"))
    return faults


def judge_sizes(intent: Intent) -> list[Fault]:
    """Return a fault for each template that is too large to be sent inline."""
    return [
        Fault(
            "",
            "sizes",
            f"{name} has {len(text.encode()):,} bytes; AWS takes {MAX_TEMPLATE_BYTES:,}",
        )
        for name, text in (
            (TEMPLATE_FILE.name, intent.template),
            (PACK_FILE.name, intent.pack.body),
        )
        if len(text.encode()) > MAX_TEMPLATE_BYTES
    ]


def tell_delegations(organization: Organization) -> list[str]:
    """Return one sentence on who administers each service by delegation."""
    told = []
    for service, name in TRUSTED_SERVICES.items():
        administrators = organization.administrators.get(service, ())
        if isinstance(administrators, NotSeen):
            told.append(f"{name}: not seen: {administrators.why}")
        else:
            told.append(f"{name}: {', '.join(map(str, administrators)) or 'none'}")
    return told


def tell_large_accounts(accounts: Iterable[Account], users: Mapping[str, int]) -> list[str]:
    """Return a sentence on the accounts whose first evaluation is better bounded."""
    large = [f"{each} ({users[each.id]:,})" for each in accounts if users.get(each.id, 0) > LARGE]
    if not large:
        return []
    return [
        f"more than {LARGE} users: {', '.join(large)}; a new rule evaluates them all at once: bound"
        " that with --stack-parameter ReservedConcurrency=5 (docs/operate/large-accounts.md)"
    ]


def tell_left_out(organization: Organization, intent: Intent) -> list[str]:
    """Return a sentence for each kind of account that is left out."""
    suspended = [str(each) for each in organization.accounts if not each.active]
    active_out = [
        str(each)
        for each in organization.accounts
        if each.active and each.id in intent.targets.excluded
    ]
    told = []
    if suspended:
        told.append(f"left out by AWS, suspended or closing: {', '.join(suspended)}")
    if active_out:
        told.append(f"left out as decided: {', '.join(active_out)}")
    return told


def is_trusted_for_stacksets(organization: Organization) -> bool | NotSeen:
    """Is trusted access for StackSets known to be on?"""
    if isinstance(organization.stacksets_access, NotSeen):
        return organization.stacksets_access
    listed = organization.trusted
    return organization.stacksets_access == "ENABLED" and (
        isinstance(listed, NotSeen) or STACKSETS in listed
    )
