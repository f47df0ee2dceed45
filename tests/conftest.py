"""What every test stands on: no connection off loopback, and an emulated account on request."""

import gc
import os
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import enumerate as threads

import pytest
from hypothesis import settings

from emulator import Account, loopback, open_account
from emulator.config.rules import Rule
from rollout.code.package import build_package
from tests.support import real_account
from tests.support.deployment import deploy
from tests.support.organizations import World, open_estate
from tests.support.shared_models import share_models

if not real_account.wanted:
    loopback.install_guard()
share_models()
# No test depends on how fast the machine is.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Ask a real account, where one is named, with the tests made for it and no others."""
    real_account.leave_out_the_others(items)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Search for circles neither while modules are imported nor, from then on, in what they made.

    All of it lives to the end, and every search went through it: a fifth of the tests' CPU.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(autouse=True)
def _environment_as_it_was() -> Iterator[None]:
    """Undo last of all what a test set: a patch undone after its account would leave its URL."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def account() -> Iterator[Account]:
    """An empty account at noon of 1 September 2026, which plain boto3 clients reach."""
    with open_account(NOW) as opened:
        yield opened
        _await_readers()


def _await_readers() -> None:
    """Let the calls end that a reading left under way, or the next account would see them."""
    for thread in threads():
        if thread.name.startswith("read-user"):
            thread.join(30)


@pytest.fixture
def estate(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An organization, seen from its management account; who sleeps moves its clock."""
    with open_estate() as opened:
        monkeypatch.setattr("time.sleep", opened.sleep)
        yield opened


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The function's code, built from this checkout."""
    return build_package(tmp_path_factory.mktemp("dist"))


@pytest.fixture
def deployed(account: Account, package: Path) -> Rule:
    """The rule in the account, deployed from the repository's files."""
    return deploy(account, package, {"GraceHours": "6"})


@pytest.fixture(autouse=True)
def _nothing_left_loopback() -> Iterator[None]:
    """Fail a test whose code tried to leave loopback, even when a library swallowed the refusal."""
    before = len(loopback.refused)
    yield
    attempts = loopback.refused[before:]
    assert attempts == [], "a test that means to be refused clears loopback.refused itself"
