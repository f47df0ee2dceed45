"""An account behind HTTP on loopback: it costs little, and it can be slow or refuse calls.

A process of its own, so that a reader's CPU is the reader's. `POST /-/open` begins a run with the
settings in its body, `GET /-/told` tells what was asked since.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from urllib.parse import unquote

from tools.benchmark.answers import Answers, ServiceError
from tools.benchmark.population import Population
from tools.benchmark.throttle import Throttle


@dataclass(frozen=True)
class Setting:
    """One account, and how it answers: latency in seconds, IAM calls a second (0: no limit)."""

    users: int
    share: float
    latency: float = 0.0
    per_action: float = 0.0
    in_all: float = 0.0
    report_seconds: float = 0.0


class ServedAccount:
    """The account that is open now, and what it was asked."""

    setting: Setting
    answers: Answers

    def __init__(self) -> None:
        self.open({"users": 1, "share": 0})

    def open(self, asked: dict[str, float]) -> None:
        """Begin with an account as asked for; `keep` goes on with the one that is open."""
        if asked.pop("keep", 0):
            self.answers.put.clear()
        else:
            self.setting = Setting(**asked)  # type: ignore[arg-type]
            population = Population(self.setting.users, self.setting.share)
            self.answers = Answers(population, self.setting.report_seconds)
        setting = self.setting
        self.throttle = Throttle(setting.per_action, setting.in_all, time.monotonic)
        self.calls, self.throttled = Counter[str](), Counter[str]()

    def tell(self) -> bytes:
        """Return what was asked, let through and put since the account was opened."""
        told = {"calls": self.calls, "throttled": self.throttled, "put": self.answers.put}
        return json.dumps(told).encode()

    def ask(self, head: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to one call of AWS."""
        if "\r\nx-amz-target:" in head:
            service = "config"
            action = head.partition("\r\nx-amz-target:")[2].partition("\r\n")[0]
            action = action.strip().rpartition(".")[2]
            action = {"getcompliancedetailsbyconfigrule": "GetComplianceDetailsByConfigRule"}.get(
                action, "PutEvaluations"
            )
        else:
            service = "iam"
            action = unquote(body.decode().partition("Action=")[2].partition("&")[0])
        self.calls[f"{service}:{action}"] += 1
        try:
            if service == "iam" and not self.throttle.admits(action):
                self.throttled[f"iam:{action}"] += 1
                raise ServiceError("Throttling", "Rate exceeded")
            return 200, self.answers.answer(action, body)
        except ServiceError as refused:
            code, message = refused.args
            status = {"NoSuchEntity": 404, "ReportInProgress": 404}.get(code, 400)
            return status, (
                '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error>'
                f"<Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
                "<RequestId>r</RequestId></ErrorResponse>"
            ).encode()


class Connection(asyncio.Protocol):
    """One client's connection: a request, its answer after the latency, the next request."""

    def __init__(self, account: ServedAccount) -> None:
        self.account = account
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a whole request is there."""
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").lower()
        length = int(lines.partition("\r\ncontent-length:")[2].partition("\r\n")[0] or 0)
        if not end or len(body) < length:
            return
        self.received = b""
        path = lines.split(" ", 2)[1]
        latency = 0.0
        if path == "/-/open":
            self.account.open(json.loads(body))
            status, answer = 200, b"{}"
        elif path == "/-/told":
            status, answer = 200, self.account.tell()
        else:
            status, answer = self.account.ask(lines, body)
            latency = self.account.setting.latency
        written = b"HTTP/1.1 %d x\r\nContent-Length: %d\r\n\r\n%s" % (status, len(answer), answer)
        if latency:
            asyncio.get_running_loop().call_later(latency, self.transport.write, written)
        else:
            self.transport.write(written)


async def serve() -> None:
    """Listen on a free port of loopback, say which, and go on until the input closes."""
    account = ServedAccount()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(account), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())
