"""What an evaluation came to: every user of one account or of several, and who was not read."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from rollout.errors import FAULTS, NOT_SEEN
from rollout.organization.accounts import Account
from rule.decision import COMPLIANT, NON_COMPLIANT, NOT_APPLICABLE
from rule.facts import User
from rule.readers import Judged
from rule.standing import WAITING

UNKNOWN = "UNKNOWN"
"""No verdict: what was read does not hold all that the verdict depends on."""
COMPLIANCE_WORDS = (NON_COMPLIANT, UNKNOWN, COMPLIANT, NOT_APPLICABLE)
AS_OF_NOW = "now"
GIVEN = "--now"
GENERATED = "the report's GeneratedTime"
NEWEST = "the newest time in the file"


@dataclass(frozen=True)
class Evaluated:
    """A user with its verdict; `more_keys` is what a row says of keys that it does not show."""

    account: Account
    judged: Judged
    more_keys: str = ""

    @property
    def user(self) -> User:
        """Who was judged."""
        return self.judged.user

    @property
    def compliance(self) -> str:
        """The verdict, UNKNOWN where a key that is not shown could make it worse."""
        said = self.judged.verdict.compliance
        return UNKNOWN if said == COMPLIANT and self.more_keys else said

    @property
    def annotation(self) -> str:
        """The sentence that explains it."""
        said = self.judged.verdict.annotation
        if self.user.has_password and self.more_keys:
            return (
                f"{said} This row does not show every access key ({self.more_keys}): judge the"
                f" user live with evaluate --user {self.user.name}."
            )
        return said

    @property
    def waiting(self) -> bool:
        """Whether a key is not judged yet."""
        return any(key.standing in WAITING for key in self.judged.verdict.keys)


@dataclass(frozen=True)
class Scope:
    """One account as one source shows it; `as_of_by` says where the time comes from."""

    account: Account
    source: str
    as_of: datetime
    as_of_by: str
    users: tuple[Evaluated, ...]


@dataclass(frozen=True)
class UnreadAccount:
    """An account that could not be read, and why."""

    account: Account
    why: str


@dataclass(frozen=True)
class Evaluation:
    """Everything that was asked for. `caller` is who called AWS, "" where nobody did."""

    parameters: dict[str, str]
    scopes: tuple[Scope, ...]
    not_read: tuple[UnreadAccount, ...] = ()
    region: str = ""
    caller: str = ""
    suspended: tuple[Account, ...] = ()
    """Accounts that AWS has suspended: nobody can sign in there, and nothing can be read."""

    @property
    def users(self) -> tuple[Evaluated, ...]:
        """Every user: findings first, then by account and name."""
        found = [user for scope in self.scopes for user in scope.users]
        return tuple(
            sorted(
                found,
                key=lambda each: (
                    COMPLIANCE_WORDS.index(each.compliance),
                    each.account.id,
                    each.user.name,
                ),
            )
        )

    @property
    def accounts(self) -> tuple[Account, ...]:
        """Every account, read or not, once."""
        known = {each.account.id: each.account for each in self.not_read}
        known |= {each.account.id: each.account for each in self.scopes}
        return tuple(known[each] for each in sorted(known))

    @property
    def counts(self) -> Counter[str]:
        """How many users have which compliance."""
        return Counter(user.compliance for user in self.users)

    @property
    def exit_code(self) -> int:
        """1 when somebody is NON_COMPLIANT, 3 when somebody or an account is not known, else 0."""
        if self.counts[NON_COMPLIANT]:
            return FAULTS
        return NOT_SEEN if self.counts[UNKNOWN] or self.not_read else 0
