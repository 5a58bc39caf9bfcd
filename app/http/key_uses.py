"""Writes the calls of keys every few seconds, in a greenlet, and once more at the end: no request waits for it."""

import logging
from collections.abc import Callable, Sequence
from typing import Final

import gevent
from gevent.event import Event
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.merchants import use_store
from payments.merchants.use import Uses
from payments.merchants.use_store import Calls

INTERVAL: Final = 10.0
"""Seconds."""
STOP_WITHIN: Final = 2.0
"""Seconds for the last calls to be written when the worker ends."""
_PAUSE: Final = 0.05
"""Seconds between two attempts at the end: another process may be writing."""

_log = logging.getLogger(__name__)


class KeyUses:
    """Writes what a process has counted. Starts nothing before `start`."""

    def __init__(self, uses: Uses, write: Callable[[Sequence[Calls]], None]) -> None:
        """`write` may raise sqlalchemy errors: then the calls are kept for the next time."""
        self._uses = uses
        self._write = write
        self._ended = Event()
        self._greenlet: gevent.Greenlet[[], None] | None = None
        self._fails = False

    def start(self) -> None:
        """Write every INTERVAL until `stop`."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> None:
        """Write the last calls, after the last request; those that are not written within STOP_WITHIN are lost."""
        self._ended.set()
        with gevent.Timeout(STOP_WITHIN, False):  # type: ignore[arg-type]  # gevent's stubs lack False: leave the block, raise nothing
            if self._greenlet is not None:
                self._greenlet.join()
            while not self.flush():
                gevent.sleep(_PAUSE)
        if lost := self._uses.unwritten:
            _log.error("key_uses_lost", extra={"calls": lost})

    def flush(self) -> bool:
        """Write what was counted; False when the database did not take it."""
        try:
            self._uses.flush(self._write)
        except SQLAlchemyError as error:
            if not self._fails:
                _log.warning("key_uses_not_written", extra={"error": type(error).__name__})
            self._fails = True
            return False
        self._fails = False
        if lost := self._uses.forget_uncounted():
            _log.error("key_uses_lost", extra={"calls": lost})
        return True

    def _run(self) -> None:
        while not self._ended.wait(INTERVAL):
            try:
                self.flush()
            except Exception:  # noqa: BLE001  (a bug in one round must not end all)
                _log.exception("key_uses_crashed")


def writer_to(engine: Engine) -> Callable[[Sequence[Calls]], None]:
    """Adds calls in a transaction of their own. A pooled connection that died with its server fails once."""

    def write(batch: Sequence[Calls]) -> None:
        with engine.begin() as connection:
            use_store.add(connection, batch)

    return write
