"""Tables of the relay's circuit breaker: its state as last seen, and operators' commands to it."""

from sqlalchemy import Column, Index, String, Table, Text

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, LongText, UtcTime
from payments.platform.tables.metadata import metadata

circuit_breaker = Table(
    "circuit_breaker",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("state", String(24), nullable=False),
    Column("state_since", UtcTime, nullable=False),
    Column("observed_at", UtcTime, nullable=False),
    Column("snapshot", Text, nullable=False),
    Column("history", LongText, nullable=False),
    Column("applied_command_id", Id, nullable=False),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)

circuit_breaker_command = Table(
    "circuit_breaker_command",
    metadata,
    Column("command_id", Id, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("to_state", String(24), nullable=False),
    Column("reason", Text),
    Column("actor", String(128), nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("applied_at", UtcTime),
    Column("outcome", String(24)),
    Index("ix_breaker_command_requested", "requested_at"),
    **MARIADB_OPTIONS,
)
