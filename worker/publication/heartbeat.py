"""Renews the relay's lease and writes its breaker's row, in a thread of its own, also during a long call."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.breaker import store as breaker_store
from payments.breaker.store import BreakerRow
from payments.outbox import lease
from payments.outbox.lease import Lease
from payments.platform.clock import Clock, monotonic

RENEW_INTERVAL: Final = 2.0
ROW_INTERVAL: Final = 0.5

_log = logging.getLogger(__name__)


class Heartbeat:
    """Started by `start`, ended by `end`. `lost` is set when another holder took the lease over."""

    def __init__(
        self,
        engine: Engine,
        held: Lease,
        *,
        seconds: float,
        asked_at: float,
        observe: Callable[[], BreakerRow],
        clock: Clock = monotonic,
    ) -> None:
        """`asked_at`: when the lease of `seconds` was requested, by `clock`; its time counts from then."""
        self._engine = engine
        self._lease = held
        self._seconds = seconds
        self._observe = observe
        self._clock = clock
        self._until = asked_at + seconds
        self._renew_at = asked_at + RENEW_INTERVAL
        self._news = threading.Condition()
        self._woken = False
        self._ending = False
        self.lost = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Start; writes the first row immediately."""
        self._thread.start()

    def end(self) -> None:
        """Stop, and wait until the last write has ended."""
        with self._news:
            self._ending = True
            self._news.notify_all()
        self._thread.join()

    def wake(self) -> None:
        """Write the row now, because the breaker has changed."""
        with self._news:
            self._woken = True
            self._news.notify_all()

    def wait_until_it_has(self, seconds: float, timeout: float) -> bool:
        """Renew if the lease lasts no longer than `seconds`; waits up to `timeout` for that. False: it does not."""
        with self._news:
            if self._left() <= seconds:
                self._renew_at = self._clock()
                self._woken = True
                self._news.notify_all()
            return self._news.wait_for(lambda: self._left() > seconds or self.lost.is_set(), timeout) and (
                not self.lost.is_set()
            )

    def _left(self) -> float:
        return self._until - self._clock()

    def _run(self) -> None:
        try:
            while not self._ending and not self.lost.is_set():
                self._beat()
                with self._news:
                    self._news.wait_for(lambda: self._woken or self._ending, ROW_INTERVAL)
                    self._woken = False
        finally:  # also after an unexpected error: without this thread there is no lease
            with self._news:
                if not self._ending:
                    self.lost.set()
                self._news.notify_all()

    def _beat(self) -> None:
        """Uses two transactions, so that neither locks the lease's row while waiting for the breaker's."""
        asked_at = self._clock()
        renewing = asked_at >= self._renew_at
        try:
            if renewing:
                self._renew(asked_at)
            if not self.lost.is_set():
                with self._engine.begin() as connection:
                    if not breaker_store.save(connection, self._observe(), self._lease):
                        self.lost.set()
        except SQLAlchemyError as error:
            _log.warning("heartbeat_failed", extra={"error": str(getattr(error, "orig", error))})

    def _renew(self, asked_at: float) -> None:
        with self._engine.begin() as connection:
            mine = lease.renew(connection, self._lease, self._seconds)
        if not mine:
            self.lost.set()
            return
        with self._news:
            self._until = asked_at + self._seconds
            self._renew_at = asked_at + RENEW_INTERVAL
            self._news.notify_all()
