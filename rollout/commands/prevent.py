"""The verb `prevent`: templates and plans are checked before they make anything.

What cannot be judged never passes: such a file is named, and the exit code is 2, whatever the
others gave.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from guardrails.document import KINDS, check_document
from guardrails.exemption import Exemption, find_expired, read_exemptions
from guardrails.finding import Finding, Foreign, Unreadable
from guardrails.formats.sarif import make_sarif
from rollout.errors import Refused

FORMATS = ("text", "json", "sarif")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 no finding, 1 findings, 2 wrong usage or a file that cannot be judged."
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a template in YAML or JSON, or a plan made by terraform show -json; - is standard"
        " input",
    )
    parser.add_argument("--format", choices=FORMATS, default="text", help="(default: text)")
    parser.add_argument(
        "--kind",
        choices=KINDS,
        help="check files of this kind and pass over what is neither a template nor a plan,"
        " or of the other kind (default: both kinds, and anything else is an error)",
    )
    parser.add_argument(
        "--exemptions",
        metavar="FILE",
        help="accept the keys in this TOML file, by resource address, each with owner, reason and"
        " expiry date; for plans (a template has its own Metadata for this)",
    )
    parser.add_argument(
        "--now",
        metavar="DATE",
        type=parse_day,
        help="judge expiry dates as of this day, such as 2026-12-31 (default: today, UTC)",
    )


def parse_day(text: str) -> date:
    """Return the day; raise argparse's error for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'"{text}" is no date such as 2026-12-31') from error


def run(arguments: argparse.Namespace) -> int:
    """Return 2 when a file could not be judged, else 1 for findings, else 0. Raises Refused."""
    exemptions = load_exemptions(arguments.exemptions)
    findings: list[Finding] = []
    unreadable: dict[str, str] = {}
    for file in dict.fromkeys(arguments.files):
        name = "<stdin>" if file == "-" else file
        try:
            findings += check_document(read(file), name, arguments.kind)
        except Foreign as foreign:
            if arguments.kind is None:
                unreadable[name] = str(foreign)
        except Unreadable as error:
            unreadable[name] = str(error)
    today = arguments.now or datetime.now(UTC).date()
    findings = exempt(findings, exemptions, today)
    findings += find_expired(exemptions, arguments.exemptions, today)
    write(findings, unreadable, arguments.format)
    for name, reason in unreadable.items():
        print(f"{name}: {reason}.", file=sys.stderr)
    return 2 if unreadable else int(bool(findings))


def read(file: str) -> bytes:
    """Return the content of a file, or of standard input; raise Unreadable."""
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except IsADirectoryError as error:
        raise Unreadable("it is a folder; name the files in it") from error
    except (OSError, ValueError) as error:
        raise Unreadable(getattr(error, "strerror", None) or str(error)) from error


def load_exemptions(file: str | None) -> list[Exemption]:
    """Return the entries of the exemption file. Raises Refused."""
    try:
        return read_exemptions(read(file)) if file else []
    except Unreadable as error:
        raise Refused(f"{file}: {error}.") from error


def exempt(findings: list[Finding], exemptions: list[Exemption], today: date) -> list[Finding]:
    """Return the findings that nobody has accepted; say on stderr which were, and by whom."""
    valid = {entry.address: entry for entry in exemptions if entry.expires >= today}
    left = []
    for finding in findings:
        entry = valid.get(finding.key)
        # The logical id of a template's key has no dot, so no entry can name it.
        if entry is None or "." not in finding.key:
            left.append(finding)
            continue
        print(
            f"{finding.file}:{finding.line}: {finding.key} is accepted by {entry.owner} until"
            f" {entry.expires}: {entry.reason}",
            file=sys.stderr,
        )
    return left


def write(findings: Sequence[Finding], unreadable: dict[str, str], form: str) -> None:
    """Print the findings in the format asked for."""
    if form == "json":
        print(json.dumps([finding._asdict() for finding in findings], indent=2))
    elif form == "sarif":
        print(json.dumps(make_sarif(findings, unreadable), indent=2))
    else:
        for finding in findings:
            print(f"{finding.file}:{finding.line}: {finding.message}")
        print(f"{len(findings)} finding{'s' * (len(findings) != 1)}.")
