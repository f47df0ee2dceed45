"""The credential report as AWS makes it: generated on request, cached for four hours.

Its form is that of a report captured from the real service (2026-09): no final newline, whole
seconds, an Inactive key keeps its date. Everything in it is as of `generated`, so a user created
later is missing and a password removed later is still there.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from emulator.iam.users import AccessKey, User

COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
)
EXTRA_COLUMN = "additional_credentials_info"
"""A 23rd column that some reports carry; append it to `columns`. Unknown columns read N/A."""
_INACTIVE = {
    f"{kind}_active": "false" for kind in ("access_key_1", "access_key_2", "cert_1", "cert_2")
}

CACHED = timedelta(hours=4)


@dataclass
class CredentialReport:
    """The report of one account, and how its generation behaves.

    The first `rounds` calls, of GenerateCredentialReport or of GetCredentialReport, are told that
    it is under way; the next one finds it complete, but not before `delay` has passed.
    """

    account: str
    partition: str = "aws"
    rounds: int = 1
    delay: timedelta = timedelta(0)
    ending: str = "+00:00"
    """How times end: "+00:00" or "Z"."""
    columns: list[str] = field(default_factory=lambda: list(COLUMNS))
    root: dict[str, str] = field(default_factory=dict)
    """Values of the root row that differ from the usual ones, by column."""

    busy: int = 1
    """How many requests for a new report find that AWS has no room for it: LimitExceeded, as many
    accounts meet it that ask in the same minute (FACTS 6). A report that stands costs no room."""
    generated: datetime | None = None
    content: str = ""
    asked: int = 0

    def hurry(self) -> None:
        """Have room at once, and be complete at once."""
        self.rounds = self.busy = 0

    def has_room(self) -> bool:
        """Can a report be begun, or is there one? Counts a request for which there is no room."""
        needed = self.generated is None or self.is_expired()
        if needed and self.busy > 0:
            self.busy -= 1
            return False
        return True

    def generate(self, users: Iterable[User], created: datetime) -> str:
        """Begin a report, or go on with it, and return STARTED, INPROGRESS or COMPLETE."""
        if self.generated is None or self.is_expired():
            self.generated = datetime.now(UTC)
            self.content = self.write(users, created)
            self.asked = 0
        self.asked += 1
        if self.is_ready():
            return "COMPLETE"
        return "STARTED" if self.asked == 1 else "INPROGRESS"

    def refuse_reading(self) -> str | None:
        """Return the code of the error that one GetCredentialReport meets, or None."""
        if self.generated is None:
            return "ReportNotPresent"
        if self.is_expired():
            return "ReportExpired"
        self.asked += 1
        return None if self.is_ready() else "ReportInProgress"

    def is_ready(self) -> bool:
        """Say whether a begun report is complete by now."""
        assert self.generated is not None
        return self.asked > self.rounds and datetime.now(UTC) >= self.generated + self.delay

    def is_expired(self) -> bool:
        """Say whether the report is older than the four hours for which AWS keeps it."""
        return self.generated is not None and datetime.now(UTC) - self.generated >= CACHED

    def write(self, users: Iterable[User], created: datetime) -> str:
        """Return the report of `users` as CSV, root first, then by name."""
        text = io.StringIO()
        rows = csv.DictWriter(
            text, self.columns, restval="N/A", extrasaction="ignore", lineterminator="\n"
        )
        rows.writeheader()
        rows.writerow(self._root_row(created))
        rows.writerows(self._row(user) for user in sorted(users, key=lambda user: user.name))
        return text.getvalue().removesuffix("\n")

    def _root_row(self, created: datetime) -> dict[str, str]:
        row = {
            "user": "<root_account>",
            "arn": f"arn:{self.partition}:iam::{self.account}:root",
            "user_creation_time": self._time(created),
            "password_enabled": "true",
            "password_last_used": "no_information",
            "password_last_changed": self._time(created),
            "mfa_active": "true",
        }
        return _INACTIVE | row | self.root

    def _row(self, user: User) -> dict[str, str]:
        row = _INACTIVE | {
            "user": user.name,
            "arn": user.arn,
            "user_creation_time": self._time(user.create_date),
            "password_enabled": _flag(user.password is not None),
            "password_last_used": "N/A",
            "mfa_active": _flag(bool(user.mfa_devices)),
        }
        if user.password is not None:
            row["password_last_used"] = self._time(user.password_last_used, "no_information")
            row["password_last_changed"] = self._time(user.password_changed)
        for slot, key in place_keys(user).items():
            use = key.last_used
            # What the report says of an Expired key is not known; it is taken for not active (L).
            row[f"access_key_{slot}_active"] = _flag(key.status == "Active")
            row[f"access_key_{slot}_last_rotated"] = self._time(key.create_date)
            if use is not None:
                row[f"access_key_{slot}_last_used_date"] = self._time(use.timestamp)
                row[f"access_key_{slot}_last_used_region"] = use.region
                row[f"access_key_{slot}_last_used_service"] = use.service
        return row

    def _time(self, moment: datetime | None, absent: str = "N/A") -> str:
        return absent if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%S") + self.ending


def place_keys(user: User) -> dict[int, AccessKey]:
    """Return the user's keys by slot.

    AWS's slots follow no order of creation. Keys without a slot of their own are placed by id,
    which is as good as random and the same in every run.
    """
    keys = [key for key in user.access_keys if isinstance(key, AccessKey)]
    placed = {key.slot: key for key in keys if key.slot is not None}
    for key in sorted(keys, key=lambda key: key.access_key_id):
        if key.slot is None:
            placed[1 if 1 not in placed else 2] = key
    return placed


def _flag(value: bool) -> str:
    return str(value).lower()
