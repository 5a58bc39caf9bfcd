"""Housekeeping's task "acquirer": rounds of enquiries, whose answers payments conclude."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import orjson
from sqlalchemy import Engine

from payments.acquiring.connector import Kind
from payments.acquiring.enquiries import AT_ONCE, Enquiries
from payments.acquiring.gate import Gate
from payments.acquiring.operation import StoredOperation
from payments.acquiring.rules import Learned, Told
from payments.acquiring.simulator import SimulatorConnector
from payments.breaker.rules import State
from payments.metrics import SHOWN_STATES, AcquirerMetrics
from payments.payment.commands import Command, conclude
from payments.payment.execution import execute
from payments.platform.clock import Clock, monotonic
from payments.platform.connectors import ConnectorName
from payments.platform.errors import AcquirerUnavailable
from payments.platform.trusted_clock.guard import Now

CONCLUDE_SECONDS: Final = 2.0
"""For one batch, retries included. What is not stored by then is asked about again."""
Pause = Callable[[float], None]

_log = logging.getLogger(__name__)


def gates(acquirer: tuple[str, str, str | None] | None) -> dict[str, Gate]:
    """The configured acquirers by the names of their connectors. `acquirer`: its URL, our key there, its CA file.

    Raises ValueError for a URL that is none.
    """
    if acquirer is None:
        return {}
    url, key, ca = acquirer
    return {ConnectorName.SIMULATOR: Gate(SimulatorConnector(url, key, AT_ONCE, ca))}


class Acquirers:
    """The configured acquirers, and what is shown of them."""

    def __init__(
        self,
        engine: Engine,
        gates: Mapping[str, Gate],
        metrics: AcquirerMetrics,
        now: Now,
        pause: Pause,
        stopping: Callable[[], bool],
    ) -> None:
        """`gates`: by the names of their connectors."""
        self._gates = gates
        self._metrics = metrics
        conclude = partial(conclude_all, engine, clock=monotonic, pause=pause)
        self._enquiries = Enquiries(engine, gates, conclude, now, stopping, self._note)

    def round(self) -> bool:
        """One round of enquiries; as `Enquiries.round`."""
        try:
            return self._enquiries.round()
        finally:
            for name, gate in self._gates.items():
                for state in SHOWN_STATES:
                    self._metrics.breaker_state.labels(name, state.lower()).set(state is _shown(gate))

    def _note(self, kind: Kind, learned: Learned) -> None:
        self._metrics.operations.labels(kind.value, learned.lower()).inc()


def conclude_all(engine: Engine, told: Sequence[tuple[StoredOperation, Told]], clock: Clock, pause: Pause) -> list[str]:
    """Store what was told, in one transaction if possible; returns the references of what could not be stored."""
    try:
        commands = [_command(operation, each) for operation, each in told]
        results = execute(engine, commands, clock() + CONCLUDE_SECONDS, clock, pause)
    except Exception:  # noqa: BLE001  (a row that cannot even be read must not keep the others of its batch)
        if len(told) == 1:
            _log.exception("not_concluded", extra={"reference": told[0][1].reference})
            return [told[0][1].reference]
        half = len(told) // 2
        return conclude_all(engine, told[:half], clock, pause) + conclude_all(engine, told[half:], clock, pause)
    ended = zip(told, results, strict=True)
    # what was certainly not sent is an error for the request that waits for it, and stored
    return [
        each.reference
        for (_, each), result in ended
        if result.error is not None and not isinstance(result.error, AcquirerUnavailable)
    ]


def _command(operation: StoredOperation, told: Told) -> Command:
    headers = orjson.loads(operation.headers)
    return conclude(operation.merchant_id, operation.payment_id, told, operation.request_id, headers)


def _shown(gate: Gate) -> State:
    """The breaker's state; OPEN no longer than it refuses calls, also where nothing is due that could close it."""
    return State.HALF_OPEN if gate.state is State.OPEN and not gate.is_shut else gate.state
