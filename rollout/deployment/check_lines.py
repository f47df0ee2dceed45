"""What each line of the checks reads and tells: from the estate to a result, told nowhere else."""

from dataclasses import replace

from rollout.aws.session import NotSeen
from rollout.deployment import judgements as judge
from rollout.deployment.estate import (
    read_code,
    read_deployment,
    read_estate_units,
    read_function,
    read_quotas,
    read_recorders,
    read_reservations,
    read_users_here,
)
from rollout.deployment.intent import find_units, make_intent
from rollout.deployment.preflight import Preflight
from rollout.deployment.reservation import find_due, tell_too_low
from rollout.organization.members import NO_ROLE, list_unseen
from rollout.output.fault import Fault, Result, Unseen
from rule.counted import count


def tell_caller(known: Preflight, result: Result) -> Result:
    """The caller has to be the management account or a delegated administrator."""
    estate = known.estate
    if estate.organization is None:
        return replace(result, good="this account alone")
    management = estate.here.id == estate.organization.management
    return replace(
        result,
        good="management account" if management else "delegated administrator",
        faults=tuple(judge.judge_administration(estate.organization, estate.here)),
    )


def tell_features(known: Preflight, result: Result) -> Result:
    """All features have to be on."""
    assert known.estate.organization
    found = judge.judge_features(known.estate.organization)
    return replace(result, faults=tuple(found), bad="MISSING")


def tell_stacksets_trust(known: Preflight, result: Result) -> Result:
    """StackSets need trusted access."""
    organization = known.estate.organization
    assert organization
    trusted = judge.is_trusted_for_stacksets(organization)
    if isinstance(trusted, NotSeen):
        return replace(
            result, unseen=(Unseen("", result.check, trusted.why),), notes=(trusted.why,)
        )
    partition = known.estate.session.partition
    found = () if trusted else tuple(judge.judge_stacksets_trust(organization, partition))
    return replace(result, faults=found, bad="MISSING")


def tell_config_trust(known: Preflight, result: Result) -> Result:
    """AWS Config needs trusted access."""
    organization = known.estate.organization
    assert organization
    if isinstance(organization.trusted, NotSeen):
        why = organization.trusted.why
        return replace(result, unseen=(Unseen("", result.check, why),), notes=(why,))
    found = tuple(judge.judge_config_trust(organization))
    return replace(result, faults=found, bad="MISSING")


def tell_administrators(known: Preflight, result: Result) -> Result:
    """Who administers by delegation is told, never judged."""
    assert known.estate.organization
    return replace(result, notes=tuple(judge.tell_delegations(known.estate.organization)))


def read_names_line(known: Preflight) -> Preflight:
    """Read what stands."""
    return replace(known, estate=read_function(read_deployment(known.estate)))


def tell_names(known: Preflight, result: Result) -> Result:
    """What stands under our names has to be ours."""
    estate = known.estate
    free = not (estate.stack.status or estate.stack_set.exists or estate.pack.exists)
    return replace(
        result,
        good="free" if free else "ours",
        bad="TAKEN",
        faults=tuple(judge.judge_names(estate)),
    )


def read_accounts_line(known: Preflight) -> Preflight:
    """Make the intent; where units were decided on, read every account's unit."""
    estate, decisions = known.estate, known.request.decisions
    if decisions.units is None and find_units(estate):
        estate = read_estate_units(estate)
    return replace(known, estate=estate, intent=make_intent(estate, decisions, known.code))


def tell_accounts(known: Preflight, result: Result) -> Result:
    """Which accounts are meant, and which are left out."""
    organization, intent = known.estate.organization, known.meant
    notes = tuple(judge.tell_left_out(organization, intent)) if organization else ()
    return replace(result, good=f"{len(intent.targets.accounts)} to have the rule", notes=notes)


def read_recorder_line(known: Preflight) -> Preflight:
    """Read how many users there are; the recorder is known already."""
    return replace(known, estate=read_users_here(known.estate))


def tell_recorder(known: Preflight, result: Result) -> Result:
    """The recorder here."""
    estate = known.estate
    found = judge.judge_recorders(
        result.check,
        [estate.here],
        {estate.here.id: estate.recorder},
        estate.session.region,
    )
    notes = tell_large(known) if estate.organization is None else []
    if estate.recorder.daily:
        notes.insert(0, "it records once a day: findings come up to a day late")
    return replace(result, faults=tuple(found), notes=tuple(notes))


