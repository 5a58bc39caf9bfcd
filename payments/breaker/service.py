"""Use cases of the circuit breaker: ask for a transition, read its outcome. Only the relay changes its state."""

from sqlalchemy import Connection

from payments.breaker import store as breaker_store
from payments.breaker.rules import BREAKER
from payments.platform.operators import note_action


def request_transition(connection: Connection, to_state: str, reason: str | None, actor: str) -> int:
    """Ask the relay for a transition and log the operator, in the caller's transaction; returns the command's id."""
    command_id = breaker_store.append_command(connection, BREAKER, to_state, reason, actor)
    note_action(connection, actor, "circuit_breaker.transition", f"{BREAKER} to {to_state}", reason or "")
    return command_id


def outcome(connection: Connection, command_id: int) -> str | None:
    """The outcome of a command: `applied`, `not_allowed`, or None before the relay has read it."""
    command = breaker_store.command(connection, command_id)
    return None if command is None else command.outcome
