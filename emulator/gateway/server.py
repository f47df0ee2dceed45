"""The HTTP side: one port on loopback behind which every service of every account answers.

Moto's own dispatcher does the work. In front of it stands the gateway, which checks who calls,
records the call and lets a fault strike.
"""

import io
import re
import socket
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from threading import Thread
from typing import Any

from moto.core import responses, utils
from moto.core.request import determine_request_protocol
from moto.moto_server.werkzeug_app import (
    BackendRequest,
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import BaseWSGIServer, make_server

from emulator.gateway.calls import (
    Call,
    CallLog,
    UnreadableCall,
    find_model,
    read_call,
    real_regions,
)
from emulator.gateway.errors import find_status, write_error
from emulator.gateway.faults import Faults
from emulator.gateway.validation import find_input_fault
from emulator.s3.policies import is_foreign

_CODE = re.compile(rb'<Code>([^<]+)</Code>|"__type": ?"([^"]+)"')

StartResponse = Callable[..., Any]
FindCaller = Callable[[str], tuple[str, str] | None]
"""From an access key id: the account and the caller's ARN, or None for an unknown key."""


class Gateway:
    """The WSGI application: who calls, what, with which fault, and then moto."""

    def __init__(self, calls: CallLog, faults: Faults, find_caller: FindCaller) -> None:
        self.calls = calls
        self.faults = faults
        self.find_caller = find_caller
        self.services = _open_services()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        request = BackendRequest(environ)
        try:
            call = read_call(request)
        except UnreadableCall as error:
            start_response("403 Forbidden", [("Content-Type", "text/plain")])
            return [str(error).encode()]
        environ["wsgi.input"] = io.BytesIO(body)
        self.calls.append(call)
        refuse = partial(_send_error, start_response, request, call)
        caller = self.find_caller(call.access_key_id)
        if caller is None:
            text = "The security token included in the request is invalid."
            return refuse("InvalidClientTokenId", text)
        call.account, call.caller = caller
        if call.region not in real_regions():
            unknown = f"Credential should be scoped to a valid Region, not '{call.region}'."
            return refuse("SignatureDoesNotMatch", unknown)
        fault = self.faults.strike(call)
        if fault is not None and fault.dropped:
            call.error = "(dropped)"
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            return []
        if fault is not None and fault.code is not None:
            return refuse(fault.code, fault.message)
        if call.service == "s3" and is_foreign(request):
            return refuse("AccessDenied", "Access Denied")
        if complaint := find_input_fault(call):
            return refuse(*complaint)
        return self._answer(environ, start_response, request, call)

    def _answer(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
        request: BackendRequest,
        call: Call,
    ) -> Iterable[bytes]:
        def note_status(status: str, headers: Any, *rest: Any) -> Any:
            if not status.startswith("2"):
                call.error = status
            return start_response(status, headers, *rest)

        try:
            answer = b"".join(self.services(environ, note_status))
        except Exception as error:
            traceback.print_exc()
            # Not a 500: clients would send the call eight times before they said so.
            return _send_error(start_response, request, call, "EmulatorFault", repr(error), 501)
        if call.error is not None and (code := _CODE.search(answer)):
            call.error = (code[1] or code[2]).decode()
        return [answer]


@cache
def _open_services() -> DomainDispatcherApplication:
    """Return moto's dispatcher, one for all clouds of this process: it holds routes, no state."""
    services = DomainDispatcherApplication(create_backend_app)
    # Moto looks through its folder on disk for each request: a third of its time.
    find_backend = cache(services.get_backend_for_host)
    services.get_backend_for_host = find_backend  # type: ignore[method-assign]
    return services


_FASTER = {
    # Moto looks through all of a class's attributes for each request: a tenth of its time.
    "method_names_from_class": cache(utils.method_names_from_class),
    # And spells each operation's name letter by letter.
    "camelcase_to_underscores": cache(utils.camelcase_to_underscores),
}


@contextmanager
def own_dispatch() -> Iterator[None]:
    """Let moto find an operation's method as it found it before, until the block ends."""
    known = vars(responses)
    originals = {name: known[name] for name in _FASTER}
    known.update(_FASTER)
    try:
        yield
    finally:
        known.update(originals)


class Server:
    """A gateway on a port of 127.0.0.1, served by threads, from `start` to `stop`."""

    _last_port = 0

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._listener: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    def start(self) -> str:
        """Listen and return the URL.

        The port of this process's last server is taken again when it is free, so that clients which
        code under test made once and keeps still reach the next emulated cloud.
        """
        try:
            self._listener = self._listen(Server._last_port)
        except SystemExit:  # werkzeug's answer to a port that somebody else has taken meanwhile
            self._listener = self._listen(0)
        Server._last_port = self._listener.port
        self._thread = Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.port}"

    def stop(self) -> None:
        """Stop listening; calls under way end by themselves."""
        assert self._listener is not None
        assert self._thread is not None
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def _listen(self, port: int) -> BaseWSGIServer:
        return make_server(
            "127.0.0.1", port, self._gateway, threaded=True, request_handler=_SilentHandler
        )


class _SilentHandler(MotoRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 (werkzeug's name)
        """Keep quiet: the record of calls says more."""


def _send_error(
    start_response: StartResponse,
    request: BackendRequest,
    call: Call,
    code: str,
    message: str,
    status: int | None = None,
) -> Iterable[bytes]:
    """Answer with an AWS error in the form of the service's own protocol."""
    call.error = code
    model = find_model(call.service)
    protocol = determine_request_protocol(model, request.content_type)
    headers, body = write_error(protocol, code, message)
    start_response(f"{status or find_status(model, code)} Error", headers)
    return [body]
