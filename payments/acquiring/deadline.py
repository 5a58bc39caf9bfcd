"""A deadline for calls over sockets that holds however slowly bytes trickle in: each begins a socket's time-out anew.

A timer shuts the socket down, which ends what waits for it: a thread, or a greenlet where gevent has patched.
"""

import contextlib
import socket
import threading
from typing import Self

from payments.platform.clock import monotonic


class Deadline:
    """Begins with the block. Looking up a host's name is not cut off; it only counts."""

    def __init__(self, seconds: float) -> None:
        """`seconds`: of all of the call."""
        self._end = monotonic() + seconds
        self._changes = threading.Lock()
        self._line: socket.socket | None = None
        self._passed = self._stopped = False
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Start."""
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop; the socket may be used again."""
        self.met()

    def remaining(self) -> float:
        """Seconds; negative when it is over."""
        return self._end - monotonic()

    def watch(self, line: socket.socket) -> None:
        """Shut this down when the time is over, also if it is already."""
        with self._changes:
            self._line = line
            if self._passed:
                _shut_down(line)

    def met(self) -> bool:
        """Stop. False: it was over, and the socket is shut down."""
        with self._changes:
            self._stopped = True
        self._timer.cancel()
        return not self._passed

    def _pass(self) -> None:
        with self._changes:
            if self._stopped:
                return
            self._passed = True
            if self._line is not None:
                _shut_down(self._line)


def _shut_down(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side has closed it meanwhile
        line.shutdown(socket.SHUT_RDWR)
