"""The outbox and the inbox: events that wait for Kafka, and those that the ledger has posted."""

from sqlalchemy import CHAR, Column, Index, Integer, String, Table, Text

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, LongText, SmallNumber, UtcTime
from payments.platform.tables.metadata import metadata

outbox_event = Table(
    "outbox_event",
    metadata,
    Column("event_id", Id, primary_key=True, autoincrement=True),
    Column("aggregate_type", String(16), nullable=False),
    Column("aggregate_id", Id, nullable=False),
    Column("event_type", String(32), nullable=False),
    Column("topic", String(249), nullable=False),
    Column("payload", LongText, nullable=False),
    Column("headers", Text, nullable=False),
    Column("published", SmallNumber, nullable=False),  # payments.outbox.rules.OutboxState
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("published_at", UtcTime),
    Column("parked_at", UtcTime),
    # of the request that made the event: null where there was none, and in rows of releases before
    Column("request_id", String(128)),
    Column("trace_id", CHAR(32)),
    Column("created_hour", Integer),  # hours since 1970 of created_at
    Index("ix_outbox_published", "published", "event_id"),
    Index("ix_outbox_aggregate", "aggregate_id", "aggregate_type"),
    # random ids behind the hour: inserts touch one small part of the index, however large it is
    Index("ix_outbox_request", "created_hour", "request_id"),
    Index("ix_outbox_trace", "created_hour", "trace_id"),
    **MARIADB_OPTIONS,
)

inbox_event = Table(
    "inbox_event",
    metadata,
    Column("event_id", Id, primary_key=True, autoincrement=False),
    Column("payment_id", Id, nullable=False),
    Column("posted_at", UtcTime, nullable=False),
    Index("ix_inbox_posted", "posted_at"),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)
