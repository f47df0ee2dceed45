"""One deployment as it goes: code, stacks, pack, and what has become of each account.

Everything is compared with what stands before it is changed; what is read anew replaces the facts.
"""

from collections.abc import Sequence
from dataclasses import replace

from rollout.aws.session import NotSeen
from rollout.code.bucket import complete_bucket, upload_code
from rollout.deployment.plan import KEEP, UPDATE, compute_stack_set
from rollout.deployment.preflight import Facts
from rollout.deployment.smoke_test import run_smoke_test
from rollout.deployment.state import (
    FUNCTION_IS_MISSING,
    check_instances,
    check_packs,
    shout,
    state_of,
)
from rollout.names import FUNCTION, PACK, STACK, STACK_SET
from rollout.organization.accounts import Account, Organization, read_organization
from rollout.organization.members import tell_unseen
from rollout.organization.targets import Targets, choose_targets
from rollout.output.progress import Fault, Story
from rollout.packs.account import follow_account_pack, put_account_pack
from rollout.packs.organization import PackState, follow_pack, put_pack
from rollout.stacks.operations import Operations
from rollout.stacks.stack import Stack, StackBroken, put_stack, read_stack
from rollout.stacks.stack_set import (
    StackSet,
    create_stack_set,
    read_instances,
    read_stack_set,
)
from rule.parameters import VERDICT_PARAMETERS


