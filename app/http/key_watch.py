"""Asks twice a second for the epoch of keys, in a greenlet: a revoked key opens nothing a second later.

Not on the request's way: a request never waits for it.
"""

import logging
from collections.abc import Callable
from typing import Final

import gevent
from gevent.event import Event
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.merchants import store
from payments.merchants.verification import Verifier

INTERVAL: Final = 0.5
"""Seconds."""

_log = logging.getLogger(__name__)


class KeyWatch:
    """Tells a Verifier when keys or merchants were changed. Starts nothing before `start`."""

    def __init__(self, verifier: Verifier, read_epoch: Callable[[], int]) -> None:
        """`read_epoch` may raise sqlalchemy errors: then nothing is forgotten, and nothing can have been changed."""
        self._verifier = verifier
        self._read_epoch = read_epoch
        self._ended = Event()
        self._fails = False

    def start(self) -> None:
        """Ask now, and then every INTERVAL until `stop`."""
        gevent.spawn(self._run)

    def stop(self) -> None:
        """Ask no more."""
        self._ended.set()

    def ask(self) -> None:
        """Ask once."""
        try:
            epoch = self._read_epoch()
        except SQLAlchemyError as error:
            if not self._fails:
                _log.warning("key_epoch_unknown", extra={"error": type(error).__name__})
            self._fails = True
            return
        self._fails = False
        self._verifier.set_epoch(epoch)

    def _run(self) -> None:
        while True:
            try:
                self.ask()
            except Exception:  # noqa: BLE001  (a bug in one round must not leave revoked keys at work)
                _log.exception("key_watch_crashed")
            if self._ended.wait(INTERVAL):
                return


def epoch_of(engine: Engine) -> Callable[[], int]:
    """Reads the epoch. A pooled connection that died with its server is replaced in the next round."""

    def read() -> int:
        with engine.connect().execution_options(reading=True) as connection:
            return store.epoch(connection)

    return read
