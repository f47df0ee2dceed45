"""A change of a pack: asked for as soon as AWS takes it, and followed to its end.

The same in an organization and in one account; what is asked and read is given.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from rollout.aws.session import Session
from rollout.aws.waiting import PROPAGATION, wait
from rollout.errors import Denied
from rollout.names import PACK
from rollout.output.teller import Teller
from rollout.packs.state import PackIs, PackState

if TYPE_CHECKING:
    from types_boto3_config.type_defs import ConformancePackInputParameterTypeDef

QUIET = 600.0
"""Seconds without a change after which a delegated administrator, whose aggregate may never end,
takes what is shown for the end."""


def change(
    session: Session,
    ask: Callable[[], object],
    minutes: float,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Ask for a change as soon as AWS takes it: not while the pack is in progress.

    `check` may raise, before each try: somebody else may have put it during the wait. Right after a
    delegation AWS still refuses, for about two minutes.
    """
    for waited in wait(f"The conformance pack {PACK}, which is in progress,", minutes):
        check()
        try:
            ask()
        except session.config.exceptions.ResourceInUseException:
            continue
        except Denied as denied:
            if not may_pass(denied, waited):
                raise
            continue
        return


def may_pass(denied: Denied, waited: float) -> bool:
    """May AWS have refused only because a delegation is new?"""
    return denied.code == "OrganizationAccessDeniedException" and waited < PROPAGATION


def list_inputs(parameters: Mapping[str, str]) -> "list[ConformancePackInputParameterTypeDef]":
    """Return parameters as AWS Config takes them."""
    return [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]


def follow_change(
    read: Callable[[], PackState],
    label: Callable[[str], str],
    teller: Teller,
    expected: Iterable[str],
    minutes: float,
    *,
    delegated: bool = False,
) -> PackState:
    """Tell what becomes of the pack in each account, until all `expected` have ended.

    Accounts that show nothing are given up when the aggregate has ended and they have not come two
    minutes later; for a delegated administrator, after ten minutes without a change.
    """
    wanted, changed_at, before = set(expected), 0.0, PackState(exists=False)
    with teller.follow("pack") as told:
        for waited in wait(f"The conformance pack {PACK}", minutes):
            state = read()
            done = {key for key in state.accounts if state.has_left(key)}
            told.show(
                {
                    label(key): each.tell()
                    for key, each in state.accounts.items()
                    if key in done and each.state is PackIs.FAILED
                },
                len(done & wanted),
                len(wanted),
            )
            if not state.exists or (wanted <= done and not state.moving):
                return state
            if state != before:
                changed_at, before = waited, state
            quiet = waited - changed_at
            if state.has_ended and not state.moving and quiet >= PROPAGATION:
                return state
            if delegated and state.accounts and not state.moving and quiet >= QUIET:
                return state
    raise AssertionError("wait() ends by raising")
