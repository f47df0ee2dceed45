"""Where the operator stands: one account, one Region, and the clients that call from there.

Every client says in one sentence what AWS would not do: which action is missing and where, or that
AWS throttled. So no caller needs to look at error codes, except for what it can go on with.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, NoRegionError

from rollout.aws.iam_actions import find_action
from rollout.errors import Denied, Refused, Throttled

Facts = TypeVar("Facts")

CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 10},
    connect_timeout=5,
    # The smoke test waits for a function; everything else answers within seconds.
    read_timeout=120,
    max_pool_connections=16,
)
# "403" is what S3 answers to HEAD, which has no body to name an error in.
DENIED = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "OrganizationAccessDeniedException",
        "UnauthorizedOperation",
    }
)
THROTTLED = frozenset(
    {
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)


@dataclass(frozen=True)
class NotSeen:
    """What could not be read, and why: never to be taken for "ok"."""

    why: str


@dataclass
class Desk:
    """One account and Region as the caller's credentials reach them; clients are made once."""

    session: boto3.Session
    region: str
    account: str
    partition: str = "aws"
    caller: str = ""
    label: str = ""
    """How messages name the account: its number and, once known, its name."""
    keys: dict[str, str] = field(default_factory=dict)
    """Credentials of an assumed role; empty for the operator's own."""
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return the client of a service, such as "cloudformation"."""
        if service not in self._clients:
            with _MAKING:
                client = self.session.client(
                    service,  # type: ignore[call-overload]
                    region_name=self.region,
                    config=CLIENT_CONFIG,
                    **self.keys,
                )
            client.meta.events.register("after-call", partial(explain, self))
            self._clients[service] = client
        return self._clients[service]

    def pages(self, service: str, operation: str, result: str, **parameters: Any) -> list[Any]:
        """Return the items of every page; `result` is the answer's list.

        Operations that botocore has no paginator for are paged by their NextToken.
        """
        client = self.client(service)
        if client.can_paginate(operation):
            found = client.get_paginator(operation).paginate(**parameters)
            return [item for page in found for item in page.get(result, [])]
        items: list[Any] = []
        while True:
            page = getattr(client, operation)(**parameters)
            items += page.get(result, [])
            if not page.get("NextToken"):
                return items
            parameters["NextToken"] = page["NextToken"]


_MAKING = Lock()
"""Making a client is not thread-safe in botocore; using one is."""


def open_desk(profile: str | None, region: str | None) -> Desk:
    """Return the desk of the usual AWS credentials. Raises Refused without a Region."""
    session = boto3.Session(profile_name=profile, region_name=region)
    desk = Desk(session, session.region_name or "us-east-1", "")
    try:
        who = desk.client("sts").get_caller_identity()
    except NoRegionError as error:
        raise Refused("No AWS Region is set; give one with --region.") from error
    desk.account, desk.caller = who["Account"], who["Arn"]
    desk.partition = who["Arn"].split(":")[1]
    desk.label = desk.account
    return desk


def explain(desk: Desk, *, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Raise Denied or Throttled for an answer that says so (botocore's event after-call)."""
    error = parsed.get("Error") or {}
    code = error.get("Code", "")
    action = find_action(model.service_model.signing_name, model.name)
    where = f"{desk.label or 'the account of these credentials'}, {desk.region}"
    if code in DENIED:
        said = f" (AWS says: {error['Message']})" if error.get("Message") else ""
        raise Denied(f"{where}: {action} is not allowed to {desk.caller or 'the caller'}.{said}")
    if code in THROTTLED:
        raise Throttled(
            f"{where}: AWS answered {action} with {code} ten times over. Wait a minute and run the"
            " same command again; it goes on where it stopped."
        )


def try_read(read: Callable[[], Facts]) -> Facts | NotSeen:
    """Return what `read` returns, or why it could not be read."""
    try:
        return read()
    except (Denied, ClientError) as error:
        return NotSeen(str(error))
