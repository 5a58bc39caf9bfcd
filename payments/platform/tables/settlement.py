"""Tables of fees, settlement and payouts."""

from sqlalchemy import CHAR, BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, LongText, UtcTime
from payments.platform.tables.metadata import metadata

fee_schedule = Table(
    "fee_schedule",
    metadata,
    Column("schedule_id", Id, primary_key=True, autoincrement=True),
    Column("merchant_id", String(32), nullable=False),  # "*": of all that have none of their own
    Column("currency", String(3), nullable=False),
    Column("basis_points", Integer, nullable=False),
    Column("fixed", BigInteger, nullable=False),
    Column("minimum", BigInteger, nullable=False),
    Column("maximum", BigInteger),
    Column("on_refund", String(6), nullable=False),
    Column("valid_from", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(128), nullable=False),
    UniqueConstraint("merchant_id", "currency", "valid_from", name="uq_schedule_version"),
    **MARIADB_OPTIONS,
)

settlement_batch = Table(
    "settlement_batch",
    metadata,
    Column("batch_id", Id, primary_key=True, autoincrement=True),
    Column("merchant_id", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("number", Integer, nullable=False),  # from 1, of this merchant and currency: a chain without a gap
    Column("cutoff", UtcTime, nullable=False),  # what happened before it
    Column("state", String(9), nullable=False),
    Column("carried_in", BigInteger, nullable=False),
    # sums: 0 while it is OPEN
    Column("gross", BigInteger, nullable=False),
    Column("refunds", BigInteger, nullable=False),
    Column("fees", BigInteger, nullable=False),
    Column("adjustments", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("carried_out", BigInteger, nullable=False),
    Column("items", BigInteger, nullable=False),
    Column("sha256", CHAR(64)),  # of its statement
    Column("approved_by", String(128)),
    Column("approved_by_second", String(128)),
    Column("created_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("merchant_id", "currency", "number", name="uq_batch_number"),
    UniqueConstraint("merchant_id", "currency", "cutoff", name="uq_batch_cutoff"),
    Index("ix_batch_state", "state", "batch_id"),
    Index("ix_batch_updated", "updated_at"),
    **MARIADB_OPTIONS,
)

settlement_item = Table(
    "settlement_item",
    metadata,
    Column("item_id", Id, primary_key=True, autoincrement=True),
    Column("batch_id", Id, ForeignKey("settlement_batch.batch_id", name="fk_item_batch"), nullable=False),
    Column("entry_id", Id, nullable=False),  # the posting on merchant_payable
    Column("event_id", Id),  # null: the posting is of no event
    Column("payment_id", Id),
    Column("kind", String(10), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    UniqueConstraint("entry_id", name="uq_item_entry"),
    UniqueConstraint("event_id", name="uq_item_event"),
    Index("ix_item_batch", "batch_id", "item_id"),
    Index("ix_item_payment", "payment_id"),
    **MARIADB_OPTIONS,
)

payout_file = Table(
    "payout_file",
    metadata,
    Column("file_id", Id, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("format", String(8), nullable=False),
    Column("mode", String(4), nullable=False),  # of all its merchants
    Column("currency", String(3), nullable=False),
    Column("payouts", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("sha256", CHAR(64), nullable=False),
    Column("content", LongText, nullable=False),
    Column("created_by", String(128), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("name", name="uq_payout_file_name"),
    **MARIADB_OPTIONS,
)

payout = Table(
    "payout",
    metadata,
    Column("payout_id", Id, primary_key=True, autoincrement=True),
    Column("batch_id", Id, ForeignKey("settlement_batch.batch_id", name="fk_payout_batch"), nullable=False),
    Column("file_id", Id, ForeignKey("payout_file.file_id", name="fk_payout_file"), nullable=False),
    Column("merchant_id", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("state", String(9), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    UniqueConstraint("batch_id", name="uq_payout_batch"),
    Index("ix_payout_file", "file_id", "payout_id"),
    Index("ix_payout_state", "state", "payout_id"),
    **MARIADB_OPTIONS,
)

settlement_adjustment = Table(
    "settlement_adjustment",
    metadata,
    Column("adjustment_id", Id, primary_key=True, autoincrement=True),
    Column("merchant_id", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("amount", BigInteger, nullable=False),  # with its sign; above 0: the merchant gets it
    Column("reason", Text, nullable=False),
    Column("proposed_by", String(128), nullable=False),
    Column("agreed_by", String(128)),
    Column("created_at", UtcTime, nullable=False),
    Column("posted_at", UtcTime),  # null: a second operator has not agreed yet, or it is withdrawn
    Column("withdrawn_by", String(128)),
    Column("withdrawn_at", UtcTime),  # never beside posted_at
    Column("idempotency_key", String(64)),
    Index("uq_adjustment_key", "merchant_id", "idempotency_key", unique=True),
    **MARIADB_OPTIONS,
)
