"""Operators' orders to the breaker: read from the database in their order, carried out, and answered there."""

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

LOOK_INTERVAL: Final = 0.2
"""Whoever gave the order waits for a second."""

_log = logging.getLogger(__name__)


class Orders:
    """The orders of one reign. Called by the thread that makes the calls: an order never overtakes a call."""

    def __init__(self, engine: Engine, breaker: Breaker, held: Lease, clock: Clock = monotonic) -> None:
        self._engine = engine
        self._breaker = breaker
        self._lease = held
        self._clock = clock
        self._look_at = clock()
        self._outcomes: dict[int, str] = {}

    def carry_out(self) -> bool:
        """Carry out what is new, when it is time to look. False: the lease is lost.

        Raises sqlalchemy errors; an order already carried out is then only answered the next time.
        """
        if self._clock() < self._look_at:
            return True
        self._look_at = self._clock() + LOOK_INTERVAL
        with self._engine.connect().execution_options(reading=True) as connection:
            commands = breaker_store.next_commands(connection, BREAKER, self._breaker.applied_command_id)
        return all(self._answer(command) for command in commands)

    def _answer(self, command: BreakerCommand) -> bool:
        if command.command_id not in self._outcomes:
            moved = self._breaker.move(command.to_state, command.reason, command.actor)
            self._outcomes[command.command_id] = "applied" if moved else "not_allowed"
        outcome = self._outcomes[command.command_id]
        applied = max(command.command_id, self._breaker.applied_command_id)
        with self._engine.begin() as connection:  # the row first: who sees the outcome sees the state, too
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
