"""The record of every API call that reached the emulated cloud, whoever sent it.

It is kept by the server, so calls of any client in any process are in it, retries included: a call
that was throttled and sent again counts twice.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

import boto3
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from moto.core.model import ServiceModel
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

_CLIENT_NAMES = {"monitoring": "cloudwatch"}
"""Services whose signing name differs from boto3's name, as far as this project calls them."""


class UnreadableCall(Exception):
    """A request that no AWS client would send: it is not signed, or names no operation."""


@dataclass
class Call:
    """One request: `service` is the prefix IAM uses, `caller` the ARN of the user or role."""

    service: str
    operation: str
    parameters: dict[str, Any]
    region: str
    access_key_id: str
    account: str = ""
    caller: str = ""
    error: str | None = None
    attempt: int = 1
    """Which attempt of the same call it is: botocore sends one again that got no answer."""

    @property
    def action(self) -> str:
        """The call as `service:Operation`, the form IAM policies use for most actions."""
        return f"{self.service}:{self.operation}"


@dataclass
class CallLog:
    """All calls in the order they arrived."""

    _calls: list[Call] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def append(self, call: Call) -> None:
        """Add a call; the server's threads do."""
        with self._lock:
            self._calls.append(call)

    def made(self, *actions: str) -> list[Call]:
        """Return the calls, or those of `actions` such as "iam:GetUser", in order."""
        with self._lock:
            return [call for call in self._calls if not actions or call.action in actions]

    def actions(self) -> list[str]:
        """Return the calls as "service:Operation", in order."""
        return [call.action for call in self.made()]

    def count(self, *actions: str) -> int:
        """Return how many calls there were, or how many of `actions`."""
        return len(self.made(*actions))

    def clear(self) -> None:
        """Forget every call so far."""
        with self._lock:
            self._calls.clear()

    @contextmanager
    def since_now(self) -> "Iterator[CallLog]":
        """Give a log that holds, once the block ends, the calls that arrived during it."""
        start = self.count()
        during = CallLog()
        try:
            yield during
        finally:
            for call in self.made()[start:]:
                during.append(call)


def find_model(service: str) -> ServiceModel:
    """Return botocore's model of the service that signs as `service`.

    Raises UnreadableCall when there is none.
    """
    try:
        return get_service_model(_CLIENT_NAMES.get(service, service))
    except UnknownServiceError:
        raise UnreadableCall(f"{service} is no service that botocore knows.") from None


@cache
def real_regions() -> frozenset[str]:
    """Return every Region of every partition, as botocore knows them."""
    known = boto3.Session()
    return frozenset(
        region
        for partition in known.get_available_partitions()
        for region in known.get_available_regions("ssm", partition, allow_non_regional=True)
    )


def read_call(request: Request) -> Call:
    """Return what `request` asks for, read as the service's own model says.

    Raises UnreadableCall for a request without a signature or without a known operation.
    """
    try:
        scope = request.headers["Authorization"].split("Credential=")[1].split(",")[0].split("/")
        access_key_id, _, region, service, _ = scope
    except (KeyError, IndexError, ValueError):
        raise UnreadableCall(f"{request.method} {request.path} is not signed.") from None
    model = find_model(service)
    path_parameters: dict[str, Any] = {}
    name = request.form.get("Action") or request.headers.get("X-Amz-Target", "").split(".")[-1]
    try:
        if name:
            operation = model.operation_model(name)
        else:
            operation, path_parameters = get_service_router(model.service_name).match(request)
    except (OperationNotFoundError, HTTPException):
        asked = f"{service}: {name or f'{request.method} {request.path}'}"
        raise UnreadableCall(f"{asked} is no operation that botocore knows.") from None
    parser = PROTOCOL_PARSERS[determine_request_protocol(model, request.content_type)]
    parameters = parser(operation).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.data,
            "url_path": request.path,
            "url_params": path_parameters,
        }
    )
    attempt = re.match("attempt=([0-9]+)", request.headers.get("Amz-Sdk-Request", ""))
    number = int(attempt[1]) if attempt else 1
    return Call(service, operation.name, parameters, region, access_key_id, attempt=number)
