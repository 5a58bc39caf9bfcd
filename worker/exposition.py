"""The HTTP server of a worker: `/metrics`, and `/health` if the worker has one.

One thread serves all connections, so a silent client costs a socket for some seconds, but no thread.
Each connection gets one answer and is closed.
"""

import asyncio
import errno
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from http import HTTPStatus
from threading import Thread
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

Health = Callable[[], tuple[int, dict[str, Any]]]
"""Returns the HTTP status and the JSON object of `/health`."""

LOOPBACK: Final = "127.0.0.1"
REQUEST_SECONDS: Final = 5.0
"""Seconds for a client to send its request, and again to read the answer."""
CONNECTION_LIMIT: Final = 128
"""Beyond this the oldest connection is closed, so that silent clients do not use up file descriptors."""
LONGEST_HEAD: Final = 16 * 1024
"""Bytes of a request's head that are read."""

_log = logging.getLogger(__name__)


class PortTaken(Exception):
    """The address is not available; the text says what to do."""


class Exposition:
    """The running server, until `shutdown`."""

    def __init__(self, registry: CollectorRegistry, health: Health | None) -> None:
        """Nothing listens yet."""
        self._registry = registry
        self._health = health
        self._loop = asyncio.new_event_loop()
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._listening: Future[tuple[str, int]] = Future()
        self._thread = Thread(target=self._run, name="exposition", daemon=True)
        self._ended = asyncio.Event()
        self.server_address: tuple[str, int] = ("", 0)

    def start(self, host: str, port: int) -> None:
        """Listen on `host` and `port` (0: a free one). Raises OSError when that fails."""
        self._host, self._port = host, port
        self._thread.start()
        self.server_address = self._listening.result()

    def shutdown(self) -> None:
        """Close the port and every connection; may be called again."""
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    server_close = shutdown

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._open)

    async def _serve(self) -> None:
        try:
            server = await asyncio.start_server(
                self._connected, self._host, self._port, limit=LONGEST_HEAD, backlog=CONNECTION_LIMIT
            )
        except OSError as error:
            self._listening.set_exception(error)
            return
        self._listening.set_result(server.sockets[0].getsockname()[:2])
        await self._ended.wait()
        server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # a coroutine runs in one
        self._open[task] = writer
        if len(self._open) > CONNECTION_LIMIT:
            next(iter(self._open)).cancel()
        try:
            await self._answer(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()  # silent, slow, closed, or beyond the limit
        finally:
            del self._open[task]
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(REQUEST_SECONDS):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError:
                head = b""
        try:
            reply = self._reply(head.decode("latin-1"))
        except Exception:  # noqa: BLE001  (a bug in a metric or in `health` is logged, and the next one is answered)
            _log.exception("exposition_failed")
            reply = 500, "text/plain", b"See the log.\n"
        writer.write(_response(*reply))
        async with asyncio.timeout(REQUEST_SECONDS):
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    def _reply(self, head: str) -> tuple[int, str, bytes]:
        request, *lines = head.split("\r\n")
        words = request.split(" ")
        if len(words) != 3 or not words[2].startswith("HTTP/"):
            return 400, "text/plain", b"This is not an HTTP request.\n"
        if words[0] != "GET":
            return 405, "text/plain", b"GET only.\n"
        try:
            url = urlsplit(words[1])
        except ValueError:
            return 400, "text/plain", b"This is not a path.\n"
        if url.path == "/health" and self._health is not None:
            status, body = self._health()
            return status, "application/json", json.dumps(body).encode()
        encode, content_type = choose_encoder(_header(lines, "accept"))
        names = parse_qs(url.query).get("name[]")
        return 200, content_type, encode(self._registry.restricted_registry(names) if names else self._registry)


def serve(port: int, registry: CollectorRegistry, health: Health | None = None, host: str = LOOPBACK) -> Exposition:
    """Serve on `host` until `shutdown`; port 0 picks a free one. Raises PortTaken."""
    server = Exposition(registry, health)
    try:
        server.start(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            advice = "is taken; stop what listens there or set WORKER_METRICS_PORT to a free one (0 picks one)."
        else:
            advice = (
                f"of {host} cannot be used ({error.strerror}); WORKER_METRICS_HOST must be an address of this machine."
            )
        raise PortTaken(f"Port {port} {advice}") from error
    _log.info("metrics_served", extra={"host": server.server_address[0], "port": server.server_address[1]})
    return server


def _header(lines: list[str], name: str) -> str:
    """The value of a header, empty when it is absent."""
    return next((value.strip() for key, _, value in (line.partition(":") for line in lines) if key.lower() == name), "")


def _response(status: int, content_type: str, body: bytes) -> bytes:
    phrase = HTTPStatus(status).phrase
    head = f"HTTP/1.1 {status} {phrase}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
