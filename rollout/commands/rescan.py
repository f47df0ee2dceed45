"""The verb `rescan`: AWS Config judges everybody anew; what is new, gone and still there."""

import argparse

from rollout.commands.member_options import Place, add_member_options, blame, close, open_accounts
from rollout.commands.member_survey import survey_members
from rollout.commands.options import parse_minutes
from rollout.findings.finding import Finding
from rollout.findings.survey import Survey, compare_findings
from rollout.output.fault import Fault
from rollout.output.story import Story
from rollout.remediation.rescan import Rescan, Rescans
from rule.counted import count
from rule.facts import utc

CHECK = "rescan"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 every account was judged anew, 1 an evaluation failed or has not ended, 2"
        " wrong usage or not allowed, 3 an account was not read (1 with --strict)."
        " Findings are counted, and no fault of this verb."
    )
    parser.add_argument(
        "--minutes",
        type=parse_minutes,
        default=20.0,
        metavar="N",
        help="wait at most this long; a run takes up to 15 minutes (default: 20)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say which evaluations would start")
    add_member_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Start and follow the evaluations; 1 when one failed. Raises Refused."""
    story = Story("rescan", arguments.format)
    place = open_accounts(arguments, arguments.account, arguments.unit, with_units=True)
    before = read(story, place, "held before")
    rescans = Rescans(
        place.members,
        {
            each: Rescan(before.held[each.id].rule)
            for each in place.accounts
            if each.id in before.held
        },
    )
    total = len(rescans.accounts)
    with story.line(f"evaluation in {count(total, 'account')}") as line:
        if arguments.dry_run:
            line.end("would be started")
        else:
            with story.progress("evaluation") as follow:
                rescans.follow(
                    arguments.minutes, lambda failed, done: follow.show(failed, done, total)
                )
            bad = [(each, one) for each, one in rescans.accounts.items() if one.failure]
            line.end(f"{total - len(bad)} of {total} done")
            blame(line, [Fault(each.id, CHECK, f"{each}: {one.failure}") for each, one in bad])
    document: dict[str, object] = {
        "dry_run": arguments.dry_run,
        "evaluations": [
            {"account": each.id, "rule": one.rule, "state": one.state, "failure": one.failure}
            for each, one in rescans.accounts.items()
        ],
    }
    if not arguments.dry_run and total:
        document |= tell_rescan(story, before, read(story, place, "held now"))
    return close(story, place, document)


def read(story: Story, place: Place, what: str) -> Survey:
    """Return what AWS Config holds, and tell how much it is."""
    with story.line(f"findings {what} in {count(len(place.accounts), 'account')}") as line:
        return survey_members(line, place)


def tell_rescan(story: Story, before: Survey, now: Survey) -> dict[str, object]:
    """Tell which findings are new, which are gone, and how many are still there; return as json."""
    since = compare_findings(now, utc(before.time), before.findings)
    with story.line("what has changed") as line:
        line.end(f"{len(since.new)} new, {len(since.gone)} gone, {since.still} still there")
        line.notes += [f"new: {tell_finding(each)}" for each in since.new]
        line.notes += [f"gone: {tell_finding(each)}" for each in since.gone]
    return {
        "new": [each.describe() for each in since.new],
        "gone": [each.describe() for each in since.gone],
        "still": since.still,
    }


def tell_finding(each: Finding) -> str:
    """Return a finding in a few words."""
    return f"{each.place}: {each.user or each.user_id} {each.key}".rstrip()
