"""The platform's identity, read from the database when it is first needed: the api starts without a database."""

import logging
from typing import Final

import gevent
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.platform import identity as platform_identity
from payments.platform.clock import Clock
from payments.platform.identity import Platform

PATIENCE: Final = 0.3
"""Seconds that a request waits for the first read; without an identity Redis is skipped."""
LEFT_OUT: Final = 1.0
"""Seconds between two attempts."""

_log = logging.getLogger(__name__)


class Identity:
    """Returns the platform once it was read. Until then one greenlet at a time reads it, at most once a second."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._found: Platform | None = None
        self._reading: gevent.Greenlet[[], None] | None = None
        self._next_at = 0.0

    def __call__(self) -> Platform | None:
        """The platform, or None while it is not known; waits at most PATIENCE. Never raises."""
        if self._found is None:
            self._read()
        return self._found

    def _read(self) -> None:
        if self._reading is None:
            if self._clock() < self._next_at:
                return
            self._reading = gevent.spawn(self._find)
        self._reading.join(timeout=PATIENCE)

    def _find(self) -> None:
        try:
            with self._engine.connect().execution_options(reading=True) as connection, connection.begin():
                self._found = platform_identity.find(connection)
        except SQLAlchemyError as error:
            _log.warning("platform_unread", extra={"error": type(error).__name__})
        finally:
            self._reading = None
            self._next_at = self._clock() + LEFT_OUT
