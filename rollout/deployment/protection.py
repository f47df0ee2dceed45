"""Whether the service control policies that protect tags and rule stand above each account; pure.

Policies count for what they deny: merged, split, reordered or in other words than guardrails/scp/.
Who is exempt by name or pattern is not judged, nor what an allow list leaves out.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rollout.deployment.attempts import (
    ATTEMPT_WORDS,
    CONFIG,
    RULE,
    TAGS,
    Address,
    list_attempts,
    read_actions,
    write_own_tags,
)
from rollout.organization.accounts import Account
from rollout.organization.control_policies import ControlPolicy, Policies
from rollout.organization.denials import Answer, judge_attempt
from rollout.output.fault import Fault, Unseen
from rule.counted import count

MEANT = {TAGS: "writing its tags", RULE: "changing the rule", CONFIG: "changing AWS Config"}
"""By file, what it keeps everybody but the named roles from."""
FEW = 5
"""Accounts that a sentence names."""


@dataclass
class Protection:
    """What the policies above one account leave open, by file and in words, with the actions."""

    gaps: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    unclear: dict[str, str] = field(default_factory=dict)
    """By file, why it cannot be told whether what it denies is denied."""
    muzzled: bool = False
    """Whether the remediation function itself may not write its tags."""

    @property
    def stands(self) -> bool:
        """Is all denied that the two files deny that belong together?"""
        return not self.muzzled and not {TAGS, RULE} & (self.gaps.keys() | self.unclear.keys())


def judge_protection(policies: Sequence[ControlPolicy], place: Address) -> Protection:
    """Return what these policies leave open in one account."""
    found = Protection()
    for file in (TAGS, RULE, CONFIG):
        for sid, action, attempts in list_attempts(file, place):
            answers = [judge_attempt(policies, each) for each in attempts]
            worst, why = min(answers, key=lambda each: each[0])
            if worst is Answer.OPEN:
                gaps = found.gaps.setdefault(file, {}).setdefault(ATTEMPT_WORDS[sid], [])
                gaps += [] if action in gaps else [action]
            elif worst is Answer.UNCLEAR:
                found.unclear.setdefault(file, why)
    found.muzzled = any(
        judge_attempt(policies, each)[0] is Answer.DENIED for each in write_own_tags(place)
    )
    return found


@dataclass
class Judge:
    """Judges what reaches each account; the same policies once, unless they name the account."""

    partition: str
    region: str
    _known: dict[tuple[object, ...], Protection] = field(default_factory=dict)

    def judge(self, policies: Policies, account_id: str) -> Protection:
        """Return what these policies leave open in an account."""
        named = any(account_id in each.content for each in policies)
        key = (*(each.id for each in policies), account_id if named else "")
        if key not in self._known:
            place = Address(self.partition, self.region, account_id)
            self._known[key] = judge_protection(policies, place)
        return self._known[key]

    def suffice(self, policies: Policies, account_ids: Collection[str]) -> bool:
        """Do these policies deny in each account all that has to be denied?"""
        return all(self.judge(policies, each).stands for each in account_ids)


def find_unprotected(
    check: str, accounts: Sequence[Account], found: Mapping[str, Protection]
) -> tuple[list[Fault], list[Unseen], list[str]]:
    """Return a fault for accounts that lack the same, what is unclear, and what is worth a note."""
    faults, hidden, notes = list[Fault](), list[Unseen](), list[str]()
    for file in (TAGS, RULE, CONFIG):
        alike: dict[str, list[Account]] = {}
        for account in accounts:
            protection = found[account.id]
            if gaps := protection.gaps.get(file):
                alike.setdefault(name_gaps(file, gaps), []).append(account)
            elif file in protection.unclear and file != CONFIG:
                hidden.append(Unseen(account.id, check, protection.unclear[file]))
        for lacking, where in alike.items():
            text = f"{name_accounts(where, accounts)}: no policy keeps others from {lacking}"
            if file == CONFIG:
                notes.append(f"{text}; guardrails/scp/{file} would (docs/scp.md)")
                continue
            text += f"; attach guardrails/scp/{file} above (docs/scp.md)"
            faults.append(Fault(where[0].id if len(where) == 1 else "", check, text))
    return faults, hidden, notes


def find_muzzled(
    check: str, accounts: Sequence[Account], found: Mapping[str, Protection]
) -> list[Fault]:
    """Return a fault for the accounts where the remediation function may not write its own tags."""
    muzzled = [each for each in accounts if found[each.id].muzzled]
    if not muzzled:
        return []
    text = (
        f"{name_accounts(muzzled, accounts)}: a service control policy keeps the remediation"
        " function from its own tags. Exempt its role, as guardrails/scp/exception-tags.json does."
    )
    return [Fault(muzzled[0].id if len(muzzled) == 1 else "", check, text)]


def name_accounts(some: Sequence[Account], every: Sequence[Account]) -> str:
    """Return accounts by name where they are few, else their number."""
    if len(some) == len(every) > 1:
        return f"all {count(len(some), 'account')}"
    if len(some) <= FEW:
        return ", ".join(map(str, some))
    return f"{count(len(some), 'account')}, {some[0]} the first"


def name_gaps(file: str, gaps: Mapping[str, Sequence[str]]) -> str:
    """Return what is left open in words, with some of the actions where it is not everything."""
    if sum(map(len, gaps.values())) == len(read_actions(file)):
        return MEANT[file]
    told = []
    for words, actions in gaps.items():
        more = f" and {len(actions) - 1} more" if len(actions) > 1 else ""
        told.append(f"{words} ({actions[0]}{more})")
    return ", ".join(told)