class Deployment:
    """Brings about what the facts mean; `facts` is kept up to date."""

    def __init__(self, facts: Facts, story: Story, minutes: float) -> None:
        self.facts = facts
        self.story = story
        self.minutes = minutes
        self.tested: dict[str, str | NotSeen] = {}
        self.stack_error = ""

    def put_code(self) -> None:
        """Bring bucket, code, StackSet and the ordinary stack up to date."""
        self.put_package()
        if self.facts.organization and self.facts.targets and self.facts.targets.members:
            self.put_stack_set(self.facts.organization, self.facts.targets)
        if self.facts.stacked_here:
            self.put_stack()

    def put_package(self) -> None:
        """Make or complete the bucket and upload the code."""
        facts = self.facts
        organization_id = facts.organization.id if facts.organization else ""
        if not facts.bucket.exists or facts.bucket.lacks:
            with self.story.line(f"bucket {facts.bucket.name}") as line:
                complete_bucket(facts.session, facts.bucket, organization_id)
                line.end("completed" if facts.bucket.exists else "made")
                self.story.changed("the bucket")
        with self.story.line(f"code {facts.code.name}") as line:
            if facts.code_there:
                line.end("unchanged")
                return
            upload_code(facts.session, facts.bucket.name, facts.code)
            line.end("uploaded")
            self.story.changed("the code")

    def put_stack_set(self, organization: Organization, targets: Targets) -> None:
        """Create or update the StackSet, and its stacks wherever they are missing or failed."""
        facts, session = self.facts, self.facts.session
        wanted = targets.members
        operations = Operations(session, organization, self.story, self.minutes)
        with self.story.line(f"StackSet {STACK_SET} in {len(wanted)} accounts") as line:
            result = "unchanged"
            if facts.stack_set.running:
                operations.follow(facts.stack_set.running)
                self._know(stack_set=read_stack_set(session, organization))
            change = compute_stack_set(self.facts)
            if not self.facts.stack_set.exists:
                create_stack_set(session, organization, facts.template, facts.stack_parameters)
                result = "created"
            elif change == UPDATE:
                operations.update(self.facts.stack_set, facts.template, facts.stack_parameters)
                result = "updated"
            if change != KEEP:
                self.story.changed("the StackSet")
            instances = dict(self.facts.stack_set.instances)
            if change == UPDATE:
                instances = read_instances(session, organization)
            missing = [each for each in wanted if each.id not in instances]
            broken = [each for each in wanted if state_of(instances.get(each.id)) != "current"]
            if missing:
                operations.create_instances(targets.units, targets.left_out)
            elif broken and change == KEEP:
                operations.update_instances(targets.units, [each.id for each in broken])
            if missing or (broken and change == KEEP):
                self.story.changed(f"stacks of {len(missing or broken)} accounts")
                result = "created" if missing else "tried again"
                instances = read_instances(session, organization)
            line.end(result)
            line.find(check_instances(wanted, instances))
            self._know(
                stack_set=StackSet(
                    True, True, facts.template, facts.stack_parameters, True, instances
                )
            )

    def put_stack(self) -> None:
        """Create or update the ordinary stack of this account."""
        facts = self.facts
        with self.story.line(f"stack {STACK} in {facts.here}") as line:
            try:
                changed = put_stack(
                    facts.session, facts.stack, facts.template, facts.stack_parameters, self.minutes
                )
            except StackBroken as broken:
                self.stack_error = str(broken)
                line.find([Fault(f"{facts.here}: {broken}")])
                self._know(stack=read_stack(facts.session))
                return
            line.end("unchanged")
            if changed:
                line.end("updated" if facts.stack.status else "created")
                self.story.changed(f"the stack in {facts.here}")
                self._know(stack=Stack("UPDATE_COMPLETE", "", facts.template, {}))

    def put_pack(self, *, excluded: Sequence[str] | None = None, name: str = "") -> None:
        """Put the pack where it differs or has failed somewhere, and follow it."""
        facts = self.facts
        wanted = list(facts.accounts)
        if excluded is not None:
            wanted = [each for each in wanted if each.id not in excluded]
        told = name or f"conformance pack {PACK} in {len(wanted)} accounts"
        with self.story.line(told) as line:
            state = facts.pack_state
            if state.moving:
                state = self._follow(wanted)
            left_out = facts.excluded if excluded is None else excluded
            differs = state.differs(facts.pack, left_out)
            bad = [each for each in wanted if state_of(state.accounts.get(each.id)) != "ok"]
            line.end("unchanged")
            if differs or bad:
                self._put(left_out)
                self.story.changed(f"the conformance pack ({len(wanted)} accounts)")
                state = self._follow(wanted)
                line.end("updated" if facts.pack_state.exists else "created")
            self._know(pack_state=state)
            line.find(check_packs(wanted, state))

    def catch_up(self) -> None:
        """Put the pack once more where it came before the function: accounts that just joined."""
        organization = self.facts.organization
        if organization is None:
            return
        shown = self.facts.pack_state.accounts.keys() | self.facts.stack_set.instances.keys()
        known = {each.id for each in organization.accounts}
        joined = sorted(shown - known)
        if joined:
            self._read_newcomers(organization)
        late = [each for each in self.facts.accounts if self._came_too_early(each)]
        if not late and not joined:
            return
        self._retract(late)
        if self.facts.targets and joined:
            assert self.facts.organization is not None
            self.put_stack_set(self.facts.organization, self.facts.targets)
        names = ", ".join(map(str, late)) or "accounts that joined"
        self.put_pack(name=f"conformance pack once more, for {names}")

    def test_functions(self) -> None:
        """Invoke the function in every account that can be reached."""
        facts = self.facts
        names = {each.name for each in VERDICT_PARAMETERS} | {"ReportUnchanged"}
        parameters = {name: value for name, value in facts.pack.parameters.items() if name in names}
        able = [each for each in facts.accounts if self.stack_state(each) == "current"]
        with self.story.line(f"smoke test of {FUNCTION} in {len(able)} accounts") as line:
            self.tested = dict(
                facts.members.look(able, lambda session: run_smoke_test(session, parameters))
            )
            tell_unseen(line, able, self.tested)
            line.find(
                [
                    Fault(f"{each}: the function fails: {error}")
                    for each in able
                    if (error := self.tested[each.id]) and isinstance(error, str)
                ]
            )

    def tell_accounts(self) -> list[dict[str, str]]:
        """Tell the table of all accounts, those that are not fine last, and return it."""
        rows = [self._describe(each) for each in self.facts.accounts]
        rows.sort(key=lambda row: (row["fine"] == "no", row["account"]))
        self.story.say()
        self.story.table(
            ["ACCOUNT", "NAME", "STACK", "PACK", "SMOKE TEST"],
            [[row[key] for key in ("account", "name", "stack", "pack", "test")] for row in rows],
        )
        self.story.say()
        fine = sum(row["fine"] == "yes" for row in rows)
        self.story.say(f"{fine} of {len(rows)} accounts are fine.")
        return rows

    def stack_state(self, account: Account) -> str:
        """Return how the stack stands in an account; "" for no stack."""
        if account == self.facts.here and self.facts.stacked_here:
            return "failed" if self.stack_error else self.facts.stack.state
        return state_of(self.facts.stack_set.instances.get(account.id))

    def _describe(self, account: Account) -> dict[str, str]:
        stack, pack = self.stack_state(account), self.facts.pack_state.accounts.get(account.id)
        test = self.tested.get(account.id, NotSeen(""))
        passed = isinstance(test, NotSeen) or test == ""
        fine = stack == "current" and state_of(pack) == "ok" and passed
        return {
            "account": account.id,
            "name": account.name,
            "stack": shout(stack, "current"),
            "pack": shout(state_of(pack), "ok"),
            "test": "not seen" if isinstance(test, NotSeen) else "FAILED" if test else "ok",
            "fine": "yes" if fine else "no",
        }

    def _came_too_early(self, account: Account) -> bool:
        pack = self.facts.pack_state.accounts.get(account.id)
        if state_of(pack) != "failed" or pack is None:
            return False
        said = any(word in pack.reason.lower() for word in FUNCTION_IS_MISSING)
        return said and self.stack_state(account) in ("current", "")

    def _retract(self, late: list[Account]) -> None:
        """Take back the faults that are about to be dealt with once more."""
        names = tuple(str(each) for each in late)
        for line in self.story.lines:
            line.faults = [each for each in line.faults if not each.text.startswith(names)]

    def _read_newcomers(self, organization: Organization) -> None:
        facts, targets = self.facts, self.facts.targets
        assert targets is not None
        again = read_organization(facts.session, with_units=bool(organization.units))
        left_out = [each for each in (*targets.left_out,) if each]
        management_out = targets.management is None and facts.here.id != organization.management
        if management_out or organization.management in targets.excluded:
            left_out.append(organization.management)
        units = () if targets.units == (organization.root,) else targets.units
        chosen = choose_targets(again, facts.session.account, left_out, units)
        self._know(organization=again, targets=chosen)

    def _put(self, excluded: Sequence[str]) -> None:
        facts = self.facts
        if facts.organization is None:
            put_account_pack(facts.session, facts.pack, self.minutes)
        else:
            put_pack(facts.session, self.story, facts.pack, excluded, self.minutes)

    def _follow(self, wanted: Sequence[Account]) -> PackState:
        facts = self.facts
        if facts.organization is None:
            return follow_account_pack(facts.session, self.story, self.minutes)
        expected = [each.id for each in wanted]
        return follow_pack(facts.session, facts.organization, self.story, expected, self.minutes)

    def _know(self, **news: object) -> None:
        self.facts = replace(self.facts, **news)  # type: ignore[arg-type]
