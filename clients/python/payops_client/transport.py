"""One try of one request: the connection, the key, and what an answer means. Repeats nothing; `retrying` does."""

import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from payops_client.credentials import checked_key, checked_url, trusting
from payops_client.errors import (
    BY_CODE,
    BY_STATUS,
    NO_ANSWER,
    OF_GATE,
    OF_PROXIES,
    PROCESSING,
    FieldError,
    OutcomeUnknown,
    PayopsError,
    Processing,
    ServerNotTrusted,
    UnexpectedAnswer,
)
from payops_client.version import __version__

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"


class Transport:
    """Connections to one API with one key, kept open between requests; threads may share it."""

    def __init__(self, api_key: str, base_url: str, *, allow_http: bool, ca_file: str | None) -> None:
        """Connect to nothing yet. Raises ValueError for a key, an address or a file that cannot be used."""
        self._url = checked_url(base_url, allow_http=allow_http)
        always = {"Accept": JSON, "Content-Type": JSON, "User-Agent": f"payops-client/{__version__}"}
        headers = {"Authorization": f"Bearer {checked_key(api_key)}", **always}
        verified = {} if ca_file is None else {"ssl_context": trusting(ca_file)}
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=10, retries=False, headers=headers, **verified)

    def close(self) -> None:
        """Close all connections."""
        self._pool.clear()

    def send(
        self,
        method: str,
        path: str,
        *,
        request_id: str,
        timeout: float,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The JSON object of a success. Raises PayopsError. `timeout`: seconds until its first byte."""
        try:
            answer = self._pool.request(
                method,
                self._url + path,
                fields=query,
                body=None if body is None else json.dumps(body).encode(),
                headers={**self._pool.headers, "X-Request-Id": request_id},
                timeout=urllib3.Timeout(total=timeout),
            )
        except HTTPError as failure:
            error = _without_answer(failure, request_id)
        else:
            return _read(answer, request_id)
        raise error  # not in the handler: a chained error would keep frames that hold the key


def _without_answer(failure: HTTPError, request_id: str) -> PayopsError:
    reason = failure.args[0] if failure.args else None
    if isinstance(failure, SSLError) and isinstance(reason, ssl.SSLCertVerificationError):
        message = f"The server's certificate could not be verified: {reason.verify_message}."
        return ServerNotTrusted(message, code="SERVER_NOT_TRUSTED", request_id=request_id)
    message = f"The API gave no answer ({type(failure).__name__})."
    return OutcomeUnknown(message, code=NO_ANSWER, request_id=request_id)


def _read(answer: urllib3.BaseHTTPResponse, request_id: str) -> dict[str, Any]:
    value = _object(answer.data)
    if answer.status == 200 and value is not None:
        return value
    if value is None and not _has_end(answer.headers):
        raise OutcomeUnknown("The answer was cut off.", code=NO_ANSWER, status=answer.status, request_id=request_id)
    media_type = answer.headers.get("Content-Type", "").partition(";")[0]
    if value is not None and answer.status == 202:
        error: PayopsError = _of_processing(value)
    elif value is not None and media_type == PROBLEM and isinstance(value.get("code"), str):
        error = _of_problem(value, answer.status)
    else:
        error = _of_proxy(answer.status)
    error.request_id = error.request_id or request_id
    error.retry_after = _seconds(answer.headers.get("Retry-After"))
    raise error


def _of_processing(payment: Mapping[str, Any]) -> PayopsError:
    message = "The payment is being processed; ask again with the same key."
    return Processing(message, code=PROCESSING, status=202, payment_id=payment.get("paymentId"))


def _has_end(headers: Mapping[str, str]) -> bool:
    """Whether the head says where the body ends; else it may be cut off, which http.client does not notice."""
    return headers.get("Content-Length", "").isdecimal() or headers.get("Transfer-Encoding", "") == "chunked"


def _of_problem(problem: Mapping[str, Any], status: int) -> PayopsError:
    known = BY_CODE.get(problem["code"]) or OF_GATE.get(problem["code"])
    family = known or BY_STATUS.get(status, UnexpectedAnswer)
    return family(
        str(problem.get("message")),
        code=problem["code"],
        status=status,
        request_id=problem.get("requestId"),
        payment_id=problem.get("paymentId"),
        decline_code=problem.get("declineCode"),
        details=_details(problem.get("errors")),
    )


def _details(errors: Any) -> tuple[FieldError, ...]:
    if not isinstance(errors, list):
        return ()
    return tuple(FieldError(str(one.get("field")), str(one.get("message"))) for one in errors if isinstance(one, dict))


def _of_proxy(status: int) -> PayopsError:
    family = OF_PROXIES.get(status, UnexpectedAnswer)
    return family(f"The answer has the status {status} and is not the API's.", code=f"HTTP_{status}", status=status)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _seconds(header: str | None) -> float | None:
    """Seconds of a Retry-After: a number, or a time (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    if header.isascii() and header.isdecimal():
        return float(header)
    try:
        return max((parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
