"""Batches as a person or a program reads them: what is meant, what was done, what is seen after."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from rollout.names import name_program
from rollout.output.fault import Fault
from rollout.remediation.batches import CHANGING, Doing, Item, Progress, count_keys
from rule.counted import count
from rule.facts import utc
from rule.repair import PLANNED
from rule.standing import Standing

CHECK = "remediation"
BATCH_COLUMNS = ["#", "ACCOUNT", "USER", "KEY", "WHY FIRST"]


def describe_rows(batch: Sequence[Item], first: int) -> list[list[str]]:
    """Return a batch's rows of the table, one a key."""
    return [
        [
            str(first + at),
            f"{item.account} {item.account_name}",
            item.user,
            key,
            ", ".join(item.reasons) or "-",
        ]
        for at, item in enumerate(batch)
        for key in item.keys or ("-",)
    ]


def ask(batch: Sequence[Progress]) -> str:
    """Return the question before a batch."""
    going = [each for each in batch if not each.failure and not each.objection]
    accounts = len({each.item.account for each in going})
    inactive, deleted = count_keys(batch)
    left = len(batch) - len(going)
    return (
        f"{count(len(going), 'user')} in {count(accounts, 'account')}"
        f"{f', {left} left alone' if left else ''}. Make {count(inactive, 'key')} inactive, delete"
        f" {deleted or 'none'}?"
    )


def summarize(batch: Sequence[Progress]) -> str:
    """Return what a batch came to, in a few words: how its line ends."""
    keys = [(one, key) for one in batch if one.run for key in one.run.keys]
    ends = sorted(end for one, key in keys if (end := find_end(one, key.key)))
    parts = []
    for word, number in Counter(key.done for _, key in keys if key.done != "kept").items():
        until = f" until {ends[0]:%Y-%m-%d}" if word == "quarantined" and ends else ""
        parts.append(f"{number} {word}{until}")
    rest = [each.doing for each in batch if not has_plan(each)]
    parts += [
        f"{rest.count(doing)} {doing.value}"
        for doing in (Doing.LEFT_ALONE, Doing.FAILED)
        if doing in rest
    ]
    return ", ".join(parts) or "nothing to do"


def has_plan(one: Progress) -> bool:
    """Did a dry run say that something would be done?"""
    return one.run is not None and any(each.done in PLANNED for each in one.run.keys)


def find_end(one: Progress, key_id: str) -> datetime | None:
    """Return when the quarantine of a key ends, as the look after has it."""
    for each in one.after.verdict.keys if one.after else ():
        if each.key.id == key_id and each.standing is Standing.IN_QUARANTINE:
            return each.tag.end
    return None


def tell_keys(one: Progress) -> list[str]:
    """Return a line for each key of a user: what was done, until when, or why not."""
    keys = " ".join(one.item.keys)
    if one.before is None or (one.run is None and not one.objection):
        return []
    if one.objection:
        return [f"{one.item} {keys}: left alone: {one.objection}"]
    assert one.run is not None
    if one.run.failure:
        return [f"{one.item} {key}: {done}" for key, done in one.changed.items()]
    if not one.run.keys:
        return [f"{one.item} {keys}: left alone: {one.run.verdict}"]
    lines = []
    for each in one.run.keys:
        end = find_end(one, each.key)
        if end and each.done == "quarantined":
            said = f"quarantined until {utc(end)}"
        elif each.done in CHANGING | PLANNED:
            said = each.done
        else:
            said = f"left alone: {each.why}"
        lines.append(f"{one.item} {each.key}: {said}")
    return lines


def count_looks(batch: Iterable[Progress]) -> str:
    """Return how the users of a batch stand now, counted."""
    said = Counter(one.after.describe(one.item.keys) for one in batch if one.after)
    return ", ".join(f"{number} {word}" for word, number in said.items()) or "nobody"


def tell_failure(one: Progress) -> Fault:
    """Return the fault of an item that failed."""
    if one.lost_sight:
        again = "it goes on in AWS; look again"
        failure = f"run {one.execution} was started and its end not seen, {again}: {one.failure}"
        return Fault(one.item.account, CHECK, f"{one.item}: {failure}")
    return Fault(one.item.account, CHECK, f"{one.item}: {one.failure}")


def tell_worked(worked: Iterable[Progress]) -> list[str]:
    """Return what was changed so far, counted, and how many runs were started and not followed."""
    worked = list(worked)
    done = Counter(word for one in worked for word in one.changed.values())
    told = [f"{count(number, 'key')} {word}" for word, number in done.items()]
    if lost := sum(one.lost_sight for one in worked):
        told.append(f"{count(lost, 'run')} of the runbook started, end not seen")
    return told


def tell_difference(one: Progress) -> Fault:
    """Return the fault of an item that is not as its run has said."""
    where = f"--account {one.item.account} --user {one.item.user}"
    mend = f"{name_program()} restore {where}"
    return Fault(one.item.account, CHECK, f"{one.item}: {one.difference}", mend)


def describe_progress(one: Progress, batch: int) -> dict[str, object]:
    """Return an item as json."""
    return {
        "batch": batch,
        "account": one.item.account,
        "account_name": one.item.account_name,
        "unit": one.item.unit,
        "user": one.item.user,
        "user_id": one.item.user_id,
        "keys": list(one.item.keys),
        "sentence": one.item.sentence,
        "why_first": list(one.item.reasons),
        "result": one.doing.value,
        "left_alone_because": one.objection if one.before else "",
        "failure": one.failure,
        "difference": one.difference,
        "execution": one.execution or None,
        "outcomes": [
            {"key": each.key, "done": each.done, "why": each.why}
            for each in (one.run.keys if one.run else ())
        ],
        "compliance_after": one.after.verdict.compliance if one.after else None,
        "sentence_after": one.after.verdict.annotation if one.after else None,
    }
