"""Tables of messages that the ledger could not post, and of the halts of posting that many of them cause."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, LongText, UtcTime
from payments.platform.tables.metadata import metadata

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
