"""gunicorn's parser, stricter: one header line for one value, and an unread body ends the connection.

Lists within one line are checked in `app.http.request_head`. Knows nothing of payments.
"""

from typing import Any, Final, cast

from gunicorn.http.body import Body
from gunicorn.http.errors import InvalidHeader
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser

from app.server.bodies import BodyReader
from app.server.plain_heads import PlainHeads, PlainRequest

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

    def __init__(self, cfg: Any, client: Any, addr: Any, server: Any) -> None:
        """`client`: the socket; `addr`, `server`: the addresses of its ends."""
        super().__init__(cfg, client, addr)
        self._heads = PlainHeads(cfg, addr, server)

    def plain(self, data: bytes) -> PlainRequest | None:
        """The request that begins with `data`, if its head is plain; else `next` is to read it from there."""
        request = self._heads.read(data, self.unreader)
        if request is None:
            self.unreader.unread(data)
        else:
            self.req_count += 1
        return request
