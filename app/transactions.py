"""Transactions of all requests but money requests: one snapshot for each GET, one write for an operator's action.

Both run on Flask-SQLAlchemy's session and are answered before the request's deadline, or with 503.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import gevent
from flask import g
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from app import messages
from app.services import services
from payments.platform.database import Failure, begin_snapshot, classify, took_too_long
from payments.platform.errors import OutcomeUnknown, ServiceUnavailable

T = TypeVar("T")
_AGAIN: Final = (Failure.LOST, Failure.BUSY)
_HELD: Final = (Failure.BUSY, Failure.LOCKED)
"""Another transaction has what this one needs: nothing of this one was done, and it may be tried again."""
_PAUSE: Final = 0.05
"""Seconds between two attempts then."""

_log = logging.getLogger(__name__)


def read(function: Callable[[Connection], T]) -> T:
    """Run `function` in a snapshot; returns its result.

    Raises ServiceUnavailable when the database does not answer before the deadline.
    """
    return _in_time(lambda: _twice(function))


def read_back(function: Callable[[Connection], T]) -> T:
    """As `read`, of what this request has written.

    Raises OutcomeUnknown in place of ServiceUnavailable, which says that nothing was done.
    """
    try:
        return read(function)
    except ServiceUnavailable:
        raise OutcomeUnknown(messages.DONE_AND_NOT_SHOWN) from None


def read_list(function: Callable[[Connection], T]) -> T:
    """As `read`, for many rows: few at once, so that payments do not wait (app.http.list_slots)."""

    def run() -> T:
        with services().lists.hold():
            return _twice(function)

    return _in_time(run)


def write(function: Callable[[Connection], T]) -> T:
    """Run `function` and commit; returns its result. Raises ServiceUnavailable like `read`.

    Waits for rows that others have locked. Never retries after a lost connection. Raises OutcomeUnknown when the
    commit failed.
    """
    return _in_time(lambda: _when_free(function))


def _in_time(run: Callable[[], T]) -> T:
    # a plain Timeout, because SQLAlchemy drops a connection in mid-reply only for a BaseException
    timeout = gevent.Timeout.start_new(max(g.deadline - time.monotonic(), 0))
    try:
        return run()
    except gevent.Timeout as fired:
        if fired is not timeout:
            raise
        raise ServiceUnavailable(messages.NO_ANSWER_IN_TIME) from None
    finally:
        timeout.close()


def _twice(function: Callable[[Connection], T]) -> T:
    for again in (True, False):
        try:
            return _attempt(function, reading=True)
        except SQLAlchemyError as error:
            if classify(error) not in _AGAIN:
                raise
            # a statement that took too long would again, and may still be running
            too_long = took_too_long(error)
            _log.warning("read_failed", extra={"error": type(error).__name__, "again": again and not too_long})
            if too_long:
                raise ServiceUnavailable(messages.READ_TOO_LONG) from None
        # a pooled connection dies with its server; a new one reaches the new server
    raise ServiceUnavailable(messages.NO_ANSWER)


def _when_free(function: Callable[[Connection], T]) -> T:
    while True:
        try:
            return _attempt(function, reading=False)
        except SQLAlchemyError as error:
            failure = classify(error)
            if failure is Failure.LOST:
                raise ServiceUnavailable(messages.NOTHING_DONE) from None
            if failure not in _HELD:
                raise
        gevent.sleep(_PAUSE)


def _attempt(function: Callable[[Connection], T], *, reading: bool) -> T:
    session = services().database.session
    try:
        connection = session.connection(execution_options={"reading": reading})
        if reading:
            begin_snapshot(connection)
        found = function(connection)
        if not reading:
            _commit(session, connection)
        return found
    finally:
        session.remove()  # here, and not at the end of every request: money requests have none


def _commit(session: Any, connection: Connection) -> None:
    try:
        session.commit()
    except (SQLAlchemyError, gevent.Timeout) as error:
        connection.invalidate()  # an open transaction must not return to the pool
        _log.warning("commit_failed", extra={"error": type(error).__name__})
        raise OutcomeUnknown(messages.COMMIT_UNKNOWN) from error
