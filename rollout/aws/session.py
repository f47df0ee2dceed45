"""Where the operator stands: one account, one Region, and the clients that call from there.

Every client says in one sentence what AWS would not do: which action is missing and where, or that
AWS throttled. So no caller needs to look at error codes, except for what it can go on with.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, NoRegionError
from botocore.utils import ArnParser

from rollout.aws.failures import EXPIRED, THROTTLED, WAIT, suggest_region, tell_error, tell_expired
from rollout.aws.iam_actions import find_action
from rollout.errors import CutShort, Denied, Refused, SignedOut, Throttled
from rule.live import CLIENT_CONFIG as RULE_CONFIG

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_config import ConfigServiceClient
    from types_boto3_iam import IAMClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_organizations import OrganizationsClient
    from types_boto3_s3 import S3Client
    from types_boto3_ssm import SSMClient
    from types_boto3_sts import STSClient

_Seen = TypeVar("_Seen")

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
GOES_ON = ("Marker", "NextMarker", "NextContinuationToken", "NextKeyMarker")
"""Where a list goes on that says IsTruncated (botocore's paginators of IAM and S3)."""
_MAKING = Lock()
"""Making a client is not thread-safe in botocore; using one is."""


@dataclass(frozen=True)
class NotSeen:
    """What could not be read, and why: never to be taken for "ok"."""

    why: str


@dataclass
class Session:
    """One account and Region as the caller's credentials reach them; clients are made once."""

    boto: boto3.Session
    region: str
    account: str
    partition: str = "aws"
    caller: str = ""
    label: str = ""
    """How messages name the account: its number and, once known, its name."""
    keys: dict[str, str] = field(default_factory=dict, repr=False)
    """Credentials of an assumed role; empty for the operator's own."""

    def move(self, region: str) -> "Session":
        """Return the same account's session in a Region."""
        return self if region == self.region else replace(self, region=region)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        """The client of AWS CloudFormation."""
        client: CloudFormationClient = self._make("cloudformation")
        return client

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        """The client of Amazon CloudWatch."""
        client: CloudWatchClient = self._make("cloudwatch")
        return client

    @cached_property
    def config(self) -> "ConfigServiceClient":
        """The client of AWS Config."""
        client: ConfigServiceClient = self._make("config")
        return client

    @cached_property
    def iam(self) -> "IAMClient":
        """The client of IAM."""
        client: IAMClient = self._make("iam")
        return client

    @cached_property
    def rule_iam(self) -> "IAMClient":
        """The client of IAM as the rule's own reading wants it: it reads AWS's refusals itself."""
        client: IAMClient = self._make_plain("iam", RULE_CONFIG)
        return client

    @cached_property
    def awslambda(self) -> "LambdaClient":
        """The client of AWS Lambda, whose name is a word of Python."""
        client: LambdaClient = self._make("lambda")
        return client

    @cached_property
    def organizations(self) -> "OrganizationsClient":
        """The client of AWS Organizations."""
        client: OrganizationsClient = self._make("organizations")
        return client

    @cached_property
    def s3(self) -> "S3Client":
        """The client of Amazon S3."""
        client: S3Client = self._make("s3")
        return client

    @cached_property
    def ssm(self) -> "SSMClient":
        """The client of AWS Systems Manager."""
        client: SSMClient = self._make("ssm")
        return client

    @cached_property
    def sts(self) -> "STSClient":
        """The client of AWS STS."""
        client: STSClient = self._make("sts")
        return client

    def let_go(self) -> None:
        """Close every client; who asks for one again gets a new one.

        A client is about 1 MB of models and connections, and there may be hundreds of accounts.
        """
        made = [name for name, each in vars(self).items() if isinstance(each, BaseClient)]
        for name in made:
            vars(self).pop(name).close()

    def _make_plain(self, service: str, config: Config) -> Any:
        with _MAKING:
            return self.boto.client(
                service,  # type: ignore[call-overload]
                region_name=self.region,
                config=config,
                **self.keys,
            )

    def _make(self, service: str) -> Any:
        client = self._make_plain(service, CLIENT_CONFIG)
        client.meta.events.register("after-call", partial(raise_hopeless, self))
        return client


def open_session(profile: str | None, region: str | None) -> Session:
    """Return the session of the usual AWS credentials. Raises Refused without a Region."""
    boto = boto3.Session(profile_name=profile, region_name=region)
    session = Session(boto, boto.region_name or "us-east-1", "")
    try:
        who = session.sts.get_caller_identity()
    except NoRegionError as error:
        raise Refused("No AWS Region is set; give one with --region.") from error
    except EndpointConnectionError as error:
        raise Refused(tell_error(error) + suggest_region(boto, session.region)) from error
    session.account, session.caller = who["Account"], who["Arn"]
    session.partition = ArnParser().parse_arn(who["Arn"])["partition"]
    session.label = session.account
    return session


def raise_hopeless(session: Session, *, parsed: dict[str, Any], model: Any, **_: Any) -> None:
    """Raise for what no caller can go on with (botocore: after-call).

    That is an answer that says "denied", "expired" or "throttled", or that holds a part of a list
    and not where it goes on: botocore's paginators take that for the end.
    """
    error = parsed.get("Error") or {}
    code = error.get("Code", "")
    action = find_action(model.service_model.signing_name, model.name)
    where = f"{session.label or 'the account of these credentials'}, {session.region}"
    if code in EXPIRED:
        profile = session.boto.profile_name
        raise SignedOut(tell_expired(code, "" if profile == "default" else profile))
    if code in DENIED:
        said = f" (AWS says: {error['Message']})" if error.get("Message") else ""
        raise Denied(
            f"{where}: {action} is not allowed to {session.caller or 'the caller'}.{said}",
            code,
        )
    if code in THROTTLED:
        raise Throttled(f"{where}: AWS answered {action} with {code} ten times over. {WAIT}")
    if parsed.get("IsTruncated") and not any(parsed.get(each) for each in GOES_ON):
        raise CutShort(
            f"{where}: what {action} lists breaks off: AWS says that more follows, and not from"
            f" where. {WAIT}"
        )


def turn_pages(call: Callable[..., Any], **parameters: Any) -> Iterator[Any]:
    """Yield the pages of an operation that botocore has no paginator for, by their NextToken.

    Raises CutShort where a page names itself as the next one, as botocore's paginators do.
    """
    while True:
        page = call(**parameters)
        yield page
        if not page.get("NextToken"):
            return
        if page["NextToken"] == parameters.get("NextToken"):
            raise CutShort(f"AWS sends the same page of a list over and over. {WAIT}")
        parameters["NextToken"] = page["NextToken"]


def try_read(read: Callable[[], _Seen]) -> _Seen | NotSeen:
    """Return what `read` returns, or why it could not be read."""
    try:
        return read()
    except (Denied, ClientError) as error:
        return NotSeen(tell_error(error))
