"""gunicorn's parser, made stricter: one value means one header line, and a body that was not read ends the connection.

Lists within one line are `app.http.request_head`. Knows nothing of payments.
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
"""WSGI would join their lines by commas. A list of forwarding proxies goes in one line."""


class StrictRequest(Request):
    """A request whose head is unambiguous, and which knows whether its body has been read."""

    def set_body_reader(self) -> None:
        """Check the head, too. Raises gunicorn's InvalidHeader."""
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
        """Also when part of the body has not been read: nobody may take the rest of it for the next request."""
        return not self._reader.is_read() or super().should_close()


class Parser(RequestParser):
    """The requests of one connection."""

    mesg_class = StrictRequest


class BodyReader:
    """One of gunicorn's readers (by length or by chunks). After a read that failed or was given up, no more."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self._broken = False

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end, or where the body was truncated."""
        if self._broken:
            return b""
        wanted = min(size, getattr(self._reader, "length", 0))
        self._broken = True  # unless this read returns: a time-out is no Exception that could be caught by its kind
        data: bytes = self._reader.read(size)
        self._broken = len(data) < wanted
        return data

    def is_read(self) -> bool:
        """Whether all of the body has been read, so that the next request begins right there."""
        if self._broken:
            return False
        if hasattr(self._reader, "length"):
            return bool(self._reader.length == 0)
        return self._reader.parser is None  # of gunicorn's ChunkedReader: the last chunk and the trailers were there
