"""The account that is read: how many users, and how many of them have to be read live.

A suspect has a password and an Active key, made with the user, that nobody ever used. Of the others
every fourth is a robot without a password; the rest have a password and a key in use.
"""

from dataclasses import dataclass
from functools import cached_property

CREATED = "2026-01-01T00:00:00"
USED = "2026-08-01T00:00:00"
HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)


@dataclass(frozen=True)
class BenchUser:
    """One IAM user with one access key."""

    number: int
    has_password: bool
    suspect: bool

    @property
    def name(self) -> str:
        """The user's name, by which IAM sorts."""
        return f"user{self.number:05}"

    @property
    def id(self) -> str:
        """The user's unique id."""
        return f"AIDAEXAMPLE{self.number:010}"

    @property
    def arn(self) -> str:
        """The user's ARN."""
        return f"arn:aws:iam::111122223333:user/{self.name}"

    @property
    def key_id(self) -> str:
        """The id of its key."""
        return f"AKIAEXAMPLE{self.number:09}"

    @property
    def row(self) -> str:
        """The user's row of the credential report."""
        used = "N/A,N/A,N/A" if self.suspect else f"{USED}+00:00,us-east-1,s3"
        password = f"{str(self.has_password).lower()},N/A,N/A,N/A,false"
        return (
            f"{self.name},{self.arn},{CREATED}+00:00,{password},true,{CREATED}+00:00,{used},"
            "false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        )


@dataclass(frozen=True)
class Population:
    """An account's users; `share` is the percentage of suspects."""

    users: int
    share: float

    @cached_property
    def people(self) -> tuple[BenchUser, ...]:
        """Every user, the suspects spread evenly."""
        suspects = round(self.users * self.share / 100)
        people, others = list[BenchUser](), 0
        for number in range(self.users):
            suspect = (number + 1) * suspects // self.users > number * suspects // self.users
            others += not suspect
            people.append(BenchUser(number, suspect or others % 4 != 0, suspect))
        return tuple(people)

    @cached_property
    def report(self) -> bytes:
        """The credential report, root in it."""
        root = (
            f"<root_account>,arn:aws:iam::111122223333:root,{CREATED}+00:00,not_supported,N/A,N/A,"
            "N/A,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
        )
        return "\n".join([HEADER, root, *(person.row for person in self.people)]).encode()
