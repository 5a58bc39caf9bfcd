"""Clients' connections: how long one may be idle, which idle one is closed first, and how one is closed.

Knows nothing of HTTP: a connection is idle from `first_bytes` until something arrives.
"""

import fcntl
import socket
import termios
from contextlib import suppress
from typing import Any, Final

import gevent

WRITTEN_WITHIN: Final = 10.0
"""Seconds for a client to receive one write, or to send more of a body."""
LINGER: Final = 1.0
"""Seconds for a client to finish sending after the close: else a reset would destroy its answer."""
_CHUNK: Final = 8192


class IdleConnections:
    """Connections that wait for a request, the longest idle first."""

    def __init__(self) -> None:
        self._used: dict[Any, bool] = {}

    def first_bytes(self, client: Any, seconds: float, *, used: bool) -> bytes:
        """The first bytes of the next request; empty when nothing came in time or either side closed the connection.

        `used`: whether the connection has had a request before; then its client expects that it may be closed.
        """
        self._used[client] = used
        client.settimeout(seconds)
        try:
            data: bytes = client.recv(_CHUNK)
        except TimeoutError:
            return b""
        finally:
            del self._used[client]
            client.settimeout(WRITTEN_WITHIN)
        return data

    def close_longest(self) -> None:
        """Close the connection that has been idle longest, if there is one that is not the gateway's."""
        for client in list(self._used):
            if not of_gateway(client) and _close_idle(client):
                return

    def close_all(self, *, unused: bool, gateways: bool = False) -> None:
        """Close all that had a request before; with `unused` also those that had none, with `gateways` also its own."""
        for client, used in list(self._used.items()):
            if (used or unused) and (gateways or not of_gateway(client)):
                _close_idle(client)


def of_gateway(client: Any) -> bool:
    """Whether it is a connection of the gateway, which alone uses unix sockets, and closes idle ones itself.

    It sends no request again, so one that comes while its connection is closed would be lost.
    """
    return bool(client.family == socket.AF_UNIX)


def _close_idle(client: Any) -> bool:
    """Close a connection, unless a request has just arrived. `first_bytes` then returns nothing."""
    with suppress(OSError):
        if fcntl.ioctl(client, termios.FIONREAD, bytes(4)) == bytes(4):
            client.shutdown(socket.SHUT_RDWR)
            return True
    return False


def close(client: Any) -> None:
    """Close a connection so that its client receives everything sent; discards what it still sends."""
    with suppress(OSError), gevent.Timeout(LINGER, False):  # type: ignore[arg-type]  # gevent's stubs lack False: leave the block, raise nothing
        client.shutdown(socket.SHUT_WR)
        while client.recv(_CHUNK):
            pass
    client.close()
