"""What AWS Config holds in the accounts themselves, for the verbs that work in them."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from rollout.commands.member_options import Place
from rollout.errors import Refused
from rollout.findings.finding import State
from rollout.findings.reading import Asked, read_survey
from rollout.findings.survey import Survey
from rollout.organization.accounts import Account
from rollout.output.fault import Unseen
from rollout.output.story import Draft
from rollout.remediation.batches import make_items
from rule.counted import count

SOURCES = ("auto", "aggregator", "members")


def add_source_option(parser: argparse.ArgumentParser) -> None:
    """Add the choice of where to read what AWS Config holds."""
    parser.add_argument(
        "--source",
        choices=SOURCES,
        default="auto",
        help="the organization's aggregator, or each account's own AWS Config through --member-role"
        " (default: the aggregator where this account has one)",
    )


def survey_members(
    line: Draft,
    place: Place,
    source: str = "members",
    production: Sequence[str] = (),
) -> Survey:
    """Return what the rule holds, worst first, and end the line with how much it is.

    Progress is told while accounts are read, and who could not be read. An aggregator follows the
    accounts within minutes; whoever acts judges live.
    """
    if source == "auto" and all(each.id == place.session.account for each in place.accounts):
        source = "members"
    now = datetime.now(UTC).replace(microsecond=0)
    wanted = Asked(now, source, everywhere=source == "members")
    if production:
        wanted = replace(wanted, production=tuple(production))
    survey = read_survey(place.session, place.organization, place.accounts, place.members, wanted)
    findings = survey.in_state(State.FINDING)
    users = len(make_items(findings))
    line.end(f"{count(len(findings), 'finding')} on {count(users, 'user')}")
    line.notes += [f"source: {survey.source}"] if source != "members" else []
    line.notes += survey.notes
    tell_not_read(line, place, {each.account: each.why for each in survey.not_read})
    return survey


def tell_not_read(line: Draft, place: Place, missing: Mapping[Account, str]) -> None:
    """Tell which accounts were not read, and why."""
    for account, why in missing.items():
        place.not_read[account.id] = why
        line.unseen.append(Unseen(account.id, line.check, why))
        line.notes.append(f"{account}: not read: {why}")


def check_production(patterns: Sequence[str]) -> None:
    """Raise Refused for a pattern of another form, before AWS is asked anything."""
    for each in patterns:
        if not all(each.partition("=")):
            raise Refused(f"--production {each}: write WHAT=PATTERN, such as unit=prod*.")
