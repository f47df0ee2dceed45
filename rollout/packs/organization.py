"""The organization's conformance pack: put, followed account by account, deleted.

What is unsure (FACTS 1) is here: the aggregate status can stay IN_PROGRESS for a delegated
administrator, and right after a put it may still be about the put before; rows of accounts appear
late and may show the result of an earlier put. So an aggregate is believed only when it is not
older than the pack, a row by its own time, and silence is no end of its own.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rollout.aws.session import Session
from rollout.aws.waiting import PROPAGATION, look_again, pause, wait
from rollout.errors import Denied
from rollout.names import PACK
from rollout.organization.accounts import Organization
from rollout.output.teller import Teller
from rollout.packs.change import change, follow_change, list_inputs, may_pass
from rollout.packs.state import LONG_AGO, AccountPack, AggregateStatus, PackState, read_word
from rollout.packs.template import Pack

if TYPE_CHECKING:
    from types_boto3_config.type_defs import OrganizationConformancePackDetailedStatusTypeDef

SETTLES = timedelta(minutes=30)
"""How long the last put may take to show in every account (FACTS 1: 15 to 30 minutes)."""


def read_pack(session: Session) -> PackState:
    """Return the pack with its accounts: two calls and one a hundred accounts.

    Right after a delegation AWS refuses to look: it is asked again, for about two minutes.
    """
    state = read_description(session)
    return read_progress(session, state) if state.exists else state


def read_description(session: Session) -> PackState:
    """Return the pack as it was put, without its accounts: one call.

    Asked for one name, AWS says that there is none, or shows it: an empty list is neither, and is
    looked at again. Whoever took it for "none" would take back everything that was decided.
    """
    for waited in pause(PROPAGATION):
        try:
            found = read_description_once(session)
            if found is not None or waited >= PROPAGATION:
                return found or PackState(exists=False)
        except Denied as denied:
            if not may_pass(denied, waited):
                raise
    raise AssertionError("the last turn returns or raises")


def read_description_once(session: Session) -> PackState | None:
    """Return what one look finds, None for an empty list."""
    config = session.config
    try:
        described = config.describe_organization_conformance_packs(
            OrganizationConformancePackNames=[PACK]
        )["OrganizationConformancePacks"]
    except config.exceptions.NoSuchOrganizationConformancePackException:
        return PackState(exists=False)
    for pack in described[:1]:
        return PackState(
            exists=True,
            parameters={
                each["ParameterName"]: each["ParameterValue"]
                for each in pack.get("ConformancePackInputParameters", [])
            },
            excluded=tuple(pack.get("ExcludedAccounts", [])),
            put=pack["LastUpdateTime"],
        )
    return None


def read_progress(session: Session, state: PackState) -> PackState:
    """Return the pack with how it stands now, as a whole and in each account.

    What AWS does not show yet is not there: right after a put both may be missing.
    """
    config = session.config
    try:
        statuses = config.describe_organization_conformance_pack_statuses(
            OrganizationConformancePackNames=[PACK]
        )["OrganizationConformancePackStatuses"]
        pages = config.get_paginator("get_organization_conformance_pack_detailed_status").paginate(
            OrganizationConformancePackName=PACK, PaginationConfig={"PageSize": 100}
        )
        accounts = {
            each["AccountId"]: parse_account(each)
            for page in pages
            for each in page["OrganizationConformancePackDetailedStatuses"]
        }
    except config.exceptions.NoSuchOrganizationConformancePackException:
        return replace(state, aggregate=AggregateStatus(), accounts={}, recent=True)
    recent = datetime.now(UTC) - state.put < SETTLES
    found = [
        AggregateStatus(each["Status"], each.get("LastUpdateTime", LONG_AGO)) for each in statuses
    ]
    aggregate = found[0] if found else AggregateStatus()
    return replace(state, aggregate=aggregate, accounts=accounts, recent=recent)


def parse_account(status: "OrganizationConformancePackDetailedStatusTypeDef") -> AccountPack:
    """Return one account's status."""
    word = status["Status"]
    code, message = status.get("ErrorCode"), status.get("ErrorMessage")
    return AccountPack(
        status["AccountId"],
        read_word(word),
        status.get("ConformancePackName", ""),
        ": ".join(filter(None, (code, message))),
        status.get("LastUpdateTime", LONG_AGO),
        word,
    )


def put_pack(
    session: Session,
    pack: Pack,
    excluded: Iterable[str],
    minutes: float,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Put the pack as soon as AWS takes it; `check` may raise before each try."""
    left_out = sorted(excluded)
    change(
        session,
        lambda: session.config.put_organization_conformance_pack(
            OrganizationConformancePackName=PACK,
            TemplateBody=pack.body,
            ConformancePackInputParameters=list_inputs(pack.parameters),
            ExcludedAccounts=left_out,
        ),
        minutes,
        check,
    )


def follow_pack(
    session: Session,
    organization: Organization,
    teller: Teller,
    expected: Iterable[str],
    minutes: float,
) -> PackState:
    """Tell what becomes of the pack in each account, until all `expected` have ended."""
    put = look_again(lambda: read_pack(session), lambda found: found.exists)
    return follow_change(
        lambda: read_progress(session, put),
        lambda key: str(organization.find(key)),
        teller,
        expected,
        minutes,
        delegated=session.account != organization.management,
    )


def delete_pack(session: Session, minutes: float) -> None:
    """Ask AWS to take the pack out of every account."""
    delete = session.config.delete_organization_conformance_pack
    with suppress(session.config.exceptions.NoSuchOrganizationConformancePackException):
        change(session, lambda: delete(OrganizationConformancePackName=PACK), minutes)


def follow_removal(
    session: Session,
    organization: Organization,
    teller: Teller,
    minutes: float,
    before: PackState,
) -> PackState:
    """Tell how the pack leaves each account; return what is left of it.

    An aggregate that is still the one of `before` is about the time before the deletion.
    """
    total = 0
    with teller.follow("pack") as follow:
        for _ in wait(f"The removal of the conformance pack {PACK}", minutes):
            state = read_pack(session)
            holders = state.holders()
            total = max(total, len(holders))
            told = {
                str(organization.find(key)): each.tell()
                for key, each in state.accounts.items()
                if each.word == "DELETE_FAILED"
            }
            follow.show(told, total - len(holders), total)
            failed = state.aggregate.word == "DELETE_FAILED"
            if not state.exists or (failed and state.aggregate != before.aggregate):
                return state
    raise AssertionError("wait() ends by raising")
