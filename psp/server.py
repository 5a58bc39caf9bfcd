"""The WSGI server: a greenlet for each connection, so that hundreds of requests can be kept waiting.

It writes no line of a request to the log: a request line may hold a card number.
"""

import json
import logging
import socket
from http import HTTPStatus
from typing import Any, Final

import gevent
from flask import Flask
from gevent.pool import Pool
from gevent.pywsgi import WSGIHandler, WSGIServer

from psp import answers
from psp.http.wire import SOCKET, Waits

_log = logging.getLogger(__name__)
CONNECTIONS: Final = 900
"""At the same time; more wait to be accepted. A process may usually have 1,024 files open."""
STOP_WITHIN: Final = 5.0
"""Seconds for requests that have begun, when it stops."""


class Handler(WSGIHandler):
    """One connection."""

    server: "_Listener"

    def handle_one_request(self) -> Any:
        """As gevent's, but what is not HTTP is answered in JSON."""
        result = super().handle_one_request()
        self.server.busy.discard(gevent.getcurrent())
        return (result[0], _refusal(int(result[0]))) if isinstance(result, tuple) else result

    def get_environ(self) -> dict[str, Any]:
        """Also the socket, for faults. From here on a stop waits for the request."""
        self.server.busy.add(gevent.getcurrent())
        environ: dict[str, Any] = super().get_environ()
        environ[SOCKET] = self.socket
        return environ

    def handle_error(self, t: Any, v: Any, tb: Any) -> None:
        """As gevent's; but a request that a stop cuts off has no answer."""
        if issubclass(t, gevent.GreenletExit):
            self.close_connection = True
        else:
            super().handle_error(t, v, tb)

    def log_error(self, *_: Any) -> None:
        """That something was no HTTP, without what it was."""
        _log.warning("not_http")


class _Listener(WSGIServer):
    """gevent's server, with the greenlets whose request has begun."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.busy: set[Any] = set()


class Server:
    """The server of an application."""

    def __init__(self, address: tuple[str, int], app: Flask, waits: Waits) -> None:
        """Nothing listens yet."""
        self._waits = waits
        self._pool = Pool(CONNECTIONS)
        self._server = _Listener(
            address, app, spawn=self._pool, handler_class=Handler, log=None, error_log=_log, backlog=1024
        )

    def start(self) -> None:
        """Listen and serve in the background. Raises OSError when the address is taken."""
        self._server.init_socket()
        # for the sockets that it accepts: an answer is two writes, and the second would wait 40 ms for the caller's ACK
        self._server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._server.start()

    @property
    def port(self) -> int:
        """Where it listens, once it does."""
        return int(self._server.address[1])

    def stop(self) -> None:
        """Accept nothing more, end idle connections and those that a fault keeps waiting, and finish the others."""
        self._server.close()
        self._waits.end()
        gevent.killall([one for one in self._pool if one not in self._server.busy])
        if not self._pool.join(STOP_WITHIN):
            _log.error("requests_cut_off", extra={"number": len(self._pool)})
        self._pool.kill()


def _refusal(status: int) -> bytes:
    body = json.dumps(
        answers.error("VALIDATION_FAILED", "This is not an HTTP request that can be understood.")
    ).encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
