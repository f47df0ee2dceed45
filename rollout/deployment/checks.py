"""The checks before a roll-out: pure, from what was gathered once. Each returns its faults.

Quotas are AWS Config's published ones (developer guide, "Service Limits"; M: they can be raised and
AWS changes them).
"""

from collections.abc import Iterable, Mapping

from rollout.aws.session import NotSeen
from rollout.code.bucket import Bucket
from rollout.names import MAX_TEMPLATE_BYTES, PACK, PACK_FILE, STACK, STACK_SET, TEMPLATE_FILE
from rollout.organization.accounts import CONFIG, SERVICES, STACKSETS, Account, Organization
from rollout.organization.recorder import Recorder
from rollout.output.progress import Fault
from rollout.packs.organization import PackState
from rollout.stacks.stack import Stack
from rollout.stacks.stack_set import StackSet

MAX_ORGANIZATION_PACKS = 50
MAX_PACKS = 50
MAX_RULES = 1000


def check_features(organization: Organization) -> list[Fault]:
    """StackSets and organization packs need all features, not consolidated billing alone."""
    if organization.all_features:
        return []
    return [
        Fault(
            f"{organization.id} has consolidated billing features only",
            "aws organizations enable-all-features",
        )
    ]


def check_stacksets_trust(organization: Organization) -> list[Fault]:
    """StackSets act in the members only with trusted access, activated by CloudFormation."""
    if organization.stacksets_access == "ENABLED":
        return []
    text = f"CloudFormation says {organization.stacksets_access}"
    return [Fault(text, "aws cloudformation activate-organizations-access")]


def check_config_trust(organization: Organization) -> list[Fault]:
    """AWS Config deploys packs to the members only with trusted access."""
    if isinstance(organization.trusted, NotSeen) or CONFIG in organization.trusted:
        return []
    command = "aws organizations enable-aws-service-access --service-principal"
    return [Fault(f"{CONFIG} has no trusted access", f"{command} {CONFIG}")]


def check_administration(organization: Organization, caller: Account) -> list[Fault]:
    """The caller has to be the management account, or delegated for both services."""
    if caller.id == organization.management:
        return []
    faults = []
    for service, name in SERVICES.items():
        administrators = organization.administrators.get(service, ())
        if isinstance(administrators, NotSeen):
            continue
        if caller.id not in {each.id for each in administrators}:
            command = "aws organizations register-delegated-administrator --account-id"
            faults.append(
                Fault(
                    f"{caller} is no delegated administrator of {name}; as"
                    f" {organization.find(organization.management)}:",
                    f"{command} {caller.id} --service-principal {service}",
                )
            )
    return faults


def tell_administrators(organization: Organization) -> list[str]:
    """Return one sentence on who administers each service by delegation."""
    told = []
    for service, name in SERVICES.items():
        administrators = organization.administrators.get(service, ())
        if isinstance(administrators, NotSeen):
            told.append(f"{name}: not seen: {administrators.why}")
        else:
            told.append(f"{name}: {', '.join(map(str, administrators)) or 'none'}")
    return told


def check_recorders(
    accounts: Iterable[Account], recorders: Mapping[str, Recorder | NotSeen], region: str
) -> list[Fault]:
    """Return a fault for each account whose recorder was seen and will not do."""
    faults = []
    for account in accounts:
        recorder = recorders.get(account.id)
        if isinstance(recorder, Recorder) and recorder.fault:
            mend = "Start it there" if recorder.exists and not recorder.running else "Mend it there"
            faults.append(
                Fault(
                    f"{account}, {region}: {recorder.fault}. {mend}, or leave the account out with"
                    f" --exclude {account.id}."
                )
            )
    return faults


def check_names(
    stack: Stack, stack_set: StackSet | None, pack: PackState, function_exists: bool
) -> list[Fault]:
    """Return a fault for each of our names that something else has already."""
    faults = []
    if not stack.ours:
        faults.append(Fault(f"the stack {STACK} is not the one of {TEMPLATE_FILE.name}"))
    if not stack.status and function_exists:
        faults.append(Fault(f"a Lambda function {STACK} exists here, made by no stack of ours"))
    if stack_set is not None and not stack_set.ours:
        faults.append(Fault(f"the StackSet {STACK_SET} is not the one of {TEMPLATE_FILE.name}"))
    if not pack.ours:
        faults.append(
            Fault(
                f"the conformance pack {PACK} was not put by this program: it has no parameter"
                " Revision. Delete it, or go on putting it by hand"
            )
        )
    return faults


def check_quotas(
    organization_packs: int | None, packs: int, rules: int, exists: bool
) -> list[Fault]:
    """Return a fault for each quota that leaves no room for what does not stand yet."""
    need = 0 if exists else 1
    faults = []
    for found, most, what in (
        (organization_packs or 0, MAX_ORGANIZATION_PACKS, "organization conformance packs"),
        (packs, MAX_PACKS, "conformance packs in this account"),
        (rules, MAX_RULES, "Config rules in this account"),
    ):
        if found + need > most:
            faults.append(Fault(f"{found} of {most} {what} are taken"))
    return faults


def check_sizes(template: str, pack_body: str) -> list[Fault]:
    """Return a fault for each template that is too large to be sent inline."""
    return [
        Fault(f"{name} has {len(text.encode()):,} bytes; AWS takes {MAX_TEMPLATE_BYTES:,}")
        for name, text in ((TEMPLATE_FILE.name, template), (PACK_FILE.name, pack_body))
        if len(text.encode()) > MAX_TEMPLATE_BYTES
    ]


def check_bucket(bucket: Bucket) -> list[Fault]:
    """Return what keeps the bucket from serving."""
    return [Fault(f"bucket {bucket.name}: {fault}") for fault in bucket.faults]


def is_trusted_for_stacksets(organization: Organization) -> bool | NotSeen:
    """Is trusted access for StackSets known to be on?"""
    if isinstance(organization.stacksets_access, NotSeen):
        return organization.stacksets_access
    listed = organization.trusted
    return organization.stacksets_access == "ENABLED" and (
        isinstance(listed, NotSeen) or STACKSETS in listed
    )
