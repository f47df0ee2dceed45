"""Reads a survey: from the aggregator where this account has one, else from the members."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from rollout.aws.session import NotSeen, Session, try_read
from rollout.errors import Refused
from rollout.findings.aggregate_results import Aggregate, read_aggregate
from rollout.findings.evaluation import UnreadAccount
from rollout.findings.finding import State
from rollout.findings.member_results import read_beside, read_held
from rollout.findings.survey import Held, Survey, complete_findings, find_stale
from rollout.names import PACK
from rollout.organization.accounts import Account, Organization
from rollout.organization.members import Members
from rollout.organization.recorder import find_aggregator
from rollout.packs.template import REVISION

NO_RESULTS = (
    "the aggregator has no result of our rule: no user with a password, not judged yet, or not"
    " deployed there; --member-role tells which"
)
LEFT_OUT = "left out of the conformance pack"
NO_MFA_READ = (
    "MFA is not in AWS Config, and when the rule last ran is in no aggregator: both are"
    " read with --member-role."
)
UNKNOWN_RUN = "AWS does not say when the rule last ran"


@dataclass(frozen=True)
class Asked:
    """What a report is asked for."""

    now: datetime
    source: str = "auto"
    production: tuple[str, ...] = ("unit=prod*", "name=prod*")
    stale: timedelta = timedelta(hours=48)
    thorough: bool = False
    everywhere: bool = True
    """Read what an aggregator has not in every account, or where there are findings alone."""


@dataclass(frozen=True)
class Put:
    """What the organization's pack was put with; empty where it cannot be seen from here."""

    parameters: Mapping[str, str]
    excluded: tuple[str, ...]


def read_survey(
    session: Session,
    organization: Organization | None,
    accounts: tuple[Account, ...],
    members: Members,
    wanted: Asked,
) -> Survey:
    """Return what AWS Config holds in these accounts. Raises Refused."""
    aggregator = find_source(session, organization, members, wanted.source)
    put = read_put(session) if organization else Put({}, ())
    notes = list[str]()
    if aggregator:
        source = f"the aggregator {aggregator} in {session.label}, {session.region}"
        held = read_aggregate(
            Aggregate(session, aggregator),
            wanted.now,
            {each.id for each in accounts},
            thorough=wanted.thorough,
        )
        silent = [each for each in accounts if each.id not in held]
        missing = {each.id: NO_RESULTS for each in silent}
        if members.role:
            chosen = [each for each in accounts if each.id in held]
            if not wanted.everywhere:
                chosen = [each for each in chosen if has_finding(held[each.id])]
            held = add_beside(members, chosen, held, notes)
            there = [each for each in silent if each.id not in put.excluded]
            read = partial(read_held, results_alone=not wanted.everywhere)
            inside, missing_inside = read_members(members, there, read)
            held |= inside
            missing = {id: why for id, why in missing.items() if id not in held} | missing_inside
        else:
            notes.append(NO_MFA_READ)
    else:
        source = f"each account's own AWS Config in {session.region}"
        held, missing = read_members(members, accounts, read_held)
    missing |= {each: LEFT_OUT for each in put.excluded if each in missing}
    parameters = put.parameters or next((h.parameters for h in held.values() if h.parameters), {})
    units = {unit.id: unit.path for unit in organization.units} if organization else {}
    findings = [finding for each in held.values() for finding in each.findings]
    tags = read_account_tags(session, {each.account for each in findings}, wanted.production)
    notes += [f"{each}: {held[each.id].note}" for each in accounts if tell_note(held, each)]
    unknown = [each for each in accounts if each.id in held and held[each.id].judged is None]
    if unknown and wanted.everywhere and (members.role or not aggregator):
        notes.append(f"{UNKNOWN_RUN} in {', '.join(map(str, unknown))}.")
    return Survey(
        source=source,
        organization=organization.id if organization else "",
        region=session.region,
        caller=session.caller,
        time=wanted.now,
        accounts=accounts,
        units=units,
        held=held,
        not_read=tuple(
            UnreadAccount(each, missing[each.id]) for each in accounts if each.id in missing
        ),
        stale=find_stale(accounts, held, wanted.now, wanted.stale),
        findings=tuple(complete_findings(findings, accounts, units, held, wanted.production, tags)),
        parameters=parameters,
        notes=tuple(notes),
    )


def read_members(
    members: Members,
    accounts: Iterable[Account],
    read: Callable[[Session], Held],
) -> tuple[dict[str, Held], dict[str, str]]:
    """Return what the accounts themselves hold, and why others could not be read, by id."""
    held, missing = dict[str, Held](), dict[str, str]()
    for id, seen in members.look(accounts, read).items():
        if isinstance(seen, NotSeen):
            missing[id] = seen.why
        else:
            held[id] = seen
    return held, missing


def has_finding(held: Held) -> bool:
    """Is there a finding in an account?"""
    return any(each.state is State.FINDING for each in held.findings)


def tell_note(held: Mapping[str, Held], account: Account) -> bool:
    """Is there something to say of what was not read in an account?"""
    return account.id in held and bool(held[account.id].note)


def find_source(
    session: Session, organization: Organization | None, members: Members, source: str
) -> str:
    """Return the aggregator to read, "" for the members. Raises Refused where neither can be."""
    if organization is None or source == "members":
        return ""
    aggregator = try_read(lambda: find_aggregator(session))
    if not isinstance(aggregator, NotSeen):
        return aggregator
    if source == "aggregator" or not members.role:
        raise Refused(
            f"{session.label}, {session.region}: {aggregator.why}. Make one, run this where it is,"
            " or give --member-role NAME to read the accounts themselves."
        )
    return ""


def read_put(session: Session) -> Put:
    """Return what the organization's pack was put with, as far as this account may see it."""
    answer = try_read(
        lambda: session.config.describe_organization_conformance_packs(
            OrganizationConformancePackNames=[PACK]
        )
    )
    packs = [] if isinstance(answer, NotSeen) else answer["OrganizationConformancePacks"]
    if not packs:
        return Put({}, ())
    given = packs[0].get("ConformancePackInputParameters", [])
    return Put(
        {
            each["ParameterName"]: each["ParameterValue"]
            for each in given
            if each["ParameterName"] != REVISION
        },
        tuple(packs[0].get("ExcludedAccounts", ())),
    )


def add_beside(
    members: Members, accounts: Iterable[Account], held: dict[str, Held], notes: list[str]
) -> dict[str, Held]:
    """Return what is held, and of these accounts what only they know: last run, and MFA."""

    def read(session: Session) -> Held:
        of = held[session.account]
        ids = {each.user_id for each in of.findings if each.state is State.FINDING}
        names = {id: of.people[id].name for id in ids if id in of.people}
        judged, mfa = read_beside(session, of.rule, names)
        people = {id: replace(of.people[id], mfa=mfa[id]) for id in mfa}
        return replace(of, judged=judged, people={**of.people, **people})

    done = dict(held)
    for id, seen in members.look(accounts, read).items():
        if isinstance(seen, NotSeen):
            notes.append(f"{id}: MFA and last run were not read: {seen.why}")
        else:
            done[id] = seen
    return done


def read_account_tags(
    session: Session, accounts: set[str], patterns: Iterable[str]
) -> dict[str, dict[str, str]]:
    """Return the tags of these accounts where a pattern asks for one; a call for each."""
    if all(each.startswith(("unit=", "name=")) for each in patterns):
        return {}
    found = dict[str, dict[str, str]]()
    for account in sorted(accounts):
        pages = session.organizations.get_paginator("list_tags_for_resource").paginate(
            ResourceId=account
        )
        found[account] = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
    return found
