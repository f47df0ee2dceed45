"""The canary: the pack in a few accounts first, and what AWS made of it compared point by point.

A pack is kept to some accounts by leaving all others out, and leaving an account out of a pack that
it has takes the pack away, with the rule's results. So a canary of the pack is for the first
roll-out; meanwhile the pack says itself who is left out for good.
"""

from rollout.aws.session import NotSeen, Session
from rollout.aws.waiting import look_again
from rollout.deployment.estate import Estate
from rollout.deployment.executor import Executor
from rollout.deployment.first_result import await_first_results, judge_first_results
from rollout.deployment.intent import Intent, render, tell_exclusions
from rollout.deployment.state import judge_packs
from rollout.errors import NotThere, Refused
from rollout.names import PACK, RULE
from rollout.organization.accounts import Account
from rollout.organization.targets import MAX_EXCLUDED
from rollout.output.fault import Fault, Result
from rollout.packs.meant import mean_rule
from rollout.packs.readback import DeployedRule, compare_rule, is_as_meant, read_pack_rule
from rollout.packs.template import Pack
from rule.counted import count

CHECK = "canary"


def check_canary(estate: Estate, intent: Intent, canary: tuple[str, ...]) -> None:
    """Raise Refused where a canary cannot be tried, or would take the rule away elsewhere."""
    if estate.organization is None:
        raise Refused("--canary goes without --account-only: that is one account already.")
    wanted = {each.id for each in intent.targets.accounts}
    if unknown := sorted(set(canary) - wanted):
        raise Refused(f"--canary {' '.join(unknown)}: not among the accounts to have the rule.")
    rest = len(estate.organization.accounts) - len(canary)
    if rest > MAX_EXCLUDED:
        many = count(rest, "account")
        raise Refused(f"--canary would leave out {many}; a pack can leave out {MAX_EXCLUDED:,}.")
    if is_release(estate, intent):
        check_view(estate, canary)
        return
    if elsewhere := sorted(estate.pack.holders() - set(canary)):
        names = ", ".join(str(estate.find(each)) for each in elsewhere[:3])
        raise Refused(
            f"The pack stands in {count(len(elsewhere), 'other account')} already ({names}"
            f"{', ...' if len(elsewhere) > 3 else ''}): trying it in a canary alone would take it,"
            " and its results, out of them. An organization's pack has no canary of an update; the"
            " code of a new release has one. Deploy without --canary."
        )
    check_view(estate, canary)


def is_release(estate: Estate, intent: Intent) -> bool:
    """Does new code go to a standing deployment? Then the canary is one of the code."""
    present = estate.stack_set
    differs = present.exists and present.differs(intent.template, intent.stack_parameters)
    return differs and estate.pack.exists


def check_view(estate: Estate, canary: tuple[str, ...]) -> None:
    """Raise Refused where nobody can look into the canary."""
    blind = [each for each in canary if each != estate.session.account]
    if blind and not estate.members.role:
        raise Refused(f"--canary needs --member-role to look into {estate.find(blind[0])}.")


def try_release(executor: Executor, canary: tuple[str, ...]) -> bool:
    """Test the function in the canary, which alone has the new code."""
    chosen = [each for each in executor.intent.targets.accounts if each.id in canary]
    executor.test_functions(chosen)
    faults = [each for each in executor.run.faults if each.account in canary]
    if faults:
        executor.run.teller.say(
            "The new code does not do in the canary; the other accounts keep what they have. Mend"
            " it, or deploy the older release to go back."
        )
    return not faults


def try_canary(executor: Executor, canary: tuple[str, ...]) -> bool:
    """Put the pack into the canary alone and compare; return whether all is as it was meant."""
    estate, intent = executor.estate, executor.intent
    assert estate.organization is not None
    others = [each.id for each in estate.organization.accounts if each.id not in canary]
    chosen = [each for each in intent.targets.accounts if each.id in canary]
    executor.test_functions(chosen)
    if any(each.check == "smoke-test" for each in executor.run.faults):
        return False
    pack = render(estate, intent.decisions, canary_of=tell_exclusions(intent.decisions))
    title = f"conformance pack {PACK} in the canary: {', '.join(map(str, chosen))}"
    with executor.run.line(CHECK, title) as line:
        executor.put_pack(pack, others, chosen)
        faults = judge_packs(CHECK, executor.estate, chosen)
        line.end(Result(CHECK, title, good="created", faults=faults))
    if faults:
        executor.run.teller.say(
            "The canary did not get the pack. If AWS could not find the function, deploy with"
            " --function-by export."
        )
        return False
    compared = [compare_canary(executor, each, pack) for each in chosen]
    if not all(compared):
        executor.run.teller.say(
            "AWS made something else of the pack than was meant. Nothing was put elsewhere. For the"
            " rule's source there is --function-by export."
        )
        return False
    return has_run(executor, chosen)


def has_run(executor: Executor, chosen: list[Account]) -> bool:
    """Wait for the rule's first result in the canary, and tell what came of it."""
    check, title = f"{CHECK}-run", f"first run of {RULE} in the canary"
    packs = {each.id: executor.estate.pack.accounts[each.id].name for each in chosen}
    with executor.run.line(check, title) as line:
        found = await_first_results(executor.estate.members, chosen, packs, executor.minutes)
        faults = judge_first_results(check, chosen, found)
        line.end(Result(check, title, good="seen", bad="NOT SEEN", faults=faults))
    if faults:
        executor.run.teller.say("The rule has not run in the canary. Nothing was put elsewhere.")
    return not faults


def compare_canary(executor: Executor, account: Account, pack: Pack) -> bool:
    """Tell point by point what AWS made of the pack in an account."""
    estate = executor.estate
    name = estate.pack.accounts[account.id].name
    check, title = f"{CHECK}-{account.id}", f"read back in {account}"
    with executor.run.line(check, title) as line:
        seen = estate.members.look([account], lambda session: look_for_rule(session, name))
        found = seen[account.id]
        if isinstance(found, NotSeen):
            fault = Fault(account.id, check, f"{account}: not seen: {found.why}")
            line.end(Result(check, title, faults=(fault,)))
            return False
    fine = True
    for number, point in enumerate(
        compare_rule(
            found, mean_rule(pack, account.id, estate.session.partition, estate.session.region)
        )
    ):
        check, title = f"{CHECK}-{account.id}-{number}", f"    {point[0]}"
        with executor.run.line(check, title) as line:
            text = f"{account}: meant {point[1]}, found {point[2]}"
            wrong = () if is_as_meant(point) else (Fault(account.id, check, text),)
            line.end(Result(check, title, good="as meant", bad="DIFFERENT", faults=wrong))
            fine = fine and not wrong
    return fine


def look_for_rule(session: Session, pack: str) -> DeployedRule:
    """Return the rule, looking again while AWS does not show it yet. Raises NotThere."""

    def read() -> DeployedRule | NotThere:
        try:
            return read_pack_rule(session, pack)
        except NotThere as missing:
            return missing

    found = look_again(read, lambda each: not isinstance(each, NotThere))
    if isinstance(found, NotThere):
        raise found
    return found
