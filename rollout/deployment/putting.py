"""Putting the pack and following it, in an organization or in one account alike."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rollout.aws.waiting import look_again
from rollout.deployment.estate import Estate, read_pack_anew
from rollout.errors import Stopped
from rollout.names import PACK
from rollout.organization.accounts import Account
from rollout.output.run import Run
from rollout.packs.account import follow_account_pack, put_account_pack, read_account_pack
from rollout.packs.organization import follow_pack, put_pack, read_description
from rollout.packs.state import PackState
from rollout.packs.template import Pack
from rule.counted import count

AGREE = "Agree on who deploys, look with plan, and run deploy again."


def put_and_follow(
    estate: Estate,
    pack: Pack,
    excluded: Sequence[str],
    wanted: Sequence[Account],
    run: Run,
    minutes: float,
    before: PackState,
) -> Estate:
    """Put a pack, follow it in the accounts that are wanted, and return what stands then.

    Raises Stopped where somebody else put another than `before`, or puts one meanwhile.
    """

    def check() -> None:
        check_pack_unchanged(estate, before, pack, excluded)

    if estate.organization is None:
        put_account_pack(estate.session, pack, minutes, check)
    else:
        put_pack(estate.session, pack, excluded, minutes, check)
    run.changed(f"the conformance pack ({count(len(wanted), 'account')})")
    estate = follow_put(estate, wanted, run, minutes)
    check_same(estate, read_pack_anew(estate).pack, pack.parameters, excluded)
    return estate


def follow_put(estate: Estate, wanted: Sequence[Account], run: Run, minutes: float) -> Estate:
    """Return the estate once the pack has come to an end in the accounts that are wanted."""
    session, teller = estate.session, run.teller
    if estate.organization is None:
        return replace(estate, pack=follow_account_pack(session, teller, minutes))
    expected = [each.id for each in wanted]
    state = follow_pack(session, estate.organization, teller, expected, minutes)
    return replace(estate, pack=state)


def check_pack_unchanged(
    estate: Estate, before: PackState, pack: Pack, excluded: Sequence[str]
) -> None:
    """Raise Stopped where another pack stands than `before`, over which `pack` was made.

    Putting it all the same would take back what somebody else has just decided. That `pack` itself
    stands is no such thing: a run that was killed may have put it a moment ago.
    """

    def is_shown(found: PackState) -> bool:
        return found.exists or not before.exists

    read = read_description if estate.organization else read_account_pack
    now = look_again(lambda: read(estate.session), is_shown)
    if before.exists and not now.exists:
        raise Stopped(f"Somebody else removed the conformance pack {PACK} meanwhile. {AGREE}")
    if not now.exists or not now.differs(pack, excluded if estate.organization else ()):
        return
    check_same(estate, now, before.parameters, before.excluded)


def check_same(
    estate: Estate, now: PackState, parameters: Mapping[str, str], excluded: Sequence[str]
) -> None:
    """Raise Stopped, saying what is different, where a pack stands that is not this one."""
    if not now.exists:
        return
    changed = [
        f"{name} is {value}"
        for name, value in sorted(now.parameters.items())
        if value != parameters.get(name)
    ]
    if estate.organization and set(now.excluded) != set(excluded):
        names = ", ".join(str(estate.find(each)) for each in now.excluded) or "nobody"
        changed.append(f"left out is {names}")
    if changed:
        told = ", ".join(changed)
        raise Stopped(f"Somebody else put the conformance pack {PACK} meanwhile: {told}. {AGREE}")
