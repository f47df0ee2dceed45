"""An emulated AWS: one server, one clock, any number of accounts.

Moto keeps its state in this process and per account and Region, so only one cloud can be open at a
time; when it closes, nothing of it is left.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import boto3
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data

from emulator.account import Account, admit_operator
from emulator.awslambda.models import Lambda
from emulator.backend import OwnBackend
from emulator.clock import CloudClock
from emulator.cloudformation.models import CloudFormation
from emulator.cloudformation.resources import own_resources
from emulator.cloudformation.templates import own_parsing
from emulator.config.models import Config
from emulator.config.process_checks import own_rules
from emulator.environment import own_environment
from emulator.gateway.calls import CallLog
from emulator.gateway.faults import Faults
from emulator.gateway.server import Gateway, Server, own_dispatch
from emulator.iam.callers import find_caller
from emulator.iam.models import Iam
from emulator.organizations.models import Organizations, forget_organizations
from emulator.s3.policies import own_policies
from emulator.ssm.models import Ssm

ACCOUNT_ID = "111122223333"
REGION = "us-east-1"
_BACKENDS: tuple[type[OwnBackend], ...] = (
    Iam,
    Config,
    Lambda,
    CloudFormation,
    Organizations,
    Ssm,
)
_open = False


class CloudAlreadyOpen(RuntimeError):
    """A second cloud was opened in one process; the two would share moto's state."""


class Cloud:
    """An emulated AWS, open while it is used in a `with` statement."""

    def __init__(self, now: datetime | None = None, *, ticking: bool = True) -> None:
        """Prepare a cloud whose time is `now`, or the real time; it ticks on unless told not to."""
        self.clock = CloudClock(now, ticking=ticking)
        self.calls = CallLog()
        self.faults = Faults()
        self.url = ""
        self._undo = ExitStack()

    def __enter__(self) -> "Cloud":
        with ExitStack() as undo:
            undo.enter_context(_only_one())
            # First of all: moto makes a session of its own when it makes a backend.
            undo.enter_context(own_environment())
            self.clock.start()
            undo.callback(self.clock.stop)
            undo.enter_context(_own_backends())
            undo.enter_context(own_policies())
            undo.enter_context(own_resources())
            undo.enter_context(own_parsing())
            undo.enter_context(own_rules())
            undo.enter_context(own_dispatch())
            server = Server(Gateway(self.calls, self.faults, find_caller))
            self.url = server.start()
            undo.callback(server.stop)
            Lambda.cloud_url = Ssm.cloud_url = self.url
            undo.callback(_stop_interpreters)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def open_account(self, account_id: str = ACCOUNT_ID, region: str = REGION) -> Account:
        """Return an account of this cloud; it exists from the first time it is asked for."""
        return admit_operator(account_id, region, self.clock, self.calls, self.faults, self.url)


@contextmanager
def open_account(
    now: datetime | None = None,
    *,
    account_id: str = ACCOUNT_ID,
    region: str = REGION,
    ticking: bool = True,
) -> Iterator[Account]:
    """Open a cloud with one account, which plain boto3 clients of this process then reach."""
    with Cloud(now, ticking=ticking) as cloud:
        account = cloud.open_account(account_id, region)
        with use_account(account):
            yield account


@contextmanager
def use_account(account: Account) -> Iterator[None]:
    """Point this process's boto3 at `account`; afterwards os.environ is as it was.

    boto3's default session is dropped when it holds other credentials. Otherwise it is kept, before
    and after: code under test may have put hooks and settings on it, once for the process.
    """
    with own_environment():
        os.environ.update(account.variables())
        if boto3.DEFAULT_SESSION is not None:
            known = boto3.DEFAULT_SESSION.get_credentials()
            if known is None or known.access_key != account.access_key_id:
                boto3.DEFAULT_SESSION = None
        yield


@contextmanager
def _only_one() -> Iterator[None]:
    global _open
    if _open:
        raise CloudAlreadyOpen("An emulated cloud is open already; close it, or use its accounts.")
    _open = True
    try:
        yield
    finally:
        _open = False


@contextmanager
def _own_backends() -> Iterator[None]:
    """Let moto make this package's backends, from empty, until the block ends."""
    originals = [ours.backends.backend for ours in _BACKENDS]
    _forget_everything()
    for ours in _BACKENDS:
        ours.backends.backend = ours
    try:
        yield
    finally:
        _forget_everything()
        for ours, original in zip(_BACKENDS, originals, strict=True):
            ours.backends.backend = original


def _stop_interpreters() -> None:
    kinds: tuple[type[Lambda | Ssm], ...] = (Lambda, Ssm)
    for kind in kinds:
        for account_id, regions in kind.backends.items():
            for region in list(regions):
                kind.of(account_id, region).interpreters.stop()


def _forget_everything() -> None:
    forget_organizations()
    BackendDict.reset()
    reset_model_data()
