"""The verb `letters`: one text for each owner of a finding, into a folder; nothing is sent."""

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rollout.aws.session import NotSeen, Session
from rollout.commands.member_options import Place, add_member_options, close, open_accounts
from rollout.commands.member_survey import add_source_option, survey_members
from rollout.commands.times import read_day
from rollout.errors import Refused
from rollout.findings.survey import Survey
from rollout.output.fault import Unseen
from rollout.output.story import Story
from rollout.remediation.letters import LETTER_STATES, Letter, write_letters
from rollout.remediation.tagged_users import read_tagged_users
from rule.counted import count

DAYS = 14
"""From today to the day on which findings are worked off, unless --by names another."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 the letters are written, 2 wrong usage or not allowed, 3 an account was not"
        " read (1 with --strict)."
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="a new or an empty folder")
    parser.add_argument(
        "--owner-tag",
        default="Owner",
        metavar="KEY",
        help="the tag that names a user's owner; without it the user is (default: Owner)",
    )
    parser.add_argument(
        "--by",
        type=read_day,
        metavar="DATE",
        help=f"the day from which findings are worked off (default: {DAYS} days from today)",
    )
    parser.add_argument("--dry-run", action="store_true", help="say whom letters would be for")
    add_source_option(parser)
    add_member_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the letters. Raises Refused for a folder that holds something."""
    folder: Path = arguments.folder
    check_folder(folder)
    story = Story("letters", arguments.format)
    place = open_accounts(arguments, arguments.account, arguments.unit, with_units=True)
    with story.line(f"what AWS Config holds in {count(len(place.accounts), 'account')}") as line:
        survey = survey_members(line, place, arguments.source)
    owners = read_owners(story, place, survey, arguments.owner_tag)
    by = arguments.by or datetime.now(UTC).date() + timedelta(days=DAYS)
    letters = write_letters(survey.findings, owners, by)
    with story.line(f"letters in {folder}") as line:
        if not arguments.dry_run and letters:
            save_letters(folder, letters)
            story.changed(f"{count(len(letters), 'letter')} in {folder}")
        line.end(f"{len(letters)} {'would be ' if arguments.dry_run else ''}written")
        line.notes += [f"{each.file}: {each.owner}" for each in letters]
    told = [{"owner": each.owner, "file": each.file} for each in letters]
    return close(story, place, {"folder": str(folder), "by": by.isoformat(), "letters": told})


def check_folder(folder: Path) -> None:
    """Raise Refused where the folder is none or holds something already."""
    try:
        if folder.exists() and any(folder.iterdir()):
            raise Refused(f"{folder}: it holds something already; name a new or an empty folder.")
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}.") from error


def save_letters(folder: Path, letters: list[Letter]) -> None:
    """Write the files; only their owner may read them."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for each in letters:
            file = folder / each.file
            file.touch(mode=0o600)
            file.write_text(each.text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{error.filename}: {error.strerror}.") from error


def read_owners(story: Story, place: Place, survey: Survey, tag: str) -> dict[tuple[str, str], str]:
    """Return who owns the users of the findings, by account and id, as their tags say."""
    where = {each.account for each in survey.findings if each.state in LETTER_STATES}
    accounts = [each for each in place.accounts if each.id in where]

    def read(session: Session) -> dict[str, str]:
        return {
            user.who.id: " ".join(user.tags.get(tag, "").split())
            for user in read_tagged_users(session).values()
        }

    owners = dict[tuple[str, str], str]()
    with story.line(f"owners by the tag {tag} in {count(len(accounts), 'account')}") as line:
        for id, seen in place.members.look(accounts, read).items():
            if isinstance(seen, NotSeen):
                line.unseen.append(Unseen(id, line.check, seen.why))
                line.notes.append(f"{id}: tags not read, so by user: {seen.why}")
            else:
                owners |= {(id, user): owner for user, owner in seen.items()}
    return owners
