"""What people and housekeeping do with dead letters: replay, discard. Each action is noted with who did it."""

import logging
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Engine

from payments import crash_points
from payments.adapters import dead_letter_changes, dead_letter_store
from payments.adapters.clock import database_now
from payments.adapters.dead_letter_store import DeadLetter
from payments.domain.errors import DeadLetterConflict, NotFound
from payments.service.operators import note_action
from payments.service.reading import dead_letter

HOUSEKEEPING: Final = "housekeeping"
RETRY_BATCH: Final = 100
"""Letters that housekeeping replays in one round, so that its other tasks have their turn."""
PAGE: Final = 500

_log = logging.getLogger(__name__)


def replay(connection: Connection, letter_id: int, actor: str) -> dict[str, Any]:
    """Send the letter's message once more, in the caller's transaction; returns the letter as it is shown.

    Raises NotFound, or DeadLetterConflict when it is not OPEN or too large to be published.
    """
    letter = _open_letter(connection, letter_id)
    if letter.too_large:
        raise DeadLetterConflict(f"The message of dead letter {letter_id} is too large to be published again.")
    dead_letter_changes.start_replay(connection, letter, database_now(connection))
    note_action(connection, actor, "dead_letter.replay", f"dead letter {letter_id}", f"attempt {letter.attempts + 1}")
    crash_points.reach("in_replay")
    return dead_letter(connection, letter_id)


def discard(connection: Connection, letter_id: int, reason: str, actor: str) -> dict[str, Any]:
    """Put the letter away for good, in the caller's transaction; returns it as it is shown.

    Raises NotFound, or DeadLetterConflict when it is not OPEN.
    """
    _open_letter(connection, letter_id)
    dead_letter_changes.discard(connection, letter_id, reason, database_now(connection))
    note_action(connection, actor, "dead_letter.discard", f"dead letter {letter_id}", reason)
    return dead_letter(connection, letter_id)


def open_ids(engine: Engine, topic: str | None, error_type: str | None) -> Iterator[int]:
    """Ids of the letters that are OPEN now, oldest first, page by page.

    One that is replayed and fails meanwhile does not come again.
    """
    after = 0
    with engine.connect().execution_options(reading=True) as connection:
        last = dead_letter_store.newest_id(connection)
    while after < last:
        with engine.connect().execution_options(reading=True) as connection:
            ids = dead_letter_store.open_ids(
                connection, topic=topic, error_type=error_type, after=after, until=last, most=PAGE
            )
        yield from ids
        after = ids[-1] if len(ids) == PAGE else last


def retry_due(engine: Engine) -> int:
    """Replay the letters whose time has come, by the database's clock; returns how many."""
    with engine.connect().execution_options(reading=True) as connection:
        due = dead_letter_store.due(connection, database_now(connection), RETRY_BATCH)
    count = 0
    for letter_id in due:
        try:
            with engine.begin() as connection:
                replay(connection, letter_id, HOUSEKEEPING)
            count += 1
        except DeadLetterConflict as conflict:  # somebody was faster
            _log.info("dead_letter_not_retried", extra={"letter_id": letter_id, "reason": conflict.message})
    return count


def _open_letter(connection: Connection, letter_id: int) -> DeadLetter:
    letter = dead_letter_changes.lock(connection, letter_id)
    if letter is None:
        raise NotFound(f"There is no dead letter {letter_id}.")
    if letter.state != "OPEN":
        raise DeadLetterConflict(f"Dead letter {letter_id} is {letter.state}, not OPEN.")
    return letter
