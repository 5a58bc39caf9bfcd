"""The tables in which housekeeping remembers over a restart; part of `tables.metadata`, which imports this."""

from sqlalchemy import Column, Double, String, Table

from payments.adapters.column_types import MARIADB_OPTIONS, UtcTime
from payments.adapters.tables import metadata

task_run = Table(
    "task_run",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("interval_seconds", Double, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("last_success_at", UtcTime),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)

clock_watch = Table(
    "clock_watch",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("trusted_at", UtcTime, nullable=False),
    Column("ahead", Double, nullable=False),
    Column("measured", Double, nullable=False),
    Column("machine", String(64), nullable=False),
    Column("accepted_offset", Double, nullable=False),
    Column("confirmed_at", UtcTime),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)
