"""Runs the steps of a plan, one after another, and reads anew what each of them changed.

Every step leaves a result; a later result of the same part replaces it. What was not changed and is
not fine is told as well.
"""

from collections.abc import Sequence
from dataclasses import replace

from rollout.aws.session import NotSeen
from rollout.code.bucket import complete_bucket, upload_code
from rollout.deployment.estate import Estate, read_members_anew
from rollout.deployment.intent import Intent, make_intent
from rollout.deployment.plan import DONE, Change, Part, Plan, Step, make_plan
from rollout.deployment.putting import follow_put, put_and_follow
from rollout.deployment.reservation import describe_limit, reserve
from rollout.deployment.runbook_version import promote_runbooks
from rollout.deployment.smoke_test import run_smoke_tests
from rollout.deployment.state import came_too_early, judge_packs, judge_stacks
from rollout.deployment.unchanged import tell_unchanged
from rollout.organization.accounts import Account
from rollout.organization.members import list_unseen
from rollout.output.fault import Fault, Result
from rollout.output.run import Run
from rollout.packs.state import PackIs
from rollout.packs.template import Pack
from rollout.stacks.leftovers import tell_leftover
from rollout.stacks.operations import Operations
from rollout.stacks.stack import StackBroken, StackIs, follow_stack, put_stack, read_stack
from rollout.stacks.stack_set import create_stack_set, read_instances, read_stack_set
from rule.counted import count

NOT_IN_CANARY = (Part.STACKS, Part.STACK, Part.RESERVATION)


