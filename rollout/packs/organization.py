"""The organization's conformance pack: put, followed account by account, read back, deleted.

What is unsure (FACTS 1) is here: the aggregate status can stay IN_PROGRESS for a delegated
administrator, so accounts are believed and the aggregate only when it has ended; and an account may
still show the result of an earlier put, so its time is compared with the pack's, both AWS's own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from rollout.aws.session import Session
from rollout.aws.waiting import wait
from rollout.names import PACK
from rollout.organization.accounts import Organization
from rollout.output.progress import Story
from rollout.packs.template import REVISION, Pack

SETTLED_TURNS = 8
"""Turns without any change after which accounts that show nothing are given up: minutes."""
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class AccountPack:
    """The pack in one account: `state` is ok, running or failed."""

    account: str
    state: str
    name: str = ""
    """Of the pack in the member account."""
    reason: str = ""
    updated: datetime = LONG_AGO
    word: str = ""
    """AWS's own status, such as CREATE_SUCCESSFUL."""


@dataclass(frozen=True)
class PackState:
    """The pack as it stands; `exists` is false where there is none."""

    exists: bool
    parameters: Mapping[str, str] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    accounts: Mapping[str, AccountPack] = field(default_factory=dict)
    aggregate: str = ""
    put: datetime = LONG_AGO

    @property
    def ours(self) -> bool:
        """Was it put by this program?"""
        return not self.exists or REVISION in self.parameters

    @property
    def moving(self) -> bool:
        """Is AWS still at work on some account?"""
        return any(each.state == "running" for each in self.accounts.values())

    def differs(self, pack: Pack, excluded: Iterable[str]) -> bool:
        """Would putting `pack` change it?"""
        return not self.exists or (self.parameters, set(self.excluded)) != (
            pack.parameters,
            set(excluded),
        )


def read_pack(session: Session) -> PackState:
    """Return the pack with its accounts: two calls and one a hundred accounts."""
    config = session.config
    try:
        (described,) = config.describe_organization_conformance_packs(
            OrganizationConformancePackNames=[PACK]
        )["OrganizationConformancePacks"]
        return PackState(
            exists=True,
            parameters={
                each["ParameterName"]: each["ParameterValue"]
                for each in described.get("ConformancePackInputParameters", [])
            },
            excluded=tuple(described.get("ExcludedAccounts", [])),
            put=described["LastUpdateTime"],
            aggregate=read_aggregate(session),
            accounts=read_accounts(session),
        )
    except config.exceptions.NoSuchOrganizationConformancePackException:
        return PackState(exists=False)


def read_aggregate(session: Session) -> str:
    """Return the aggregate status."""
    (status,) = session.config.describe_organization_conformance_pack_statuses(
        OrganizationConformancePackNames=[PACK]
    )["OrganizationConformancePackStatuses"]
    return str(status["Status"])


def read_accounts(session: Session) -> dict[str, AccountPack]:
    """Return the pack's accounts by id."""
    pages = session.config.get_paginator(
        "get_organization_conformance_pack_detailed_status"
    ).paginate(OrganizationConformancePackName=PACK, PaginationConfig={"PageSize": 100})
    return {
        each["AccountId"]: parse_account(each)
        for page in pages
        for each in page["OrganizationConformancePackDetailedStatuses"]
    }


def parse_account(status: Mapping[str, Any]) -> AccountPack:
    """Return one account's status."""
    word = status["Status"]
    state = {"SUCCESSFUL": "ok", "FAILED": "failed"}.get(word.rpartition("_")[2], "running")
    code, message = status.get("ErrorCode"), status.get("ErrorMessage")
    return AccountPack(
        status["AccountId"],
        state,
        status.get("ConformancePackName", ""),
        ": ".join(filter(None, (code, message))),
        status.get("LastUpdateTime", LONG_AGO),
        word,
    )


def put_pack(
    session: Session, story: Story, pack: Pack, excluded: Iterable[str], minutes: float
) -> None:
    """Put the pack as soon as AWS takes it: not while it is in progress."""
    config = session.config
    for _ in wait(f"The conformance pack {PACK}, which is in progress,", minutes):
        try:
            config.put_organization_conformance_pack(
                OrganizationConformancePackName=PACK,
                TemplateBody=pack.body,
                ConformancePackInputParameters=[
                    {"ParameterName": name, "ParameterValue": value}
                    for name, value in pack.parameters.items()
                ],
                ExcludedAccounts=sorted(excluded),
            )
        except config.exceptions.ResourceInUseException:
            continue
        return


def follow_pack(
    session: Session,
    organization: Organization,
    story: Story,
    expected: Iterable[str],
    minutes: float,
) -> PackState:
    """Tell what becomes of the pack in each account, until all `expected` have ended.

    Accounts that show nothing at all are given up once nothing has changed for some minutes.
    """
    wanted, quiet, before = set(expected), 0, PackState(exists=False)
    state = read_pack(session)
    with story.progress("packs") as follow:
        for _ in wait(f"The conformance pack {PACK}", minutes):
            state = replace(
                state, aggregate=read_aggregate(session), accounts=read_accounts(session)
            )
            done = {key for key, each in state.accounts.items() if has_ended(state, each)}
            follow.show(
                {
                    str(organization.find(key)): _tell(each)
                    for key, each in state.accounts.items()
                    if key in done or each.state == "running"
                },
                len(done & wanted),
                len(wanted),
            )
            if wanted <= done and not state.moving:
                return state
            quiet = quiet + 1 if state == before and not state.moving else 0
            if quiet >= SETTLED_TURNS:
                return state
            before = state
    raise AssertionError("wait() ends by raising")


def has_ended(state: PackState, account: AccountPack) -> bool:
    """Has the account come to an end since the pack was last put?"""
    ended = state.aggregate.endswith(("_SUCCESSFUL", "_FAILED"))
    return account.state != "running" and (ended or account.updated >= state.put)


def delete_pack(session: Session, minutes: float) -> None:
    """Ask AWS to take the pack out of every account."""
    config = session.config
    for _ in wait(f"The conformance pack {PACK}, which is in progress,", minutes):
        try:
            config.delete_organization_conformance_pack(OrganizationConformancePackName=PACK)
        except config.exceptions.ResourceInUseException:
            continue
        except config.exceptions.NoSuchOrganizationConformancePackException:
            pass
        return


def follow_removal(
    session: Session, organization: Organization, story: Story, minutes: float
) -> PackState:
    """Tell how the pack leaves each account; return what is left of it."""
    total = 0
    with story.progress("packs") as follow:
        for _ in wait(f"The removal of the conformance pack {PACK}", minutes):
            state = read_pack(session)
            total = max(total, len(state.accounts))
            told = {
                str(organization.find(key)): _tell(each)
                for key, each in state.accounts.items()
                if each.word.startswith("DELETE")
            }
            follow.show(told, total - len(state.accounts), total)
            if not state.exists or state.aggregate == "DELETE_FAILED":
                return state
    raise AssertionError("wait() ends by raising")


def _tell(account: AccountPack) -> str:
    words = f"pack {account.word.lower().replace('_', ' ')}"
    return f"{words}: {account.reason}" if account.reason else words
