"""Judges every user of an account, for the schedule and for the desk.

The credential report is a prefilter: a row decides only what no live read could change for the
worse within its age, and never against a result that is younger than the report. Everybody else is
read live. Whatever is not known of a user leaves that user's result as it is, and is told.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rule.counted import count_of
from rule.decision import NON_COMPLIANT, Verdict, judge
from rule.facts import Identity, User
from rule.parameters import Policy
from rule.people import find_moved, look_up_names, read_people
from rule.quarantine import is_quarantine_tag
from rule.readers import RESERVED_SECONDS, Clock, Judged, Reading, Suspect, read_suspects
from rule.report_request import NEVER, ask_for_report, wait_for_report
from rule.results import Stored

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

REPORT_SECONDS = 300.0
SECONDS_A_USER = 3.0
"""What a user takes at one call a second. Where that might be too long, results are read before,
too, and those users come first whose results are oldest."""
NAMED = 5
"""Of how many users who could not be read an error gives the names."""


class OutOfTime(Exception):
    """The time allowed was over before every user was read."""


class UsersNotRead(Exception):
    """Some users could not be read; what is known of the others was put."""


@dataclass(frozen=True)
class AccountVerdicts:
    """Every user's verdict by name, the ids of all who exist (who vanished meanwhile is in).

    `shortfall` is what to raise once the verdicts are put, where somebody's is not known;
    `report_fault` is why the credential report decided nothing.
    """

    judged: tuple[Judged, ...]
    ids: frozenset[str]
    stored: Mapping[str, Stored]
    shortfall: Exception | None
    report_fault: str = ""


def judge_account(
    iam: "IAMClient",
    policy: Policy,
    clock: Clock,
    read_stored: Callable[[], Mapping[str, Stored]] = dict,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> AccountVerdicts:
    """Return the verdict on every user of the account; `read_stored` gives results by user id.

    `on_progress` gets how many of how many users were read live. Raises ClientError for a read of
    the account as a whole that failed.
    """
    report = ask_for_report(iam)
    people, cut_short = read_people(iam)
    if report is None:
        left = clock.seconds_left() - RESERVED_SECONDS
        report = wait_for_report(iam, min(REPORT_SECONDS, left), clock.sleep)
    rows = {user.name: user for user in report.users}
    more, not_looked_up = look_up_names(iam, people, rows, clock)
    people |= more
    judged = dict[str, Judged]()
    suspects = list[Suspect]()
    for who, tags in people.values():
        row = rows.get(who.name)
        verdict = decide_from_row(row, who, tags, policy, clock.now())
        if row is None or verdict is None:
            suspects.append(Suspect(who, tags))
        else:
            judged[who.id] = Judged(replace(row, id=who.id, arn=who.arn), verdict, live=False)
    if len(suspects) * SECONDS_A_USER > clock.seconds_left() - RESERVED_SECONDS:
        suspects = sort_oldest_first(suspects, read_stored())
    readings = [not_looked_up]

    def read_anew(chosen: list[Suspect]) -> None:
        if chosen:
            readings.append(read_suspects(iam, chosen, policy, clock, on_progress))
            for each in chosen:
                judged.pop(each.who.id, None)
            judged.update(readings[-1].judged)

    read_anew(suspects)
    # Read after the live reading: a result of a change event in between must not be overruled.
    stored = read_stored()
    read_anew(
        [
            Suspect(*people[each])
            for each, known in judged.items()
            if contradicts(known, stored.get(each), report.generated)
        ]
    )
    read_anew(find_moved(iam, people, judged))
    return AccountVerdicts(
        tuple(sorted(judged.values(), key=lambda each: each.user.name)),
        frozenset(people),
        stored,
        find_shortfall(readings) or cut_short,
        report.fault,
    )


def sort_oldest_first(suspects: Iterable[Suspect], stored: Mapping[str, Stored]) -> list[Suspect]:
    """Return the users in the order of their results' age, those without a result first."""
    return sorted(
        suspects,
        key=lambda each: stored[each.who.id].recorded if each.who.id in stored else NEVER,
    )


def find_shortfall(readings: list[Reading]) -> Exception | None:
    """Return what to raise where not every user was read, None where all were."""
    asked, unread = (sum(getattr(each, what) for each in readings) for what in ("asked", "unread"))
    failed = {name: error for each in readings for name, error in each.failed.items()}
    if unread:
        return OutOfTime(
            f"{count_of(asked - unread, asked, 'user')} were read live in the time allowed. Their"
            " results were put; the others keep theirs and come first in the next run. Evaluate the"
            " rule again; if that does not help, look for throttling of IAM in this account."
        )
    if failed:
        named = ", ".join(sorted(failed)[:NAMED]) + (" and more" if len(failed) > NAMED else "")
        error = failed[min(failed)]
        return UsersNotRead(
            f"{count_of(len(failed), asked, 'user')} could not be read live: {named}. They keep the"
            " results they have; those of the others were put. Evaluate the rule again. The first"
            f" error: {type(error).__name__}: {error}"
        )
    return None


def decide_from_row(
    row: User | None, who: Identity, tags: Mapping[str, str], policy: Policy, now: datetime
) -> Verdict | None:
    """Return the verdict that the user's row decides, None where it has to be read live.

    The time of a key in a row may be that of its last change, so a key counts as in question
    whatever that time is.
    """
    if row is None or row.created != who.created:
        return None
    if row.has_password:
        if any(map(is_quarantine_tag, tags)):
            return None
        for key in row.keys:
            if key.status == "Active" and (key.last_used is None or policy.criterion == "SETUP"):
                return None
    return judge(row, policy, now)


def contradicts(known: Judged, stored: Stored | None, generated: datetime) -> bool:
    """Would the verdict replace a result younger than what it stands on, or a row's a finding?"""
    if stored is None:
        return False
    if stored.compliance == NON_COMPLIANT and not known.live:
        return True
    same = (stored.compliance, stored.annotation) == (
        known.verdict.compliance,
        known.verdict.annotation,
    )
    return not same and stored.recorded >= (known.begun or generated)
