"""gunicorn's gevent worker, except that an answer's head and body leave in one write instead of two.

A write wakes whoever reads, which costs more than most that Flask does for a request. Knows nothing of payments.
"""

from typing import Any, Final

from gunicorn.workers.ggevent import GeventWorker

_MOST_HELD: Final = 64 * 1024
"""Bytes; what is larger is sent on as it comes."""


class WebWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """Named by `worker_class` in gunicorn.conf.py."""

    def handle_request(self, listener_name: Any, req: Any, sock: Any, addr: Any) -> None:
        """Serve one request of a connection."""
        held = _Held(sock)
        try:
            super().handle_request(listener_name, req, held, addr)
        finally:
            held.flush()


class _Held:
    """A client's socket that keeps what is written until `flush`, or until it is much."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._held = bytearray()

    def sendall(self, data: bytes) -> None:
        """Keep it, unless it is much."""
        self._held += data
        if len(self._held) > _MOST_HELD:
            self.flush()

    def flush(self) -> None:
        """Send what is kept."""
        if self._held:
            data, self._held = self._held, bytearray()
            self._sock.sendall(data)

    def __getattr__(self, name: str) -> Any:
        self.flush()  # whatever else is done with the socket comes after what was written
        return getattr(self._sock, name)
