"""Use cases of dead letters: replay, discard, automatic retries. Each action is logged with its actor."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from payments import crash_points
from payments.dead_letters import changes as dead_letter_changes
from payments.dead_letters import store as dead_letter_store
from payments.dead_letters.view import DeadLetter, dead_letter
from payments.platform.clock import database_now
from payments.platform.database import Failure, classify
from payments.platform.errors import DeadLetterConflict, NotFound
from payments.platform.operators import HOUSEKEEPING, note_action
from payments.platform.states import DeadLetterState

RETRY_BATCH: Final = 100
"""Dead letters that housekeeping replays in one round, so that its other tasks run, too."""
RETRY_TRIES: Final = 500
"""Dead letters that it tries to replay in one round; failed ones do not count among the RETRY_BATCH."""
RETRY_PAUSE: Final = timedelta(minutes=5)
"""The time from a failed retry to the next one; meanwhile others are due first."""
PAGE: Final = 500
_SERVICE_IS_AWAY: Final = (Failure.LOST, Failure.BUSY)
"""Failures that are not about one dead letter; they end the round."""

_log = logging.getLogger(__name__)


def replay(connection: Connection, letter_id: int, actor: str) -> DeadLetter:
    """Publish a dead letter's message again, in the caller's transaction; returns the dead letter.

    Raises NotFound, or DeadLetterConflict when it is not OPEN or too large to be published.
    """
    letter = _open_dead_letter(connection, letter_id)
    _start(connection, letter, actor)
    return dead_letter(connection, letter_id)


def _start(connection: Connection, letter: dead_letter_store.DeadLetter, actor: str) -> None:
    letter_id = letter.letter_id
    if letter.too_large:
        raise DeadLetterConflict(f"The message of dead letter {letter_id} is too large to be published again.")
    dead_letter_changes.start_replay(connection, letter, database_now(connection))
    note_action(connection, actor, "dead_letter.replay", f"dead letter {letter_id}", f"attempt {letter.attempts + 1}")
    crash_points.reach("in_replay")


def discard(connection: Connection, letter_id: int, reason: str, actor: str) -> DeadLetter:
    """Discard a dead letter, in the caller's transaction; returns it.

    Raises NotFound, or DeadLetterConflict when it is not OPEN.
    """
    _open_dead_letter(connection, letter_id)
    dead_letter_changes.discard(connection, letter_id, reason, database_now(connection))
    note_action(connection, actor, "dead_letter.discard", f"dead letter {letter_id}", reason)
    return dead_letter(connection, letter_id)


def open_ids(engine: Engine, topic: str | None, error_type: str | None) -> Iterator[int]:
    """Ids of the dead letters that are OPEN now, oldest first, page by page.

    One that is replayed and fails meanwhile is not repeated.
    """
    after = 0
    with engine.connect().execution_options(reading=True) as connection:
        last = dead_letter_store.newest_id(connection)
    while after < last:
        with engine.connect().execution_options(reading=True) as connection:
            ids = dead_letter_store.open_ids(
                connection, topic=topic, error_type=error_type, after=after, until=last, limit=PAGE
            )
        yield from ids
        after = ids[-1] if len(ids) == PAGE else last


def retry_due(engine: Engine) -> int:
    """Replay the dead letters that are due, by the database's clock; returns how many.

    One that cannot be replayed is put off. Raises sqlalchemy errors only when the database does not answer.
    """
    with engine.connect().execution_options(reading=True) as connection:
        due = dead_letter_store.due(connection, database_now(connection), RETRY_TRIES)
    count = 0
    for letter_id in due:
        if count == RETRY_BATCH:
            break
        try:
            with engine.begin() as connection:
                count += _retry(connection, letter_id)
        except (SQLAlchemyError, DeadLetterConflict) as error:
            if classify(error) in _SERVICE_IS_AWAY:
                raise
            _log.warning("dead_letter_not_retried", extra={"letter_id": letter_id, "error": str(error)})
            _put_off(engine, letter_id)
    return count


def _retry(connection: Connection, letter_id: int) -> bool:
    """False: it is locked by another transaction, or no longer due."""
    letter = dead_letter_changes.lock(connection, letter_id, wait=False)
    if letter is None or letter.state != DeadLetterState.OPEN or letter.next_retry_at is None:
        return False
    if letter.next_retry_at > database_now(connection):
        return False
    _start(connection, letter, HOUSEKEEPING)
    return True


def _put_off(engine: Engine, letter_id: int) -> None:
    try:
        with engine.begin() as connection:
            dead_letter_changes.put_off(connection, letter_id, database_now(connection) + RETRY_PAUSE)
    except SQLAlchemyError as error:
        if classify(error) in _SERVICE_IS_AWAY:
            raise
        _log.warning("dead_letter_not_put_off", extra={"letter_id": letter_id, "error": str(error)})


def _open_dead_letter(connection: Connection, letter_id: int) -> dead_letter_store.DeadLetter:
    letter = dead_letter_changes.lock(connection, letter_id)
    if letter is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    if letter.state != DeadLetterState.OPEN:
        raise DeadLetterConflict(f"Dead letter {letter_id} is {letter.state}, not OPEN.")
    return letter
