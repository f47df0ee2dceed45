"""The line of the checks on service control policies: read down to where they suffice, and told."""

from dataclasses import replace

from rollout.aws.session import NotSeen
from rollout.deployment.estate import read_policies
from rollout.deployment.preflight import Preflight, in_organization
from rollout.deployment.protection import Judge, find_muzzled, find_unprotected
from rollout.organization.accounts import Account
from rollout.output.fault import Fault, Result, Unseen

UNBOUND = "no service control policy binds the management account: keep to few people there"


def asks_for_policies(known: Preflight) -> bool:
    """Is the remediation to go by the tags, or are the policies asked for?"""
    return known.meant.remediates or (known.request.with_policies and in_organization(known))


def list_bound(known: Preflight) -> list[Account]:
    """Return the accounts that are meant and that service control policies bind."""
    organization = known.estate.organization
    unbound = organization.management if organization else ""
    return [each for each in known.meant.targets.accounts if each.id != unbound]


def read_policies_line(known: Preflight) -> Preflight:
    """Read the policies above the accounts, down to where they suffice."""
    session = known.estate.session
    judge = Judge(session.partition, session.region)
    ids = [each.id for each in list_bound(known)]
    return replace(known, estate=read_policies(known.estate, ids, judge.suffice))


def tell_policies(known: Preflight, result: Result) -> Result:
    """Others must not write what the remediation goes by.

    While it is off, and where something else is said to keep them from it, this is but told.
    """
    estate, accounts = known.estate, list_bound(known)
    notes = [] if len(accounts) == len(known.meant.targets.accounts) else [UNBOUND]
    muzzled = list[Fault]()
    if isinstance(estate.policies, NotSeen):
        why = estate.policies.why
        result = replace(result, unseen=(Unseen("", result.check, why),), notes=(why,))
    else:
        judge = Judge(estate.session.partition, estate.session.region)
        found = {each.id: judge.judge(estate.policies[each.id], each.id) for each in accounts}
        faults, hidden, more = find_unprotected(result.check, accounts, found)
        muzzled = find_muzzled(result.check, accounts, found)
        reasons = sorted({each.why for each in hidden})
        notes = [*reasons, *more, *notes]
        result = replace(
            result,
            faults=(*faults, *muzzled),
            unseen=tuple(hidden),
            bad="MISSING",
            notes=tuple(notes),
        )
    otherwise = known.request.tags_protected_by
    if result.fine or (known.meant.remediates and not otherwise):
        return result
    # What else protects the tags does not let the function write them.
    faults = muzzled if known.meant.remediates else []
    told = (*(each.text for each in result.faults if each not in faults), *result.notes)
    why = f"protected by {otherwise}, as was said" if otherwise else "remediation is off"
    good = f"{'missing' if result.faults else 'not seen'}, and {why}"
    return replace(result, good=good, faults=tuple(faults), unseen=(), notes=told)
