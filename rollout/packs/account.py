"""The ordinary conformance pack of one account, for --account-only."""

from collections.abc import Callable
from contextlib import suppress

from rollout.aws.session import Session
from rollout.aws.waiting import look_again, wait
from rollout.names import PACK
from rollout.output.teller import Teller
from rollout.packs.change import change, follow_change, list_inputs
from rollout.packs.state import LONG_AGO, AccountPack, AggregateStatus, PackIs, PackState, read_word
from rollout.packs.template import Pack


def read_account_pack(session: Session) -> PackState:
    """Return the pack of this account in the shape of an organization's pack.

    An empty list is no "there is none", as for an organization's pack.
    """
    found = look_again(lambda: read_account_pack_once(session), lambda each: each is not None)
    return found or PackState(exists=False)


def read_account_pack_once(session: Session) -> PackState | None:
    """Return what one look finds, None for an empty list.

    A status that is older than the latest request is about the one before: still running.
    """
    config = session.config
    try:
        described = config.describe_conformance_packs(ConformancePackNames=[PACK])[
            "ConformancePackDetails"
        ]
        statuses = config.describe_conformance_pack_status(ConformancePackNames=[PACK])[
            "ConformancePackStatusDetails"
        ]
    except config.exceptions.NoSuchConformancePackException:
        return PackState(exists=False)
    if not described:
        return None
    put = described[0].get("LastUpdateRequestedTime", LONG_AGO)
    word, reason, updated = "", "", LONG_AGO
    for status in statuses[:1]:
        word = status["ConformancePackState"]
        reason = status.get("ConformancePackStatusReason", "")
        requested = status.get("LastUpdateRequestedTime", put)
        # Only a success is a completion (botocore's service model).
        updated = max(status.get("LastUpdateCompletedTime", requested), requested)
        if requested < put and read_word(word) is not PackIs.RUNNING:
            word = "UPDATE_IN_PROGRESS"
    row = AccountPack(
        session.account, read_word(word or "CREATE_IN_PROGRESS"), PACK, reason, updated, word
    )
    return PackState(
        exists=True,
        parameters={
            each["ParameterName"]: each["ParameterValue"]
            for each in described[0].get("ConformancePackInputParameters", [])
        },
        accounts={session.account: row},
        aggregate=AggregateStatus(word, updated),
        put=put,
    )


def put_account_pack(
    session: Session, pack: Pack, minutes: float, check: Callable[[], None] = lambda: None
) -> None:
    """Put the pack in this account as soon as AWS takes it; `check` may raise before each try."""
    change(
        session,
        lambda: session.config.put_conformance_pack(
            ConformancePackName=PACK,
            TemplateBody=pack.body,
            ConformancePackInputParameters=list_inputs(pack.parameters),
        ),
        minutes,
        check,
    )


def follow_account_pack(session: Session, teller: Teller, minutes: float) -> PackState:
    """Wait until the pack of this account has come to an end."""
    look_again(lambda: read_account_pack(session), lambda found: found.exists)
    return follow_change(
        lambda: read_account_pack(session),
        lambda _: session.label,
        teller,
        [session.account],
        minutes,
    )


def delete_account_pack(session: Session, minutes: float) -> None:
    """Delete the pack of this account and wait until it is gone."""
    delete = session.config.delete_conformance_pack
    with suppress(session.config.exceptions.NoSuchConformancePackException):
        change(session, lambda: delete(ConformancePackName=PACK), minutes)
        for _ in wait(f"The conformance pack {PACK}", minutes):
            if not read_account_pack(session).exists:
                return