def tell_large(known: Preflight) -> list[str]:
    """Name the accounts with many users, as far as users were counted."""
    users = known.estate.users
    if isinstance(users, NotSeen):
        return []
    return judge.tell_large_accounts(known.meant.targets.accounts, users)


def read_recorders_line(known: Preflight) -> Preflight:
    """Read the recorders."""
    accounts = known.meant.targets.accounts
    return replace(known, estate=read_recorders(known.estate, accounts))


def tell_recorders(known: Preflight, result: Result) -> Result:
    """The recorders of the members, as far as they can be seen."""
    estate = known.estate
    others = [each for each in known.meant.targets.accounts if each != estate.here]
    users = estate.users
    if estate.members.role:
        found = judge.judge_recorders(result.check, others, estate.recorders, estate.session.region)
        told = replace(result, faults=tuple(found), notes=tuple(tell_large(known)))
        return list_unseen(told, others, estate.recorders)
    if isinstance(users, NotSeen):
        why = f"{users.why}; --member-role NAME would look into the accounts"
        hidden = tuple(Unseen(each.id, result.check, NO_ROLE) for each in others)
        return replace(result, unseen=hidden, notes=(why,))
    silent = [each for each in others if not users.get(each.id)]
    seen = count(len(others) - len(silent), "account")
    notes = [
        f"users of {seen} on record in the aggregator; whether the recorder runs now is seen with"
        " --member-role NAME only"
    ]
    if silent:
        notes.append(f"not seen: {', '.join(map(str, silent))}")
    notes += tell_large(known)
    hidden = tuple(Unseen(each.id, result.check, NO_ROLE) for each in others)
    return replace(result, unseen=hidden, part="seen in part", notes=tuple(notes))


def read_reservations_line(known: Preflight) -> Preflight:
    """Read what is reserved."""
    accounts = known.meant.targets.accounts
    return replace(known, estate=read_reservations(known.estate, accounts))


def tell_reservations(known: Preflight, result: Result) -> Result:
    """Where the limit is too low, nothing is reserved, and that is said."""
    wanted, seen = known.meant.reserved, known.estate.reservations
    assert wanted is not None
    accounts = known.meant.targets.accounts
    due = len(find_due(accounts, seen, wanted))
    good = f"to be set in {count(due, 'account')}" if due else "as decided"
    notes = tell_too_low(accounts, seen, wanted)
    if notes and not due:
        good = "left as it is"
    return list_unseen(replace(result, good=good, notes=notes), accounts, seen)


def read_bucket_line(known: Preflight) -> Preflight:
    """Read the bucket; the stacks name the version of the code in it."""
    estate = read_code(known.estate, known.meant.bucket, known.code.name)
    intent = make_intent(estate, known.request.decisions, known.code)
    return replace(known, estate=estate, intent=intent)


def tell_bucket(known: Preflight, result: Result) -> Result:
    """The bucket has to serve, or can be made to."""
    bucket = known.estate.bucket
    good = "unfinished: deploy completes it" if bucket.lacks else "ok"
    return replace(
        result,
        good=good if bucket.exists else "not there yet: deploy makes it",
        faults=tuple(
            Fault("", result.check, f"bucket {bucket.name}: {each}") for each in bucket.faults
        ),
    )


def read_quotas_line(known: Preflight) -> Preflight:
    """Read the counts."""
    return replace(known, estate=read_quotas(known.estate))


def tell_quotas(known: Preflight, result: Result) -> Result:
    """What does not stand yet has to fit."""
    counts = known.estate.counts
    if isinstance(counts, NotSeen):
        return replace(result, unseen=(Unseen("", result.check, counts.why),), notes=(counts.why,))
    packs = f"{count(counts.organization_packs, 'organization pack')}, "
    rest = f"{count(counts.packs, 'pack')} and {count(counts.rules, 'rule')} in this account"
    return replace(
        result,
        bad="FULL",
        faults=tuple(judge.judge_quotas(counts, known.estate.pack.exists)),
        notes=((packs if known.estate.organization else "") + rest,),
    )


def tell_owner(known: Preflight, result: Result) -> Result:
    """No other administrator may have put the rule."""
    return replace(result, faults=tuple(judge.judge_owner(known.estate)), bad="TAKEN")


def tell_sizes(known: Preflight, result: Result) -> Result:
    """Templates are sent inline."""
    return replace(result, faults=tuple(judge.judge_sizes(known.meant)))
