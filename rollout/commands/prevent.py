"""The verb `prevent`: templates, plans and Terraform source are checked before they make anything.

What cannot be judged never passes: such a file is named, and the exit code is 2, whatever the
others gave.
"""

import argparse
import difflib
import importlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from guardrails.content import read_content
from guardrails.document import DOCUMENT_KINDS
from guardrails.entries import Unusable
from guardrails.exemption import Exemption, exempt, find_expired, read_exemptions
from guardrails.formats import FORMATS
from guardrails.formats.printable import make_printable
from guardrails.judgement import PLAN, Unreadable
from guardrails.scan import Scan, scan
from rollout.commands.output_options import add_format_option
from rollout.commands.times import read_day
from rollout.errors import Refused
from rule.counted import count

_TOLD_EVERY = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 no finding, 1 findings, 2 wrong usage or a file that cannot be judged."
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a template in YAML or JSON, a plan made by terraform show -json, Terraform source"
        " (.tf, .tofu), or a folder: everything in it that git does not ignore; - is standard"
        " input",
    )
    add_format_option(parser, FORMATS)
    parser.add_argument(
        "--kind",
        choices=DOCUMENT_KINDS,
        help="check files of this kind and pass over what is neither a template nor a plan,"
        " or of the other kind (default: both kinds, and any other file that is named is an error)",
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out files that match this pattern, written as in .gitignore (repeatable)",
    )
    parser.add_argument(
        "--exemptions",
        metavar="FILE",
        help="accept the keys in this TOML file, by resource address, each with owner, reason and"
        " expiry date; for plans (a template has its own Metadata for this, source its comments)",
    )
    parser.add_argument(
        "--now",
        metavar="DATE",
        type=read_day,
        help="judge expiry dates as of this day, such as 2026-12-31 (default: today, UTC)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Return 2 when a file could not be judged, else 1 for findings, else 0. Raises Refused."""
    exemptions = load_exemptions(arguments.exemptions)
    today = arguments.now or datetime.now(UTC).date()
    result = scan(arguments.files, arguments.kind, arguments.exclude, today, tell_progress)
    exempt(result, exemptions, today)
    result.findings += find_expired(exemptions, arguments.exemptions, today)
    writer = importlib.import_module(f"guardrails.formats.{arguments.format}")
    print(getattr(writer, f"write_{arguments.format}")(result))
    unknown = find_unknown(exemptions, result, arguments.exemptions)
    for line in (*tell_scan(result), *unknown):
        print(make_printable(line), file=sys.stderr)
    return 2 if result.unreadable or unknown else int(bool(result.findings))


def tell_progress(done: int) -> None:
    """Say on stderr how far it is: a number that moves on a terminal, few lines in a pipe."""
    if sys.stderr.isatty():
        print(f"\r{count(done, 'file')} ...\r" if done % 50 == 0 else "", end="", file=sys.stderr)
    elif done % _TOLD_EVERY == 0:
        print(f"{count(done, 'file')} ...", file=sys.stderr)


def tell_scan(result: Scan) -> list[str]:
    """Return what belongs on stderr: what was accepted, could not be seen or not be judged."""
    accepted = [
        f"{finding.file}:{finding.line}: {finding.key} is accepted by {acceptance.owner} until"
        f" {acceptance.until}: {acceptance.reason}"
        for finding, acceptance in result.accepted
    ]
    notes = [f"{note.file}:{note.line}: not seen: {note.text}." for note in result.notes]
    return accepted + notes + [f"{name}: {why}." for name, why in result.unreadable.items()]


def find_unknown(exemptions: Sequence[Exemption], result: Scan, file: str | None) -> list[str]:
    """Return an error for each exemption of an address that no plan judged here has."""
    if not result.judged[PLAN]:
        return []
    errors = []
    for entry in exemptions:
        if entry.address not in result.addresses:
            near = difflib.get_close_matches(entry.address, sorted(result.addresses), n=1)
            hint = f" Is it {near[0]}?" if near else " Correct the address, or remove the entry."
            errors.append(f"{file}:{entry.line}: no plan here has {entry.address}.{hint}")
    return errors


def load_exemptions(file: str | None) -> list[Exemption]:
    """Return the entries of the exemption file. Raises Refused."""
    try:
        return read_exemptions(file, read_content(file)) if file else []
    except Unreadable as error:
        raise Refused(make_printable(f"{file}: {error}.")) from error
    except Unusable as error:
        lines = str(error).splitlines()
        raise Refused("\n".join(map(make_printable, lines))) from error
