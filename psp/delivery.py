"""Delivers events to the caller's address, and decides what is due meanwhile. One loop; ends with its greenlet."""

import http.client
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import gevent
from gevent.threadpool import ThreadPool

from psp import clock, events
from psp.acquirer import Acquirer
from psp.clock import Clock
from psp.events import Sending
from psp.writer import Writer

_log = logging.getLogger(__name__)
INTERVAL: Final = 0.2
"""Seconds between two looks at what is due."""
AT_ONCE: Final = 8
"""Events that are under way at the same time."""
SEND_WITHIN: Final = 5.0
"""Seconds for the receiver to answer."""
_Result = tuple[Sending, bool, str]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where events go, and the secret that signs them."""

    url: str
    secret: str

    def send(self, event: Sending) -> _Result:
        """Send an event, as often as it has copies. Any 2xx takes it; redirections are not followed."""
        taken, answer = False, ""
        for _ in range(event.copies):
            try:
                status = self._post(event)
            except (OSError, http.client.HTTPException) as error:
                return event, taken, type(error).__name__
            taken, answer = taken or 200 <= status < 300, str(status)
        return event, taken, answer

    def _post(self, event: Sending) -> int:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        body = event.body.encode()
        headers = {
            "Content-Type": "application/json",
            events.EVENT_ID: event.id,
            events.SIGNATURE: events.signature(self.secret, clock.machine() // clock.SECOND, body),
        }
        connection = kind(parts.hostname or "", parts.port, timeout=SEND_WITHIN)
        try:
            connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


class Delivery:
    """The loop."""

    def __init__(self, writer: Writer, acquirer: Acquirer, clock_: Clock, receiver: Receiver | None) -> None:
        """Without a receiver it only decides what is due. Nothing runs yet."""
        self._writer = writer
        self._acquirer = acquirer
        self._clock = clock_
        self._receiver = receiver
        self._threads = ThreadPool(AT_ONCE)

    def run(self, pause: Callable[[float], None] = gevent.sleep) -> None:
        """For ever."""
        while True:
            try:
                busy = self.run_once()
            except Exception:  # noqa: BLE001  # the file may be locked or full for a while
                _log.exception("delivery_failed")
                busy = False
            if not busy:
                pause(INTERVAL)

    def run_once(self) -> bool:
        """Decide what is due and send what waits. Returns whether there may be more to send."""
        self._acquirer.decide_due()
        if self._receiver is None:
            return False
        waiting = self._writer.run(
            lambda connection: events.claim(connection, self._clock.look(connection), clock.machine(), AT_ONCE)
        )
        if waiting:
            sent: list[_Result] = self._threads.map(self._receiver.send, waiting)
            self._writer.run(lambda connection: events.note(connection, sent, clock.machine()))
        return len(waiting) == AT_ONCE
