import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import HTTPClientError
from rdklib.clientfactory import get_assume_role_credentials

from emulator import Account, loopback, open_account
from tests.conftest import NOW

NO_RETRY = Config(retries={"total_max_attempts": 1})


@pytest.fixture
def refused() -> Iterator[list[str]]:
    """What the guard refuses during one test that means to be refused."""
    loopback.refused.clear()
    yield loopback.refused
    loopback.refused.clear()


def connect_raw(host: str, family: socket.AddressFamily) -> Callable[[], object]:
    def connect() -> object:
        with socket.socket(family, socket.SOCK_STREAM) as channel:
            channel.connect((host, 443))
        return None

    return connect


def send_datagram() -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        return channel.sendto(b"x", ("192.0.2.1", 53))


def send_message() -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        return channel.sendmsg([b"x"], [], 0, ("192.0.2.1", 53))


def connect_ex() -> object:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as channel:
        return channel.connect_ex(("192.0.2.1", 443))


@pytest.mark.parametrize(
    ("attempt", "said"),
    [
        pytest.param(
            lambda: urllib.request.urlopen("http://example.com/"),
            "socket.getaddrinfo 'example.com'",
            id="urllib",
        ),
        pytest.param(
            lambda: socket.getaddrinfo("example.com", 443),
            "socket.getaddrinfo 'example.com'",
            id="a name look-up",
        ),
        pytest.param(
            lambda: socket.gethostbyname("example.com"),
            "socket.gethostbyname 'example.com'",
            id="an old name look-up",
        ),
        pytest.param(
            lambda: socket.gethostbyaddr("192.0.2.1"),
            "socket.gethostbyaddr '192.0.2.1'",
            id="an address look-up",
        ),
        pytest.param(
            lambda: socket.getnameinfo(("192.0.2.1", 80), 0),
            "socket.getnameinfo '192.0.2.1'",
            id="a look-up of address and port",
        ),
        pytest.param(
            connect_raw("192.0.2.1", socket.AF_INET),
            "socket.connect '192.0.2.1'",
            id="an IPv4 address",
        ),
        pytest.param(
            connect_raw("2001:db8::1", socket.AF_INET6),
            "socket.connect '2001:db8::1'",
            id="an IPv6 address",
        ),
        pytest.param(connect_ex, "socket.connect '192.0.2.1'", id="connect_ex"),
        pytest.param(send_message, "socket.sendmsg '192.0.2.1'", id="a message"),
        pytest.param(send_datagram, "socket.sendto '192.0.2.1'", id="a datagram"),
    ],
)
def test_nothing_leaves_loopback(
    attempt: Callable[[], object], said: str, refused: list[str]
) -> None:
    with pytest.raises(loopback.OffLoopback, match="stay on loopback"):
        attempt()
    assert refused == [said]


def test_a_client_of_the_real_aws_is_refused(refused: list[str], account: Account) -> None:
    iam = boto3.client("iam", endpoint_url="https://iam.amazonaws.com", config=NO_RETRY)
    with pytest.raises(HTTPClientError, match="stay on loopback"):
        iam.list_users()
    assert refused == ["socket.getaddrinfo 'iam.amazonaws.com'"]


def test_rdklibs_public_sts_host_is_refused_though_rdklib_swallows_it(
    refused: list[str], account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    role = "arn:aws:iam::111122223333:role/config"
    get_assume_role_credentials(role, "us-east-1")
    assert refused == ["socket.getaddrinfo 'sts.us-east-1.amazonaws.com'"]
    assert account.calls.actions() == ["sts:AssumeRole"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        (b"127.0.0.1", True),
        ("localhost", True),
        (None, True),
        ("0.0.0.0", False),
        ("::ffff:192.0.2.1", False),
        ("fe80::1%lo", False),
        ("10.0.0.1", False),
        ("localhost.example.com", False),
        (b"example.com", False),
    ],
)
def test_only_this_machine_is_loopback(host: object, expected: bool) -> None:
    assert loopback.is_loopback(host) is expected


def test_sockets_of_this_machine_work() -> None:
    left, right = socket.socketpair(socket.AF_UNIX)
    left.send(b"x")
    assert right.recv(1) == b"x"
    left.close()
    right.close()


def run_child(account: Account, code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=account.environment() | changes,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_child_interpreter_is_guarded_too(account: Account) -> None:
    child = run_child(account, "import socket; socket.create_connection(('192.0.2.1', 443))")
    assert child.returncode == 1
    assert "OffLoopback: socket.getaddrinfo '192.0.2.1' was refused" in child.stderr


def test_a_child_interpreter_has_the_account_and_its_time(account: Account) -> None:
    account.iam.add_user("ann")
    account.clock.advance(days=400)
    child = run_child(
        account,
        "import boto3, datetime\n"
        "print(boto3.client('iam').list_users()['Users'][0]['UserName'])\n"
        "print(datetime.date.today())",
    )
    assert (child.stdout, child.stderr) == ("ann\n2027-10-06\n", "")
    assert account.calls.actions() == ["iam:ListUsers"]


def test_where_the_clock_stands_it_stands_in_a_child_interpreter_too() -> None:
    tell = "import datetime; print(datetime.datetime.now(datetime.UTC).isoformat())"
    with open_account(NOW, ticking=False) as account:
        child = run_child(account, tell)
    assert (child.stdout, child.stderr) == (f"{NOW.isoformat()}\n", "")


def test_a_child_interpreter_that_cannot_be_set_up_does_not_run(account: Account) -> None:
    child = run_child(account, "print('ran')", EMULATOR_CLOCK="tomorrow")
    assert (child.returncode, child.stdout) == (1, "")
    assert "could not be set up" in child.stderr


def test_installing_the_guard_again_changes_nothing(refused: list[str]) -> None:
    loopback.install_guard()
    with pytest.raises(loopback.OffLoopback):
        socket.gethostbyname("example.com")
    assert len(refused) == 1
