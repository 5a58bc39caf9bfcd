"""The ledger's table. Nothing in it is ever changed."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, UtcTime
from payments.platform.tables.metadata import metadata

ledger_entry = Table(
    "ledger_entry",
    metadata,
    Column("entry_id", Id, primary_key=True, autoincrement=True),
    # of an event of a payment, or of a source: never of both
    Column("payment_id", Id, ForeignKey("payment.payment_id", name="fk_entry_payment")),
    Column("event_id", Id),
    Column("posting_no", Integer, nullable=False),
    Column("debit_account", String(24), nullable=False),
    Column("credit_account", String(24), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("occurred_at", UtcTime, nullable=False),
    Column("posted_at", UtcTime, nullable=False),
    Column("source_type", String(24)),  # payments.ledger.rules.SourceType
    Column("source_id", Id),
    Column("merchant_id", String(32)),  # of a source's posting that is a merchant's; a payment's is in its payment
    UniqueConstraint("event_id", "posting_no", name="uq_entry_event_posting"),
    UniqueConstraint("source_type", "source_id", "posting_no", name="uq_entry_source"),
    Index("ix_entry_payment", "payment_id", "entry_id"),
    **MARIADB_OPTIONS,
)
