"""The relay: outbox → Kafka, through the circuit breaker. One is active, others stand by until its lease is free."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from payments import crash_points
from payments.breaker import store as breaker_store
from payments.breaker.guard import Breaker
from payments.breaker.rules import BREAKER
from payments.breaker.store import BreakerRow
from payments.metrics import RelayMetrics
from payments.outbox import lease
from payments.outbox.lease import Lease
from payments.platform.clock import Clock, monotonic
from payments.platform.kafka.producer import Publisher
from payments.platform.tracing.traces import NoTraces, Traces
from worker.publication.breaker_commands import BreakerCommands
from worker.publication.delivery import Delivery, LeaseTerm
from worker.publication.fencing import LeaseLost
from worker.publication.heartbeat import Heartbeat

LEASE: Final = "relay"
STAND_BY_SECONDS: Final = 0.5
"""Seconds between two attempts to acquire the lease."""
DATABASE_PAUSE: Final = 0.5
"""Seconds before the database is tried again."""

BreakerMaker = Callable[[BreakerRow | None], Breaker]
"""Makes the breaker of a lease term from the row that the previous one stored."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RelayTimes:
    """Seconds: the length of the lease, and the timeouts of a call and a probe."""

    lease: float
    call_timeout: float
    probe_timeout: float


class Relay:
    """Runs until `stop` is set; then gives the lease back."""

    def __init__(
        self,
        engine: Engine,
        publisher: Publisher,
        make_breaker: BreakerMaker,
        metrics: RelayMetrics,
        times: RelayTimes,
        stop: threading.Event,
        park_after: int = 5,
        clock: Clock = monotonic,
        traces: Traces | None = None,
    ) -> None:
        """`engine` needs two connections: one for the deliveries, one for the heartbeat.

        An event that Kafka refuses `park_after` times waits for an operator.
        """
        self._engine = engine
        self._publisher = publisher
        self._make_breaker = make_breaker
        self._metrics = metrics
        self._times = times
        self._stop = stop
        self._park_after = park_after
        self._clock = clock
        self._traces = traces or NoTraces()
        self._holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"[-128:]

    def run(self) -> None:
        """Stand by for the lease, publish while it is held, and so on until stopped."""
        _log.info("relay_started", extra={"holder": self._holder})
        while not self._stop.is_set():
            try:
                asked_at = self._clock()
                held, before = self._ask_for_lease()
            except SQLAlchemyError as error:
                self._database_failed(error)
                continue
            if held is None:
                self._stop.wait(STAND_BY_SECONDS)
            else:
                self._serve_term(held, before, asked_at)
        _log.info("relay_stopped", extra={"holder": self._holder})

    def _ask_for_lease(self) -> tuple[Lease | None, BreakerRow | None]:
        with self._engine.begin() as connection:
            held = lease.acquire(connection, LEASE, self._holder, self._times.lease)
            return held, breaker_store.get(connection, BREAKER) if held else None

    def _serve_term(self, held: Lease, before: BreakerRow | None, asked_at: float) -> None:
        _log.info("relay_active", extra={"fence": held.fence})
        crash_points.reach("in_lease_take_over")
        breaker = self._make_breaker(before)
        heartbeat = Heartbeat(
            self._engine,
            held,
            seconds=self._times.lease,
            asked_at=asked_at,
            observe=breaker.observe,
            clock=self._clock,
        )
        breaker.subscribe(heartbeat.wake)
        heartbeat.start()
        try:
            self._deliver(LeaseTerm(held, heartbeat, breaker))
        finally:
            self._publisher.purge()
            heartbeat.end()
            breaker.retire()
            self._give_back(held)

    def _deliver(self, term: LeaseTerm) -> None:
        def ended() -> bool:
            return self._stop.is_set() or term.heartbeat.lost.is_set()

        longest_call = self._times.call_timeout + self._times.probe_timeout
        breaker_commands = BreakerCommands(self._engine, term.breaker, term.lease, self._clock)
        delivery = Delivery(
            self._engine,
            self._publisher,
            self._metrics,
            term,
            longest_call=longest_call,
            ended=ended,
            park_after=self._park_after,
            clock=self._clock,
            traces=self._traces,
        )
        while not ended():
            try:
                if not breaker_commands.carry_out():
                    break
                self._stop.wait(delivery.run_once())
            except SQLAlchemyError as error:
                self._database_failed(error)
            except LeaseLost:
                break
        if not self._stop.is_set():
            _log.warning("lease_lost", extra={"fence": term.lease.fence})

    def _give_back(self, held: Lease) -> None:
        try:
            with self._engine.begin() as connection:
                lease.give_back(connection, held)
        except SQLAlchemyError as error:
            _log.warning("lease_not_given_back", extra={"error": str(getattr(error, "orig", error))})

    def _database_failed(self, error: SQLAlchemyError) -> None:
        _log.warning("database_failed", extra={"error": str(getattr(error, "orig", error))})
        self._stop.wait(DATABASE_PAUSE)
