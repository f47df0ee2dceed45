"""The clients of this process, made once, and what botocore is told so that they cost little.

Half of a large run's CPU went into reading times: IAM and AWS Config write few forms, and dateutil
tries them all (docs/decisions/0011). One client serves all readers, so that adaptive retries have
one limiter: when IAM throttles, they all slow down, and the account's own people get their calls.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from os import environ
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.handlers import json_decode_policies
from botocore.utils import parse_timestamp

from rule import __version__
from rule.live import CLIENT_CONFIG

if TYPE_CHECKING:
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient

READERS = 16
"""Users read live at the same time; IAM's rate limits are not published."""
PUTTERS = 4
"""Calls of PutEvaluations under way at the same time."""
READING_CONFIG = CLIENT_CONFIG.merge(
    Config(
        retries={"mode": "adaptive", "total_max_attempts": 8},
        max_pool_connections=READERS,
        # Told by CloudTrail as it stands here, and not put together anew for every call.
        user_agent=f"no-setup-access-key/{__version__} boto3/{boto3.__version__}",
    )
)


UNREAD = {"Path", "UserPolicyList", "GroupList", "AttachedManagedPolicies", "PermissionsBoundary"}
"""Of a user in GetAccountAuthorizationDetails, what nobody looks at here."""


class EvaluationsRefused(Exception):
    """PutEvaluations answered with FailedEvaluations, which rdklib never reads."""


@dataclass(frozen=True)
class Clients:
    """The clients of this process and the requests they sent, rdklib's among them."""

    session: boto3.Session
    iam: "IAMClient"
    config: "ConfigServiceClient"
    requests: list[str] = field(default_factory=list)


@cache
def make_clients() -> Clients:
    """Return the clients, made once per process.

    The session carries the client configuration and the hooks on every client made from it.
    """
    core = botocore.session.Session()
    core.set_default_client_config(READING_CONFIG)
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_time)
    leave_unread(core)
    requests = list[str]()

    def count_request(**request: Any) -> None:
        requests.append(request["event_name"])

    core.register("before-send", count_request)
    core.register("before-parameter-build.config-service.PutEvaluations", parse_ordering_times)
    core.register("after-call.config-service.PutEvaluations", refuse_failed_evaluations)
    session = boto3.Session(botocore_session=core)
    iam, config = session.client("iam"), session.client("config", environ.get("AWS_REGION"))
    # Looks for policies in every part of every answer; of users there are none to be read.
    iam.meta.events.unregister("after-call.iam", json_decode_policies)
    return Clients(session, iam, config, requests)


def leave_unread(core: botocore.session.Session) -> None:
    """Take what nobody reads out of botocore's model of a user, so that it is not parsed."""
    loader = core.get_component("data_loader")
    # As a client asks for it: the loader gives to both the one that it has loaded.
    model = loader.load_service_model("iam", "service-2", api_version=None)
    members = model["shapes"]["UserDetail"]["members"]
    for each in UNREAD & members.keys():
        del members[each]


def parse_time(value: str | float) -> datetime:
    """Return the time in an answer: ISO 8601 or seconds; other forms are left to botocore."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        moment = None
    # Without an offset a time is not known: botocore says what it makes of one.
    return moment if moment and moment.tzinfo else parse_timestamp(value)


def parse_ordering_times(**call: Any) -> None:
    """Read each time in the results once: rdklib gives text, which botocore would parse twice."""
    times = dict[str, datetime]()
    for each in call["params"]["Evaluations"]:
        text = each["OrderingTimestamp"]
        if isinstance(text, str):
            if text not in times:
                times[text] = parse_time(text)
            each["OrderingTimestamp"] = times[text]


def refuse_failed_evaluations(**answer: Any) -> None:
    """Raise EvaluationsRefused where AWS Config has not taken every result."""
    if failed := answer["parsed"].get("FailedEvaluations"):
        ids = ", ".join(each["ComplianceResourceId"] for each in failed[:5])
        raise EvaluationsRefused(
            f"AWS Config refused {len(failed)} of the results put, of the users {ids}"
            f"{' and more' if len(failed) > 5 else ''}. Evaluate the rule again."
        )


class OneClient(boto3.Session):
    """Stands where boto3 has its default session, from which rdklib makes clients anew each time.

    The one that is given out keeps its connection from event to event.
    """

    def __init__(self, given: object) -> None:
        self._given = given

    def client(self, *_: Any, **__: Any) -> Any:
        """Return the one client: rdklib asks for AWS Config's and for no other."""
        return self._given


class SideBySide:
    """An AWS Config client whose results are put several calls at a time; `finish` ends them.

    rdklib puts one batch after the other and looks into no answer, so that none is waited for.
    """

    def __init__(self, config: "ConfigServiceClient") -> None:
        self._config = config
        self._pool = ThreadPoolExecutor(PUTTERS, thread_name_prefix="put-results")
        self._puts = list[Future[Any]]()

    def put_evaluations(self, **batch: Any) -> None:
        """Begin to put a batch."""
        self._puts.append(self._pool.submit(self._config.put_evaluations, **batch))

    def finish(self) -> None:
        """Wait for every batch; raise what the first that failed raised, after all are through."""
        self._pool.shutdown()
        for put in self._puts:
            put.result()
