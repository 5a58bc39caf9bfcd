"""Every table of `paydb`, for SQLAlchemy Core. Migrations create them; this file does not.

Text compares byte by byte on both engines: utf8mb4_nopad_bin on MariaDB, BINARY on SQLite. Times are UTC.
"""

from typing import Final

from sqlalchemy import (
    CHAR,
    BigInteger,
    Column,
    Computed,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from payments.platform import (  # noqa: F401  (for `metadata`)
    acquirer_tables,
    housekeeping_tables,
    ledger_table,
    merchant_tables,
    recon_tables,
    settlement_tables,
)
from payments.platform.column_types import MARIADB_OPTIONS, Id, LongText, SmallNumber, UtcTime
from payments.platform.ledger_table import ledger_entry as ledger_entry
from payments.platform.metadata import metadata as metadata

OPEN_UNTIL: Final = (
    "CASE WHEN decided_at IS NOT NULL AND pending_capture = 0 AND pending_release = 0"
    " AND (release_reason IS NULL OR release_reason <> 'DECLINED')"
    " AND amount - captured_amount - released_amount > 0 THEN expires_at END"
)
DECIDED_BEFORE: Final = "1970-01-01 00:00:00.000000"
"""`decided_at` of payments that a release without acquirers made; it decided at once."""

payment = Table(
    "payment",
    metadata,
    Column("payment_id", Id, primary_key=True, autoincrement=True),
    Column("merchant_id", String(32), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("captured_amount", BigInteger, nullable=False),
    Column("released_amount", BigInteger, nullable=False),
    Column("refunded_amount", BigInteger, nullable=False),
    Column("release_reason", String(8)),
    Column("currency", String(3), nullable=False),
    Column("status", String(20), nullable=False),
    Column("idempotency_key", String(64), nullable=False),
    Column("requested_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("connector", String(16), nullable=False, server_default="none"),
    Column("decided_at", UtcTime, server_default=text(f"'{DECIDED_BEFORE}'")),  # null: the acquirer has not decided
    # what an acquirer may do or may have done
    Column("pending_capture", BigInteger, nullable=False, server_default=text("0")),
    Column("pending_refund", BigInteger, nullable=False, server_default=text("0")),
    Column("pending_release", BigInteger, nullable=False, server_default=text("0")),
    # expires_at while something is open and no call about it runs, else NULL: a generated column, never written
    Column("open_until", UtcTime, Computed(OPEN_UNTIL, persisted=False)),
    # the key first: operators look for a key without its merchant
    Index("uq_payment_key_merchant", "idempotency_key", "merchant_id", unique=True),
    Index("ix_payment_merchant", "merchant_id", "payment_id"),
    Index("ix_payment_merchant_status", "merchant_id", "status", "payment_id"),
    Index("ix_payment_open_until", "open_until"),
    Index("ix_payment_status", "status", "payment_id"),
    Index("ix_payment_amount", "amount", "payment_id"),
    Index("ix_payment_requested", "requested_at"),
    Index("ix_payment_updated", "updated_at"),
    **MARIADB_OPTIONS,
)

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

idem_response_cache = Table(
    "idem_response_cache",
    metadata,
    Column("merchant_id", String(32), primary_key=True),
    Column("operation", String(16), primary_key=True),
    Column("idempotency_key", String(64), primary_key=True),
    Column("request_digest", String(64), nullable=False),
    Column("http_status", Integer, nullable=False),
    Column("response_body", LongText, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_idem_created", "created_at"),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)

dead_letter = Table(
    "dead_letter",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("cluster_id", String(64), nullable=False),
    Column("original_topic", String(249), nullable=False),
    Column("partition_no", Integer, nullable=False),
    Column("offset_no", BigInteger, nullable=False),
    Column("broker_timestamp", BigInteger, nullable=False),
    Column("payload", LongText, nullable=False),
    Column("payload_encoding", String(8)),
    Column("message_key", Text),
    Column("error_type", String(32), nullable=False),
    Column("error_message", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("discard_reason", Text),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("next_retry_at", UtcTime),
    Column("message_key_encoding", String(8)),
    Column("headers", LongText),
    UniqueConstraint(
        "cluster_id", "original_topic", "partition_no", "offset_no", "broker_timestamp", name="uq_dead_letter_source"
    ),
    Index("ix_dead_letter_state", "state", "next_retry_at"),
    Index("ix_dead_letter_key", "message_key", mysql_length=32, mariadb_length=32),
    Index("ix_dead_letter_settled", "state", "updated_at"),
    **MARIADB_OPTIONS,
)

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

lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("renewed_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)

kafka_cluster = Table(
    "kafka_cluster",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cluster_id", String(64), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)

ledger_halt = Table(
    "ledger_halt",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("halted_at", UtcTime, nullable=False),
    Column("detail", Text, nullable=False),
    Column("resumed_at", UtcTime),
    Column("resume_detail", Text),
    **MARIADB_OPTIONS,
)

operator_action = Table(
    "operator_action",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_operator_action_target", "target"),
    **MARIADB_OPTIONS,
)

platform = Table(
    "platform",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("secret", String(64), nullable=False),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)
