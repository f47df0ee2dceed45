"""The verb `evidence`: a folder that an auditor keeps, and its check later."""

import argparse
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from guardrails.formats.printable import make_printable
from rollout.code.bucket import build_code
from rollout.commands.report import add_survey_options, survey_accounts
from rollout.errors import NOT_SEEN, Refused
from rollout.findings.evidence import verify_evidence, write_evidence
from rollout.output.report import tell_end
from rollout.version import describe_version


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of this verb."""
    parser.epilog = (
        "Exit code: 0 written, or as it was written; 1 with --verify, something is missing or has"
        " changed; 2 wrong usage or not allowed to look; 3 written, but an account"
        " was not read or not judged lately (1 with --strict)."
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="a folder that is not there yet")
    parser.add_argument(
        "--verify", action="store_true", help="check a folder that was written before; no AWS"
    )
    parser.add_argument(
        "--manifest-sha256",
        metavar="HASH",
        help="with --verify: what was printed when the folder was written, kept elsewhere",
    )
    add_survey_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Return 0, 1 for what has changed, 3 where something was not read. Raises Refused."""
    if arguments.verify:
        return verify(arguments.folder, arguments.manifest_sha256)
    if arguments.manifest_sha256:
        raise Refused("--manifest-sha256 goes with --verify.")
    survey = survey_accounts(arguments, datetime.now(UTC).replace(microsecond=0))
    code = hashlib.sha256(build_code().read_bytes()).hexdigest()
    sha256 = write_evidence(arguments.folder, survey, describe_version(), code)
    print(f"{arguments.folder}: {next(tell_end(survey))}")
    for title, missing in (("not read", survey.not_read), ("stale", survey.stale)):
        for each in missing:
            print(f"{title}: {each.account}: {each.why}")
    for note in survey.notes:
        print(note)
    print(f"manifest.json has the sha256 {sha256}. Keep it elsewhere, for --manifest-sha256.")
    return NOT_SEEN if survey.not_read or survey.stale else 0


def verify(folder: Path, expected: str | None) -> int:
    """Say what is wrong with a folder of evidence; return 1 where something is."""
    checked = verify_evidence(folder)
    faults = list(checked.faults)
    if expected and expected.strip().lower() != checked.sha256:
        faults.append(f"manifest.json is another: its sha256 is {checked.sha256}, was {expected}")
    for each in faults:
        print(make_printable(f"{folder}: {each}"))
    if faults:
        return 1
    manifest = checked.manifest
    written = f"as it was written at {manifest.get('made')} by {manifest.get('caller')}."
    print(make_printable(f"{folder}: {written} manifest.json has the sha256 {checked.sha256}."))
    return 0
