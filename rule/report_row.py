"""One row of the IAM credential report, read into the facts of one user.

What cannot be read is an error that names line and column.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from rule.facts import Key, User
from rule.sentences import clip

ROOT_USER = "<root_account>"
NONE = frozenset({"N/A", "no_information", "not_supported"})
SLOTS = ("1", "2")
REPORT_COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    *(
        f"access_key_{slot}_{what}"
        for slot in SLOTS
        for what in ("active", "last_rotated", "last_used_date")
    ),
)
MORE_KEYS = "additional_credentials_info"
LAST_YEAR = 9000
"""No grace or quarantine that begins before it ends after the last date that there is."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)", re.ASCII)
USER_NAME = re.compile(r"[\w+=,.@-]{1,128}")
A_TIME = "a time like 2026-01-31T12:00:00Z"


class ReportUnreadable(ValueError):
    """The credential report is not what IAM writes; the text names line and column."""


@dataclass(frozen=True)
class Row:
    """One row of the report by column; `line` is where it ends in the file."""

    line: int
    fields: dict[str, str]

    @property
    def account(self) -> str:
        """The number of the account, out of the ARN; "" where that is none."""
        found = re.match(r"arn:[\w-]+:iam::([0-9]{12}):", self.fields["arn"], re.ASCII)
        return found[1] if found else ""

    @property
    def more_keys(self) -> str:
        """What the report says of access keys that the row does not show; "" for none."""
        said = self.fields.get(MORE_KEYS, "").strip()
        return clip(re.sub(r"[^ -~]", "?", said), 80) if said and said not in NONE else ""

    def fault(self, column: str, wanted: str) -> ReportUnreadable:
        """Return the error to raise for the field in this column."""
        # Whatever bytes the file holds, the error must not steer the terminal that shows it.
        shown = re.sub(r"[^ -~]", "?", clip(self.fields[column], 60))
        return ReportUnreadable(f'line {self.line}, column {column}: "{shown}" is not {wanted}.')

    def read_user(self) -> User:
        """Return the user of this row."""
        # IAM's own pattern for user names, which also keeps control characters out of sentences.
        if not USER_NAME.fullmatch(self.fields["user"]):
            raise self.fault("user", "a user name")
        created = self.read_time("user_creation_time")
        if created is None:
            raise self.fault("user_creation_time", A_TIME)
        return User(
            name=self.fields["user"],
            id=None,
            arn=self.fields["arn"],
            created=created,
            has_password=self.read_boolean("password_enabled"),
            keys=tuple(key for slot in SLOTS if (key := self.read_key(slot))),
            tags={},  # None would say: not read yet. A report has none to read.
        )

    def read_key(self, slot: str) -> Key | None:
        """Return the key in a slot, None where the slot is free.

        `last_rotated` is documented as the time of creation or of the last change. IAM was seen to
        write the creation and to keep it when the key becomes Inactive.
        """
        prefix = f"access_key_{slot}_"
        active = self.fields[prefix + "active"] not in NONE and self.read_boolean(prefix + "active")
        created = self.read_time(prefix + "last_rotated")
        last_used = self.read_time(prefix + "last_used_date")
        if created is None:
            if active:
                raise self.fault(prefix + "last_rotated", f"{A_TIME}, though the key is active")
            return None
        return Key(f"access key {slot}", created, "Active" if active else "Inactive", last_used)

    def read_boolean(self, column: str) -> bool:
        """Return whether the field says true, in either case."""
        word = self.fields[column].lower()
        if word not in ("true", "false"):
            raise self.fault(column, "true or false")
        return word == "true"

    def read_time(self, column: str) -> datetime | None:
        """Return the time in the field, None where IAM writes that there is none."""
        text = self.fields[column]
        if text in NONE:
            return None
        if TIME.fullmatch(text):
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                raise self.fault(column, f"{A_TIME} or N/A") from None
            if moment.year < LAST_YEAR:
                return moment
        raise self.fault(column, f"{A_TIME} or N/A")
