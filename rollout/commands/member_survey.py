"""What AWS Config holds in the accounts themselves, for the verbs that work in them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rollout.commands.member_options import Place
from rollout.errors import Refused
from rollout.findings.finding import Finding, State
from rollout.findings.reading import Wanted, read_survey
from rollout.findings.survey import Survey
from rollout.output.fault import Unseen, count
from rollout.output.story import Draft
from rollout.remediation.batches import make_items


def survey_members(place: Place, production: Sequence[str] = ()) -> Survey:
    """Return what the rule holds in each account, worst first; the accounts themselves are read."""
    wanted = Wanted(datetime.now(UTC).replace(microsecond=0), "members")
    if production:
        wanted = replace(wanted, production=tuple(production))
    return read_survey(place.session, place.organization, place.accounts, place.members, wanted)


def tell_survey(line: Draft, place: Place, survey: Survey) -> tuple[Finding, ...]:
    """End a line with how many findings stand and who was not read; return the findings."""
    findings = survey.in_state(State.FINDING)
    users = len(make_items(findings))
    line.end(f"{count(len(findings), 'finding')} on {count(users, 'user')}")
    line.notes += survey.notes
    for each in survey.not_read:
        place.not_read[each.account.id] = each.why
        line.unseen.append(Unseen(each.account.id, line.check, each.why))
        line.notes.append(f"{each.account}: not read: {each.why}")
    return findings


def check_production(patterns: Sequence[str]) -> None:
    """Raise Refused for a pattern of another form, before AWS is asked anything."""
    for each in patterns:
        if not all(each.partition("=")):
            raise Refused(f"--production {each}: write WHAT=PATTERN, such as unit=prod*.")
