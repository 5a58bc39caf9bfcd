"""gunicorn's gevent worker, whose idle connections live long, end at once at a stop, and make room for new ones.

An answer's head and body leave in one write, and what gunicorn refuses is answered like everything else.
Knows nothing of payments.
"""

import socket
from typing import Any, Final, cast

import gevent
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.ggevent import GeventWorker

from app.server import connections, refusals
from app.server.connections import IdleConnections
from app.server.framing import Parser

HEAD_WITHIN: Final = 5.0
"""Seconds from the first byte of a request's head to its last."""
LAST_REQUEST: Final = 1.0
"""Seconds that a new connection has at a stop for the request it was made for."""
SPARE: Final = 0.1
"""The part of `worker_connections` that idle connections may not use."""
_HELD_LIMIT: Final = 64 * 1024
"""Bytes; what is larger is sent on as it comes."""


class WebWorker(GeventWorker):
    """Named by `worker_class` in gunicorn.conf.py."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Parameters as of gunicorn's worker."""
        super().__init__(*arguments, **options)
        self._idle = IdleConnections()
        self._begun: set[Any] = set()
        self._open = 0

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve one connection, from its first request to its last."""
        self._open += 1
        if self._open > self.worker_connections * (1 - SPARE):
            self._idle.close_longest()
        try:
            self._serve(listener.getsockname(), client, addr)
        except (NoMoreData, StopIteration, OSError) as error:
            self.log.debug("connection_ended", extra={"reason": type(error).__name__})
        finally:
            connections.close(client)
            self._open -= 1

    def _serve(self, listener_name: Any, client: Any, addr: Any) -> None:
        parser = Parser(self.cfg, client, addr)
        request = None
        try:
            while request := self._next(parser, client):
                self.handle_request(listener_name, request, client, addr)
        except (NoMoreData, StopIteration, OSError):
            raise
        except Exception as error:  # noqa: BLE001  (the last resort: it is logged)
            self.handle_error(None if isinstance(error, ParseException) else request, client, addr, error)

    def _next(self, parser: Any, client: Any) -> Any:
        """The connection's next request; None when there is none."""
        if not parser.unreader.buf.getvalue():  # nothing was sent ahead
            patience = self.cfg.keepalive if self.alive else LAST_REQUEST
            first = self._idle.first_bytes(client, patience, used=parser.req_count > 0)
            if not first:
                return None
            parser.unreader.unread(first)
        with gevent.Timeout(HEAD_WITHIN, False):  # type: ignore[arg-type]  # gevent's stubs lack False: leave the block, raise nothing
            return next(parser)
        return None  # type: ignore[unreachable]  # the head did not come in time

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> bool:
        """Serve one request of a connection. Whether gunicorn has had all of its answer, which nobody asks here."""
        held = _Held(sock)
        self._begun.add(req)
        try:
            return super().handle_request(listener_name, req, cast(socket.socket, held), addr)
        finally:
            self._begun.discard(req)
            held.flush()

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:  # noqa: ARG002
        """Answer what gunicorn refuses, or what nobody caught, without a word of the request in the log."""
        code, answer = refusals.answer(exc, req)
        if isinstance(exc, ParseException) and code != "OUTCOME_UNKNOWN":
            self.log.info("request_refused", extra={"code": code, "reason": type(exc).__name__})
        else:
            self.log.error("request_crashed", exc_info=exc)
        client.sendall(answer)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """SIGTERM: what has begun is answered, what is idle is closed."""
        super().handle_exit(sig, frame)
        for request in self._begun:
            request.force_close()  # its answer tells the client that no other will follow
        gevent.spawn(self._close_idle)

    def _close_idle(self) -> None:
        self._idle.close_all(unused=False)
        gevent.sleep(LAST_REQUEST)
        self._idle.close_all(unused=True)


class _Held:
    """A client's socket that keeps what is written until `flush`, or until it is much."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._held = bytearray()

    def sendall(self, data: bytes) -> None:
        """Keep it, unless it is much."""
        self._held += data
        if len(self._held) > _HELD_LIMIT:
            self.flush()

    def flush(self) -> None:
        """Send what is kept."""
        if self._held:
            data, self._held = self._held, bytearray()
            self._sock.sendall(data)

    def __getattr__(self, name: str) -> Any:
        self.flush()  # whatever else is done with the socket comes after what was written
        return getattr(self._sock, name)
