"""AWS's errors: those that our backends raise, and how others go over the wire that none raises.

Moto can only write errors that a service's model lists; throttling and missing permission, which
every service can answer, are in none.
"""

import json
from xml.sax.saxutils import escape

from moto.core.exceptions import ServiceException
from moto.core.model import ServiceModel

_STATUSES = {"AccessDenied": 403, "InvalidClientTokenId": 403, "ServiceFailure": 500}
"""Of errors that no service model lists; every other one is a 400."""

Headers = list[tuple[str, str]]


class Refusal(ServiceException):
    """An error of any AWS service: its code and its text."""


def find_status(model: ServiceModel, code: str) -> int:
    """Return the HTTP status of an error, as botocore's model of the service has it."""
    for shape in model.error_shapes:
        error = shape.metadata.get("error", {})
        if code in (shape.name, error.get("code")):
            return int(error.get("httpStatusCode", 400))
    return _STATUSES.get(code, 400)


def write_error(protocol: str, code: str, message: str) -> tuple[Headers, bytes]:
    """Return headers and body of an error in one of AWS's protocols (botocore: `protocol`)."""
    if "json" in protocol:
        body = json.dumps({"__type": code, "message": message})
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("X-Amzn-ErrorType", code)]
        return headers, body.encode()
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    if protocol != "rest-xml":
        error = f"<ErrorResponse>{error}<RequestId>emulated</RequestId></ErrorResponse>"
    return [("Content-Type", "text/xml")], error.encode()
