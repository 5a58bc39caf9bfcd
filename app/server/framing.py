"""gunicorn's parser, stricter: one header line for one value, and an unread body ends the connection.

Lists within one line are checked in `app.http.request_head`. Knows nothing of payments.
"""

from typing import Any, Final, cast

from gunicorn.http.body import Body
from gunicorn.http.errors import InvalidHeader
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

ONE_LINE: Final = frozenset(
    {
        "AUTHORIZATION",
        "CONTENT-ENCODING",
        "CONTENT-LENGTH",
        "CONTENT-TYPE",
        "FORWARDED",
        "HOST",
        "IDEMPOTENCY-KEY",
        "TRACEPARENT",
        "X-FORWARDED-FOR",
        "X-FORWARDED-HOST",
        "X-FORWARDED-PORT",
        "X-FORWARDED-PREFIX",
        "X-FORWARDED-PROTO",
        "X-REAL-IP",
        "X-REQUEST-ID",
    }
)
"""Headers of one line, whose lines WSGI would join by commas. A list of forwarding proxies is one line."""


class StrictRequest(Request):
    """A request with an unambiguous head, which records whether its body was read."""

    def set_body_reader(self) -> None:
        """Also check the head. Raises gunicorn's InvalidHeader."""
        names = [name for name, _ in self.headers]
        if len(set(names)) < len(names):
            for name in ONE_LINE:
                if names.count(name) > 1:
                    raise InvalidHeader(name, req=self)
        if "HOST" not in names and (self.version or (0, 9)) >= (1, 1):
            raise InvalidHeader("HOST", req=self)
        super().set_body_reader()
        body = cast(Body, self.body)
        self._reader = BodyReader(body.reader)
        body.reader = self._reader  # type: ignore[assignment]  # it is read like gunicorn's own

    def should_close(self) -> bool:
        """True also when part of the body was not read, so that its rest is not parsed as the next request."""
        return not self._reader.is_read() or super().should_close()


class Parser(RequestParser):
    """The requests of one connection."""

    mesg_class = StrictRequest


class BodyReader:
    """Wraps gunicorn's reader (by length or by chunks). After a failed or cancelled read it returns nothing more."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._broken = False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; empty at the end, or where the body was truncated."""
        if self._broken:
            return b""
        wanted = min(size, getattr(self._reader, "length", 0))
        self._broken = True  # unless this read returns: a gevent time-out is no Exception
        data: bytes = self._reader.read(size)
        self._broken = len(data) < wanted
        return data

    def is_read(self) -> bool:
        """Whether the whole body was read, so that the next request begins there."""
        if self._broken:
            return False
        if hasattr(self._reader, "length"):
            return bool(self._reader.length == 0)
        return self._reader.parser is None  # gunicorn's ChunkedReader: the last chunk and the trailers were read