class Executor:
    """Brings about what is meant; `estate` is kept up to date."""

    def __init__(
        self, estate: Estate, intent: Intent, run: Run, minutes: float, percent: int = 10
    ) -> None:
        self.estate = estate
        self.intent = intent
        self.run = run
        self.minutes = minutes
        self.percent = percent
        self.steps: list[Step] = []
        """What was done, in order."""
        self.renewed: set[str] = set()
        """Accounts whose stack was put in this run."""
        self.tested: dict[str, str | NotSeen] = {}
        self.current_before = self._find_current()
        self.agreed = estate.pack
        """The pack that the intent was made over; who puts another meanwhile is not overruled."""

    def execute(self, plan: Plan) -> None:
        """Run a plan; where something runs already, wait for it and plan anew."""
        while waits := [each for each in plan.steps if each.change is Change.WAIT]:
            for step in waits:
                self.do(step)
            plan = make_plan(self.estate, self.intent)
        for step in plan.steps:
            self.do(step)
        tell_unchanged(self.run, self.estate, self.intent)

    def execute_code(self, plan: Plan, canary: Sequence[str] = ()) -> None:
        """Run what goes before a canary's pack: everything but the pack.

        With a canary the StackSet is updated in these accounts alone, and nothing else is.
        """
        for step in plan.steps:
            if step.part is Part.PACK or (canary and step.part in NOT_IN_CANARY):
                continue
            narrowed = canary and step.part is Part.STACK_SET and step.change is Change.UPDATE
            self.do(replace(step, accounts=tuple(canary)) if narrowed else step)

    def catch_up(self) -> None:
        """Do once more what only now can succeed.

        That is for accounts that joined meanwhile, and for those in which the pack failed and the
        stack has become current in this run, or whose reason says that the function was missing.
        """
        known = {each.id for each in self.intent.targets.accounts}
        shown = self.estate.pack.accounts.keys() | self.estate.stack_set.instances.keys()
        organization = self.estate.organization
        members = {each.id for each in organization.accounts} if organization else known
        joined = shown - members
        if joined:
            self.estate = read_members_anew(self.estate)
            self.intent = make_intent(self.estate, self.intent.decisions, self.intent.code)
            joined = {each.id for each in self.intent.targets.accounts} - known
        current = self._find_current()
        renewed = (current - self.current_before) | self.renewed
        late = any(
            each.id in current and (each.id in renewed or came_too_early(self.estate, each))
            for each in self.intent.targets.accounts
            if self.estate.pack.find(each.id) is PackIs.FAILED
        )
        if not joined and not late:
            return
        for step in make_plan(self.estate, self.intent).steps:
            self.do(replace(step, what=f"{step.what}, once more"))
        tell_unchanged(self.run, self.estate, self.intent)

    def do(self, step: Step) -> None:
        """Run one step, tell it, and keep its result."""
        act = {
            Part.BUCKET: self._put_bucket,
            Part.CODE: self._put_code,
            Part.STACK_SET: self._put_stack_set,
            Part.STACKS: self._put_stacks,
            Part.STACK: self._put_stack,
            Part.RESERVATION: self._put_reservation,
            Part.PACK: self._put_pack,
        }[step.part]
        where = f" in {count(len(step.accounts), 'account')}" if len(step.accounts) > 1 else ""
        title = f"{step.what}{where}"
        with self.run.line(step.part, title) as line:
            line.end(act(step, Result(step.part, title, good=DONE[step.change])))
        self.steps.append(step)

    def test_functions(self, accounts: Sequence[Account] | None = None) -> None:
        """Invoke the function, and look after the runbook, wherever an account can be reached.

        Where nothing was changed, the function is invoked only if AWS Config has no run of the
        rule on record that went well.
        """
        chosen = self.intent.targets.accounts if accounts is None else accounts
        able = [each for each in chosen if each.id in self._find_current()]
        promote_runbooks(self.run, self.estate.members, able)
        changed = {each for step in self.steps for each in step.accounts}
        self.tested |= run_smoke_tests(
            self.run, self.estate.members, able, self.intent.pack.parameters, changed
        )

    def put_pack(self, pack: Pack, excluded: Sequence[str], wanted: Sequence[Account]) -> None:
        """Put a pack and follow it in the accounts that are wanted. Raises Stopped."""
        self.estate = put_and_follow(
            self.estate, pack, excluded, wanted, self.run, self.minutes, self.agreed
        )
        self.agreed = self.estate.pack

    def _put_bucket(self, step: Step, result: Result) -> Result:
        estate, bucket = self.estate, self.estate.bucket
        place = estate.organization.id if estate.organization else ""
        complete_bucket(estate.session, bucket, place)
        self.run.changed("the bucket")
        self.estate = replace(estate, bucket=replace(bucket, exists=True, lacks=()))
        return result

    def _put_code(self, step: Step, result: Result) -> Result:
        version = upload_code(self.estate.session, self.intent.bucket, self.intent.code)
        self.run.changed("the code")
        self.estate = replace(self.estate, code_version=version)
        self.intent = make_intent(self.estate, self.intent.decisions, self.intent.code)
        return result

    def _put_stack_set(self, step: Step, result: Result) -> Result:
        session, organization, intent = self.estate.session, self.estate.organization, self.intent
        assert organization is not None
        operations = self._operations()
        if step.change is Change.WAIT:
            operations.follow(self.estate.stack_set.running)
        elif step.change is Change.CREATE:
            create_stack_set(session, organization, intent.template, intent.stack_parameters)
        else:
            some = set(step.accounts) != set(self.estate.stack_set.instances)
            operations.update(
                self.estate.stack_set,
                intent.template,
                intent.stack_parameters,
                step.accounts if some else (),
            )
        if step.change is not Change.WAIT:
            self.run.changed("the StackSet")
            self.renewed |= set(step.accounts)
        self.estate = replace(self.estate, stack_set=read_stack_set(session, organization))
        if step.change is not Change.UPDATE:
            return result
        standing = [each for each in self.intent.targets.members if each.id in step.accounts]
        return replace(result, faults=judge_stacks(step.part, self.estate, standing))

    def _put_stacks(self, step: Step, result: Result) -> Result:
        organization, targets = self.estate.organization, self.intent.targets
        assert organization is not None
        if step.change is Change.CREATE:
            self._operations().create_instances(targets.units, targets.left_out)
        else:
            # What never got the release gets it in waves; what failed is tried by itself.
            instances = self.estate.stack_set.instances
            waiting = (StackIs.OUTDATED, StackIs.CANCELLED)
            release = any(instances[each].state in waiting for each in step.accounts)
            operations = self._operations()
            operations.update_instances(targets.units, step.accounts, in_waves=release)
        self.run.changed(f"stacks of {count(len(step.accounts), 'account')}")
        self.renewed |= set(step.accounts)
        instances = read_instances(self.estate.session, organization)
        present = replace(self.estate.stack_set, instances=instances)
        self.estate = replace(self.estate, stack_set=present)
        return replace(result, faults=judge_stacks(step.part, self.estate, targets.members))

    def _put_stack(self, step: Step, result: Result) -> Result:
        estate, intent = self.estate, self.intent
        if step.change is Change.WAIT:
            self.estate = replace(estate, stack=follow_stack(estate.session, self.minutes))
            return result
        try:
            changed = put_stack(
                estate.session,
                estate.stack,
                intent.template,
                intent.stack_parameters,
                self.minutes,
            )
        except StackBroken as broken:
            self.estate = replace(estate, stack=read_stack(estate.session))
            told, mend = tell_leftover(str(broken))
            fault = Fault(estate.here.id, step.part, f"{estate.here}: {broken}{told}", mend)
            return replace(result, faults=(fault,))
        if changed:
            self.run.changed(f"the stack in {estate.here}")
            self.renewed.add(estate.here.id)
        self.estate = replace(estate, stack=read_stack(estate.session))
        return replace(result, faults=judge_stacks(step.part, self.estate, [estate.here]))

    def _put_reservation(self, step: Step, result: Result) -> Result:
        estate, wanted = self.estate, self.intent.reserved
        assert wanted is not None
        accounts = [estate.find(each) for each in step.accounts]
        seen = estate.members.look(accounts, lambda session: reserve(session, wanted))
        self.run.changed(f"{describe_limit(wanted)} in {count(len(accounts), 'account')}")
        self.estate = replace(estate, reservations={**estate.reservations, **seen})
        return list_unseen(result, accounts, seen)

    def _put_pack(self, step: Step, result: Result) -> Result:
        wanted = self.intent.targets.accounts
        if step.change is Change.WAIT:
            self.estate = follow_put(self.estate, wanted, self.run, self.minutes)
            return result
        self.put_pack(self.intent.pack, self.intent.targets.excluded, wanted)
        return replace(result, faults=judge_packs(step.part, self.estate, wanted))

    def _operations(self) -> Operations:
        estate, teller = self.estate, self.run.teller
        assert estate.organization is not None
        return Operations(estate.session, estate.organization, teller, self.minutes, self.percent)

    def _find_current(self) -> set[str]:
        fine, wanted = (StackIs.CURRENT, StackIs.NOT_SEEN), self.intent.targets.accounts
        return {each.id for each in wanted if self.estate.stack_in(each) in fine}
