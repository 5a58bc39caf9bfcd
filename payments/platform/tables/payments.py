"""Tables of payments and of the answers to their requests."""

from typing import Final

from sqlalchemy import BigInteger, Column, Computed, Index, Integer, String, Table, text

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, LongText, UtcTime
from payments.platform.tables.metadata import metadata

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
