"""How many runs of the rule's function there may be at once in an account, where that is decided.

AWS Lambda's own call reserves them and not the stack: in an account whose limit is too low, as new
ones' are, the stack would fail, and so would that of every such account that joins later.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rollout.aws.session import NotSeen, Session
from rollout.names import FUNCTION
from rollout.organization.accounts import Account
from rule.counted import count

PARAMETER = "ReservedConcurrency"
"""Of template.yaml, for stacks that are made by hand; `deploy` reserves by itself instead."""
NO_LIMIT = -1
LEAST_UNRESERVED = 100
"""What AWS Lambda keeps for the account's other functions (PutFunctionConcurrency's reference)."""


@dataclass(frozen=True)
class Reservation:
    """What is reserved for the function in one account, and what is left for all others."""

    reserved: int
    unreserved: int

    def allows(self, wanted: int) -> bool:
        """Does the account's limit leave enough when so many runs are reserved?"""
        free = self.unreserved + max(self.reserved, 0)
        return wanted == NO_LIMIT or free - wanted >= LEAST_UNRESERVED


Reservations = Mapping[str, Reservation | NotSeen]
"""By account id."""


def read_reservation(session: Session) -> Reservation:
    """Return what is reserved in this account; two calls."""
    client = session.awslambda
    limit = client.get_account_settings()["AccountLimit"]
    try:
        found = client.get_function_concurrency(FunctionName=FUNCTION)
    except client.exceptions.ResourceNotFoundException:
        found = {}  # type: ignore[typeddict-item]
    reserved = found.get("ReservedConcurrentExecutions")
    return Reservation(
        NO_LIMIT if reserved is None else reserved, limit["UnreservedConcurrentExecutions"]
    )


def reserve(session: Session, wanted: int) -> Reservation:
    """Reserve so many runs, where there is a function by now; return what is reserved then."""
    client = session.awslambda
    try:
        if wanted == NO_LIMIT:
            client.delete_function_concurrency(FunctionName=FUNCTION)
        else:
            client.put_function_concurrency(
                FunctionName=FUNCTION, ReservedConcurrentExecutions=wanted
            )
    except client.exceptions.ResourceNotFoundException:
        pass  # Its stack failed, which is told.
    return read_reservation(session)


def describe_limit(wanted: int) -> str:
    """Return what is reserved in words."""
    runs = "no limit" if wanted == NO_LIMIT else f"at most {count(wanted, 'run')} at once"
    return f"{runs} of {FUNCTION}"


def find_due(accounts: tuple[Account, ...], seen: Reservations, wanted: int) -> tuple[str, ...]:
    """Return the accounts in which something else is reserved than wanted, and it can be."""
    return tuple(
        each.id
        for each in accounts
        if isinstance(at := seen.get(each.id), Reservation)
        and at.reserved != wanted
        and at.allows(wanted)
    )


def tell_too_low(accounts: tuple[Account, ...], seen: Reservations, wanted: int) -> tuple[str, ...]:
    """Return a sentence for each account whose limit is too low; it keeps what it has."""
    return tuple(
        f"{each} is left without a limit: {at.unreserved} runs are unreserved there, and AWS Lambda"
        f" keeps {LEAST_UNRESERVED} of them"
        for each in accounts
        if isinstance(at := seen.get(each.id), Reservation)
        and at.reserved != wanted
        and not at.allows(wanted)
    )
