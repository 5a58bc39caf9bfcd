"""Operators' commands to the breaker: reads them from the database in order, applies them, stores outcomes."""

import logging
from dataclasses import replace
from typing import Final

from sqlalchemy import Engine

from payments.breaker import store as breaker_store
from payments.breaker.guard import Breaker
from payments.breaker.rules import BREAKER
from payments.breaker.store import BreakerCommand
from payments.outbox.lease import Lease
from payments.platform.clock import Clock, monotonic

POLL_INTERVAL: Final = 0.2
"""Seconds between two reads: the API waits up to one second for the outcome."""

_log = logging.getLogger(__name__)


class BreakerCommands:
    """Applies commands during one lease term, in the thread that makes the calls: a command never overtakes a call."""

    def __init__(self, engine: Engine, breaker: Breaker, held: Lease, clock: Clock = monotonic) -> None:
        self._engine = engine
        self._breaker = breaker
        self._lease = held
        self._clock = clock
        self._poll_at = clock()
        self._outcomes: dict[int, str] = {}

    def carry_out(self) -> bool:
        """Apply new commands, when POLL_INTERVAL has passed. False: the lease is lost.

        Raises sqlalchemy errors; a command that was applied by then is only answered the next time.
        """
        if self._clock() < self._poll_at:
            return True
        self._poll_at = self._clock() + POLL_INTERVAL
        with self._engine.connect().execution_options(reading=True) as connection:
            commands = breaker_store.next_commands(connection, BREAKER, self._breaker.applied_command_id)
        return all(self._answer(command) for command in commands)

    def _answer(self, command: BreakerCommand) -> bool:
        if command.command_id not in self._outcomes:
            moved = self._breaker.move(command.to_state, command.reason, command.actor)
            self._outcomes[command.command_id] = "applied" if moved else "not_allowed"
        outcome = self._outcomes[command.command_id]
        applied = max(command.command_id, self._breaker.applied_command_id)
        with self._engine.begin() as connection:  # the row first: a reader who sees the outcome sees the state, too
            row = replace(self._breaker.observe(), applied_command_id=applied)
            if not (
                breaker_store.save(connection, row, self._lease)
                and breaker_store.mark_command(connection, command.command_id, outcome, self._lease)
            ):
                return False
        self._breaker.applied_command_id = applied
        del self._outcomes[command.command_id]
        _log.info("breaker_ordered", extra={"to": command.to_state, "actor": command.actor, "outcome": outcome})
        return True
