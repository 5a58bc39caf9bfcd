"""Use cases of the circuit breaker: show it, and ask the relay for a transition. Only the relay changes its state."""

from typing import Any

from sqlalchemy import Connection

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER
from payments.breaker.store import RELAY, BreakerRow, Snapshot
from payments.outbox.lease import RELAY_SILENT
from payments.outbox.rules import format_time
from payments.platform.clock import database_now
from payments.platform.operators import note_action

_NOTHING: Snapshot = {
    "successful": 0,
    "failed": 0,
    "slow": 0,
    "not_permitted": 0,
    "buffered": 0,
    "slow_call_rate": -1.0,
    "failure_rate": -1.0,
}


def show(connection: Connection) -> dict[str, Any]:
    """The breaker's row, JSON-ready; before the first relay: CLOSED, empty window, stale."""
    now = database_now(connection)
    row = breaker_store.get(connection, BREAKER)
    stale = row is None or now - row.observed_at > RELAY_SILENT
    row = row or BreakerRow(BREAKER, "CLOSED", now, now, _NOTHING)
    snapshot = row.snapshot
    return {
        "state": row.state,
        "numberOfSuccessfulCalls": snapshot["successful"],
        "numberOfFailedCalls": snapshot["failed"],
        "numberOfSlowCalls": snapshot["slow"],
        "numberOfNotPermittedCalls": snapshot["not_permitted"],
        "numberOfBufferedCalls": snapshot["buffered"],
        "slowCallRate": f"{snapshot['slow_call_rate']:.2f}%",
        "failureRate": f"{snapshot['failure_rate']:.2f}%",
        "stateSince": format_time(row.state_since),
        "observedAt": format_time(row.observed_at),
        "stale": stale,
        "history": row.history,
    }


def without_operators(shown: dict[str, Any]) -> dict[str, Any]:
    """`shown` without the addresses, names and reasons of operators."""
    hidden = {"actor": "operator", "reason": "asked for by an operator"}
    return {**shown, "history": [move if move["actor"] == RELAY else {**move, **hidden} for move in shown["history"]]}


def request_transition(connection: Connection, to_state: str, reason: str | None, actor: str) -> int:
    """Ask the relay for a transition and log the operator, in the caller's transaction; returns the command's id."""
    command_id = breaker_store.append_command(connection, BREAKER, to_state, reason, actor)
    note_action(connection, actor, "circuit_breaker.transition", f"{BREAKER} to {to_state}", reason or "")
    return command_id


def outcome(connection: Connection, command_id: int) -> str | None:
    """The outcome of a command: `applied`, `not_allowed`, or None before the relay has read it."""
    command = breaker_store.command(connection, command_id)
    return None if command is None else command.outcome
