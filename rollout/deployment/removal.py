"""Taking the rule away: a deployment's order reversed, so that no rule is without its function."""

from dataclasses import replace

from rollout.aws.waiting import look_again
from rollout.code.bucket import delete_code, name_bucket
from rollout.deployment.estate import Estate
from rollout.deployment.intent import complete_decisions, render
from rollout.deployment.request import Decisions
from rollout.names import PACK, STACK, STACK_SET
from rollout.organization.accounts import Organization
from rollout.output.fault import Fault, Result
from rollout.output.run import Run
from rollout.packs.account import delete_account_pack, read_account_pack
from rollout.packs.organization import delete_pack, follow_removal, put_pack, read_pack
from rollout.packs.state import PackState
from rollout.stacks.operations import Operations
from rollout.stacks.stack import StackBroken, StackIs, delete_stack, read_stack
from rollout.stacks.stack_set import delete_stack_set, read_instances, read_stack_set
from rule.counted import count


class Removal:
    """Removes part after part, and tells each."""

    def __init__(self, estate: Estate, run: Run, minutes: float) -> None:
        self.estate = estate
        self.run = run
        self.minutes = minutes

    def remove_pack(self) -> None:
        """Delete the pack and follow it out of every account."""
        session, organization = self.estate.session, self.estate.organization
        check, title = "pack", f"conformance pack {PACK}"
        with self.run.line(check, title) as line:
            before = (read_pack if organization else read_account_pack)(session)
            if not before.exists:
                line.end(Result(check, title, good="not there"))
                return
            faults: tuple[Fault, ...] = ()
            if organization is None:
                delete_account_pack(session, self.minutes)
            else:
                delete_pack(session, self.minutes)
                left = self._follow(organization, before)
                if left.exists and self._is_held_by_inactive(left):
                    left = self._leave_inactive_out(left)
                faults = tuple(
                    self._fault(check, each.account, f"{each.word}: {each.reason}")
                    for each in left.accounts.values()
                    if organization.find(each.account).active
                )
            self.run.changed("the conformance pack was deleted")
            line.end(Result(check, title, good="deleted", faults=faults))

    def _is_held_by_inactive(self, left: PackState) -> bool:
        """Is the pack kept by accounts alone that are not active any more?"""
        holders = [self.estate.find(each) for each in left.holders()]
        return bool(holders) and not any(each.active for each in holders)

    def _leave_inactive_out(self, left: PackState) -> PackState:
        """Put the pack once more without the accounts that hold it, and delete it again.

        Rests on an old report (FACTS 1): a suspended account kept a rule from being deleted.
        """
        session, organization = self.estate.session, self.estate.organization
        assert organization is not None
        excluded = sorted({*left.excluded, *left.holders()})
        estate = replace(self.estate, pack=left)
        put_pack(
            session, render(estate, complete_decisions(estate, Decisions())), excluded, self.minutes
        )
        # Right after a put nothing is shown, which would read as gone.
        before = look_again(lambda: read_pack(session), lambda found: found.exists)
        delete_pack(session, self.minutes)
        return self._follow(organization, before)

    def _follow(self, organization: Organization, before: PackState) -> PackState:
        return follow_removal(
            self.estate.session, organization, self.run.teller, self.minutes, before
        )

    def remove_stack_set(self) -> None:
        """Delete the stacks of the StackSet, then the StackSet."""
        organization = self.estate.organization
        if organization is None:
            return
        check, title = "stack-set", f"StackSet {STACK_SET} and its stacks"
        with self.run.line(check, title) as line:
            try:
                line.end(self._delete_stack_set(organization, Result(check, title)))
            except self.estate.session.cloudformation.exceptions.StackSetNotFoundException:
                line.end(Result(check, title, good="gone: somebody else removed it meanwhile"))

    def _delete_stack_set(self, organization: Organization, result: Result) -> Result:
        session = self.estate.session
        present = read_stack_set(session, organization)
        if not present.exists:
            return replace(result, good="not there")
        operations = Operations(session, organization, self.run.teller, self.minutes)
        if present.running:
            operations.follow(present.running)
        before = read_instances(session, organization)
        instances = before
        if before:
            operations.delete_instances()
            instances = read_instances(session, organization)
            deleted = len(before) - len(instances)
            self.run.changed(f"{count(deleted, 'stack')} of the StackSet deleted")
        # StackSets skip suspended accounts; their instances go, what is in there stays.
        gone = [key for key, each in instances.items() if each.state is StackIs.SUSPENDED]
        if gone:
            operations.forget_instances(gone)
            names = ", ".join(str(organization.find(each)) for each in gone)
            stays = f"what is in suspended accounts stays there: {names}"
            result = replace(result, notes=(stays,))
            instances = read_instances(session, organization)
        if instances:
            faults = tuple(
                self._fault(result.check, each.account, f"{each.state}: {each.reason}")
                for each in instances.values()
            )
            return replace(result, faults=faults)
        delete_stack_set(session, organization)
        self.run.changed("the StackSet was deleted")
        return replace(result, good="deleted")

    def remove_stack(self) -> None:
        """Delete the ordinary stack of this account."""
        session, here = self.estate.session, self.estate.here
        check, title = "stack", f"stack {STACK} in {here}"
        with self.run.line(check, title) as line:
            result = Result(check, title, good="deleted")
            stack = read_stack(session)
            if not stack.status:
                line.end(replace(result, good="not there"))
                return
            if not stack.ours:
                line.end(replace(result, good="left alone: it is not ours"))
                return
            try:
                delete_stack(session, self.minutes)
            except StackBroken as broken:
                line.end(replace(result, faults=(self._fault(check, here.id, str(broken)),)))
                return
            self.run.changed(f"the stack in {here} was deleted")
            line.end(result)

    def remove_code(self, bucket: str | None) -> None:
        """Delete every version of the code; the bucket stays."""
        name = bucket or name_bucket(self.estate.session)
        check, title = "code", f"code in bucket {name}"
        with self.run.line(check, title) as line:
            deleted = delete_code(self.estate.session, name)
            good = f"{count(deleted, 'version')} deleted" if deleted else "not there"
            line.end(Result(check, title, good=good))
            if deleted:
                self.run.changed(f"the code in {name} was deleted")

    def _fault(self, check: str, account: str, text: str) -> Fault:
        return Fault(account, check, f"{self.estate.find(account)}: {text}")
