"""gunicorn's gevent worker, with long idle connections that are closed at a stop and when new ones need room.

Sends an answer's head and body in one write, and answers what gunicorn refuses with problems.
Knows nothing of payments.
"""

from typing import Any, Final

import gevent
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData, ParseException
from gunicorn.workers.ggevent import GeventWorker

from app.server import connections, refusals
from app.server.answers import Answer
from app.server.connections import IdleConnections
from app.server.framing import Parser
from app.server.plain_heads import PlainRequest

HEAD_WITHIN: Final = 5.0
"""Seconds from the first byte of a request's head to its last."""
LAST_REQUEST: Final = 1.0
"""Seconds at a stop for a new connection to send its request."""
GATEWAYS_LAST: Final = 4.0
"""Seconds at a stop that the gateway has to close idle connections, or to send a last request: a second in which gunicorn
still accepts, the 2 s after which Envoy closes them (`_envoy_idle` of role envoy), and one to spare."""
SPARE: Final = 0.1
"""The part of `worker_connections` that idle connections may not use."""
_HELD_LIMIT: Final = 64 * 1024
"""Bytes; more is sent at once."""


class WebWorker(GeventWorker):
    """Named by `worker_class` in gunicorn.conf.py."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Parameters as for gunicorn's worker."""
        super().__init__(*arguments, **options)
        self._keepalive = self.cfg.keepalive
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
        parser = Parser(self.cfg, client, addr, listener_name)
        request = None
        try:
            while request := self._next(parser, client):
                self._respond(request, client, addr, listener_name)
        except (NoMoreData, StopIteration, OSError):
            raise
        except Exception as error:  # noqa: BLE001  (the last resort: it is logged)
            self.handle_error(None if isinstance(error, ParseException) else request, client, addr, error)

    def _next(self, parser: Parser, client: Any) -> Any:
        """The connection's next request; None when there is none."""
        data = parser.unreader.take_buffered()
        if not data:
            patience = self._keepalive if self.alive or connections.of_gateway(client) else LAST_REQUEST
            data = self._idle.first_bytes(client, patience, used=parser.req_count > 0)
        if not data:
            return None
        if (plain := parser.plain(data)) is not None:
            return plain
        with gevent.Timeout(HEAD_WITHIN, False):  # type: ignore[arg-type]  # gevent's stubs lack False: leave the block, raise nothing
            return next(parser)
        return None  # type: ignore[unreachable]  # the head did not come in time

    def _respond(self, request: Any, client: Any, addr: Any, listener_name: Any) -> None:
        """Answer one request. Raises StopIteration when the connection ends with the answer."""
        held: Any = _Held(client)
        answer: Any
        environ: Any
        self._begun.add(request)
        try:
            if isinstance(request, PlainRequest):
                answer, environ = Answer(request, held, self.cfg), request.environ
            else:
                answer, environ = wsgi.create(request, held, addr, listener_name, self.cfg, Answer)
                environ["wsgi.multithread"] = True
            if not self.alive:
                answer.force_close()
            self._call(environ, answer)
            if answer.should_close():
                raise StopIteration
        except (gevent.GreenletExit, SystemExit):  # a stop that waits no longer
            raise StopIteration from None
        finally:
            self._begun.discard(request)
            held.flush()

    def _call(self, environ: Any, answer: Any) -> None:
        """Let the application write its answer."""
        try:
            content = self.wsgi(environ, answer.start_response)
            try:
                if isinstance(content, wsgi.FileWrapper):
                    answer.write_file(content)
                else:
                    for part in content:
                        answer.write(part)
                answer.close()
            finally:
                if hasattr(content, "close"):
                    content.close()
        except OSError:
            raise
        except Exception:
            if not answer.headers_sent:
                raise
            self.log.exception("Error handling request")  # the client has a part of the answer, and must see its end
            raise StopIteration from None

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:  # noqa: ARG002
        """Answer what gunicorn refuses, and uncaught errors, without logging any part of the request."""
        code, answer = refusals.answer(exc, req)
        if isinstance(exc, ParseException) and code != "OUTCOME_UNKNOWN":
            self.log.info("request_refused", extra={"code": code, "reason": type(exc).__name__})
        else:
            self.log.error("request_crashed", exc_info=exc)
        client.sendall(answer)

    def handle_exit(self, sig: Any, frame: Any) -> None:
        """SIGTERM: answer begun requests, close idle connections; the gateway closes its own."""
        super().handle_exit(sig, frame)
        for request in self._begun:
            request.force_close()  # its answer tells the client that the connection closes
        gevent.spawn(self._close_idle)

    def _close_idle(self) -> None:
        self._idle.close_all(unused=False)
        gevent.sleep(LAST_REQUEST)
        self._idle.close_all(unused=True)
        gevent.sleep(GATEWAYS_LAST - LAST_REQUEST)
        self._idle.close_all(unused=True, gateways=True)


class _Held:
    """A client's socket that buffers writes until `flush`, or up to _HELD_LIMIT bytes."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._held = bytearray()

    def sendall(self, data: bytes) -> None:
        """Buffer the bytes; send everything when there are too many."""
        self._held += data
        if len(self._held) > _HELD_LIMIT:
            self.flush()

    def flush(self) -> None:
        """Send the buffer."""
        if self._held:
            data, self._held = self._held, bytearray()
            sent = self._sock.send(data)
            if sent < len(data):
                self._sock.sendall(memoryview(data)[sent:])

    def __getattr__(self, name: str) -> Any:
        self.flush()  # any other use of the socket comes after the buffered bytes
        return getattr(self._sock, name)
