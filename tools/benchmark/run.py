"""Runs the readers against the account server, each in a process of its own."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from tools.benchmark.server import Setting


@dataclass(frozen=True)
class Measured:
    """What one run took, and what the account counted of it."""

    wall: float
    cpu: float
    peak: float
    error: str
    calls: dict[str, int]
    throttled: dict[str, int]
    put: dict[str, int]

    @property
    def asked(self) -> int:
        """How many calls there were, refused ones among them."""
        return sum(self.calls.values())


@dataclass(frozen=True)
class Bench:
    """A running account server."""

    url: str

    def run(
        self, reader: str, setting: Setting, *, keep: bool = False, seconds: float = 900
    ) -> Measured:
        """Run one reader on an account as set; `keep` goes on with the results already stored."""
        self._ask("/-/open", json.dumps(asdict(setting) | ({"keep": 1} if keep else {})))
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-m", "tools.benchmark.readers", reader],
            stdout=subprocess.PIPE,
            check=True,
            env=environment
            | {
                "AWS_ENDPOINT_URL": self.url,
                "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
                "AWS_SECRET_ACCESS_KEY": "secret",
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "BENCHMARK_SECONDS": str(seconds),
            },
        )
        return Measured(**json.loads(done.stdout), **json.loads(self._ask("/-/told")))

    def _ask(self, path: str, body: str = "{}") -> bytes:
        with urllib.request.urlopen(self.url + path, body.encode()) as answer:
            told: bytes = answer.read()
        return told


@contextmanager
def open_bench() -> Iterator[Bench]:
    """Open the account server, and close it at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "tools.benchmark.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        yield Bench(f"http://127.0.0.1:{int(server.stdout.readline())}")
        server.stdin.close()
