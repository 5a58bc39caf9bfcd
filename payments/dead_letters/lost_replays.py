"""Sets dead letters to OPEN again whose replay was lost: published, and never read by a working ledger.

A replay that is only late is harmless: its event is posted once, and OPEN can become RESOLVED, too.
"""

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from payments.dead_letters import changes as dead_letter_changes
from payments.dead_letters import halt_store, replay_store
from payments.outbox import backlog as backlog_store
from payments.outbox.lease import HEARTBEAT_SECONDS
from payments.platform.clock import database_now
from payments.platform.database import Failure, classify
from payments.platform.operators import HOUSEKEEPING, note_action

BATCH: Final = 100
"""Dead letters that one round opens again."""
LATER_EVENTS: Final = 500
"""Events after a replay among which a posted one is searched."""

_log = logging.getLogger(__name__)


def reopen_lost(engine: Engine, timeout: timedelta) -> int:
    """Open the dead letters whose replay was published `timeout` ago or longer without a result; returns how many.

    Opens none while posting is halted, for `timeout` after that, and while the ledger is silent or has not posted later
    events: then the replay still waits. By the database's clock.
    """
    with engine.connect().execution_options(reading=True) as connection:
        now = database_now(connection)
        ids = replay_store.unanswered(connection, now - timeout, BATCH) if _is_working(connection, now, timeout) else []
    count = 0
    for letter_id in ids:
        try:
            with engine.begin() as connection:
                count += _reopen(connection, letter_id, timeout)
        except SQLAlchemyError as error:  # one dead letter must not block the others
            if classify(error) in (Failure.LOST, Failure.BUSY):
                raise
            _log.warning("dead_letter_not_reopened", extra={"letter_id": letter_id, "error": str(error)})
    return count


def _is_working(connection: Connection, now: datetime, timeout: timedelta) -> bool:
    """A ledger without any heartbeat does not count as silent: dead letters show that one worked."""
    halt = halt_store.newest(connection)
    if halt is not None and (halt.resumed_at is None or halt.resumed_at > now - timeout):
        return False
    heard = backlog_store.lease_renewals(connection).get("ledger")
    return heard is None or heard >= now - min(timeout, timedelta(seconds=HEARTBEAT_SECONDS))


def _reopen(connection: Connection, letter_id: int, timeout: timedelta) -> bool:
    """Check again under the row's lock, then open; False: not lost, or locked by another transaction."""
    letter = dead_letter_changes.lock(connection, letter_id, wait=False)
    if letter is None:
        return False
    now = database_now(connection)
    if not replay_store.is_unanswered(connection, letter_id, now - timeout):
        return False
    if not replay_store.was_passed(connection, letter_id, LATER_EVENTS):
        return False
    replay_store.reopen(connection, letter, now)
    detail = f"the replay was not answered within {timeout.total_seconds():g} s"
    note_action(connection, HOUSEKEEPING, "dead_letter.reopen", f"dead letter {letter_id}", detail)
    _log.warning("dead_letter_replay_lost", extra={"letter_id": letter_id, "attempts": letter.attempts + 1})
    return True
