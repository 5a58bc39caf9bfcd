"""Tables of housekeeping and its audits."""

from typing import Final

from sqlalchemy import Boolean, Column, Computed, Double, Index, Integer, String, Table, Text, UniqueConstraint

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, UtcTime
from payments.platform.tables.metadata import metadata

OPEN_SLOT: Final = "CASE WHEN done_at IS NULL THEN 1 END"

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

audit_run = Table(
    "audit_run",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("full", Boolean(create_constraint=False), nullable=False),
    Column("next_payment_id", Id, nullable=False),
    Column("differences", Integer, nullable=False),
    Column("in_flight", Integer, nullable=False),
    Index("ix_audit_run_at", "at"),
    **MARIADB_OPTIONS,
)

audit_finding = Table(
    "audit_finding",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("identity", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("payment_id", Id),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("first_seen", UtcTime, nullable=False),
    Column("last_seen", UtcTime, nullable=False),
    Column("cleared_at", UtcTime),
    UniqueConstraint("identity", name="uq_finding_identity"),
    Index("ix_finding_open", "cleared_at", "kind"),
    Index("ix_finding_payment", "payment_id"),
    **MARIADB_OPTIONS,
)

audit_request = Table(
    "audit_request",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("requested_at", UtcTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("done_at", UtcTime),
    # 1 while it is open, else NULL: a generated column, never written; unique, so that one request is open at most
    Column("open_slot", Integer, Computed(OPEN_SLOT, persisted=False)),
    UniqueConstraint("open_slot", name="uq_audit_request_open"),
    Index("ix_audit_request_at", "requested_at"),
    **MARIADB_OPTIONS,
)
