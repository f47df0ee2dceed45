"""Gets the credential report of a live account: one call for everybody, but up to four hours old.

A report that is not to be had in time, or that cannot be read, is one without rows: its `fault`
says why, and everybody is read live. It never means that there are no users.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from rule.credential_report import parse_readable
from rule.facts import User, whole_seconds

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

FIRST_PAUSE_SECONDS = 0.5
GROWTH = 1.5
LONGEST_PAUSE_SECONDS = 30.0
NEVER = datetime.min.replace(tzinfo=UTC)
IN_PROGRESS = "ReportInProgress"
NOT_THERE = ("ReportNotPresent", "ReportExpired")
NO_ROOM = "LimitExceeded"

draw = random.SystemRandom().uniform
"""Each account draws its pauses by itself: a pack lets hundreds ask in the same minute."""


@dataclass(frozen=True)
class Report:
    """A credential report: the users of its readable rows, root left out, as of `generated`."""

    generated: datetime
    users: tuple[User, ...]
    fault: str = ""


def ask_for_report(iam: "IAMClient") -> Report | None:
    """Return the report that IAM has, or have it generate one and return None.

    To read first costs IAM no work. LimitExceeded says that it has no room for reports just now.
    Raises ClientError for what waiting does not mend.
    """
    try:
        return fetch_report(iam)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in (IN_PROGRESS, *NOT_THERE):
            raise
    if code in NOT_THERE:
        try:
            iam.generate_credential_report()
        except ClientError as error:
            if error.response["Error"]["Code"] != NO_ROOM:
                raise
    return None


def wait_for_report(iam: "IAMClient", seconds: float, sleep: Callable[[float], None]) -> Report:
    """Return the report that IAM was asked for, waiting up to `seconds` for it.

    The pauses grow, and each is drawn anew from the upper half of what it may be.
    """
    waited, longest = 0.0, FIRST_PAUSE_SECONDS
    while (report := ask_for_report(iam)) is None:
        pause = draw(longest / 2, longest)
        if waited + pause > seconds:
            return Report(NEVER, (), f"IAM had no credential report ready after {waited:.0f} s.")
        sleep(pause)
        waited += pause
        longest = min(longest * GROWTH, LONGEST_PAUSE_SECONDS)
    return report


def fetch_report(iam: "IAMClient") -> Report:
    """Return the report that IAM has ready. Raises ClientError where there is none."""
    try:
        answer = iam.get_credential_report()
        return Report(whole_seconds(answer["GeneratedTime"]), parse_readable(answer["Content"]))
    except (KeyError, ResponseParserError, ValueError) as error:
        return Report(NEVER, (), f"The credential report cannot be read ({error!r}).")
