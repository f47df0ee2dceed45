"""Putting the pack and following it, in an organization or in one account alike."""

from collections.abc import Sequence
from dataclasses import replace

from rollout.deployment.estate import Estate, read_pack_anew
from rollout.errors import Stopped
from rollout.names import PACK
from rollout.organization.accounts import Account
from rollout.output.fault import count
from rollout.output.run import Run
from rollout.packs.account import follow_account_pack, put_account_pack
from rollout.packs.organization import follow_pack, put_pack
from rollout.packs.template import Pack


def put_and_follow(
    estate: Estate,
    pack: Pack,
    excluded: Sequence[str],
    wanted: Sequence[Account],
    run: Run,
    minutes: float,
) -> Estate:
    """Put a pack, follow it in the accounts that are wanted, and return what stands then.

    Raises Stopped where somebody else put it meanwhile.
    """
    if estate.organization is None:
        put_account_pack(estate.session, pack, minutes)
    else:
        put_pack(estate.session, pack, excluded, minutes)
    run.changed(f"the conformance pack ({count(len(wanted), 'account')})")
    estate = follow(estate, wanted, run, minutes)
    check_ours(read_pack_anew(estate), pack)
    return estate


def follow(estate: Estate, wanted: Sequence[Account], run: Run, minutes: float) -> Estate:
    """Return the estate once the pack has come to an end in the accounts that are wanted."""
    session, teller = estate.session, run.teller
    if estate.organization is None:
        return replace(estate, pack=follow_account_pack(session, teller, minutes))
    expected = [each.id for each in wanted]
    state = follow_pack(session, estate.organization, teller, expected, minutes)
    return replace(estate, pack=state)


def check_ours(estate: Estate, pack: Pack) -> None:
    """Raise Stopped where what stands is not what this run put."""
    other = {
        name: value
        for name, value in estate.pack.parameters.items()
        if value != pack.parameters.get(name)
    }
    if other:
        told = ", ".join(f"{name} is {value}" for name, value in sorted(other.items()))
        raise Stopped(
            f"Somebody else put the conformance pack {PACK} meanwhile: {told}. Agree on who"
            " deploys, look with plan, and run deploy again."
        )
