"""A guard that makes it impossible for this process to open a connection off loopback.

rdklib names a public STS host and a forgotten endpoint setting reaches the real AWS, so tests and
the demo install this guard before anything else. It is an audit hook: it sits below every library
and cannot be removed. It sees Python's sockets; a child interpreter has a guard of its own when
it is started with `Account.environment()`, and programs that are not Python are not covered.

Standard library only, and no import from this package: a child interpreter loads this file by path.
"""

import ipaddress
import socket
import sys
from typing import Any

refused: list[str] = []
"""Every attempt the guard refused, in order: libraries swallow errors, this list does not."""

_LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"})
_SENDS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})
_installed = False


class OffLoopback(RuntimeError):
    """Something tried to reach a host other than this one.

    Not an OSError: libraries retry those, or take them for a network that is down.
    """


def install_guard() -> None:
    """Refuse, from now until the process ends, every connection and name look-up off loopback.

    Calling it again changes nothing.
    """
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_check_event)


def is_loopback(host: object) -> bool:
    """Say whether `host`, a name or an address as the socket module takes it, is this machine."""
    if host is None or host == "localhost":
        return True
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    if text == "localhost":
        return True
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)


def _check_event(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _SENDS:
        channel, address = arguments
        # sendmsg on a connected socket has no address: its connect was checked.
        if address is None or channel.family == socket.AF_UNIX:
            return
        host = address[0] if isinstance(address, tuple) else address
    elif event in _LOOKUPS:
        host = arguments[0]
    elif event == "socket.getnameinfo":
        host = arguments[0][0]
    else:
        return
    if not is_loopback(host):
        attempt = f"{event} {host!r}"
        refused.append(attempt)
        raise OffLoopback(
            f"{attempt} was refused: tests and the demo stay on loopback. "
            "Point the client at the emulated account (AWS_ENDPOINT_URL)."
        )
