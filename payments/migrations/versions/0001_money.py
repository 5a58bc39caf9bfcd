"""Payments, ledger, outbox, inbox, stored answers.

Revision ID: 0001
"""

import sqlalchemy as sa

from payments.migrations.columns import id_type, index, long_text, moment, table

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables that hold money and what is promised about it."""
    _payment()
    _ledger_entry()
    _outbox_event()
    table(
        "inbox_event",
        sa.Column("event_id", id_type(), primary_key=True, autoincrement=False),
        sa.Column("payment_id", id_type(), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        autoincrement=False,
    )
    index("ix_inbox_posted", "inbox_event", ["posted_at"])
    table(
        "idem_response_cache",
        sa.Column("merchant_id", sa.String(32), primary_key=True),
        sa.Column("operation", sa.String(16), primary_key=True),
        sa.Column("idempotency_key", sa.String(64), primary_key=True),
        sa.Column("request_digest", sa.String(64), nullable=False),
        sa.Column("http_status", sa.Integer, nullable=False),
        sa.Column("response_body", long_text(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        autoincrement=False,
    )
    index("ix_idem_created", "idem_response_cache", ["created_at"])


def _payment() -> None:
    table(
        "payment",
        sa.Column("payment_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("captured_amount", sa.BigInteger, nullable=False),
        sa.Column("released_amount", sa.BigInteger, nullable=False),
        sa.Column("refunded_amount", sa.BigInteger, nullable=False),
        sa.Column("release_reason", sa.String(8)),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("idempotency_key", sa.String(64), nullable=False),
        sa.Column("requested_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        sa.UniqueConstraint("merchant_id", "idempotency_key", name="uq_payment_merchant_key"),
        sa.CheckConstraint("amount > 0", name="ck_payment_amount"),
        sa.CheckConstraint(
            "captured_amount >= 0 AND released_amount >= 0 AND refunded_amount >= 0", name="ck_payment_not_negative"
        ),
        sa.CheckConstraint("captured_amount + released_amount <= amount", name="ck_payment_not_over_captured"),
        sa.CheckConstraint("refunded_amount <= captured_amount", name="ck_payment_not_over_refunded"),
        sa.CheckConstraint(
            "(released_amount = 0 AND release_reason IS NULL)"
            " OR (released_amount > 0 AND release_reason IS NOT NULL AND release_reason IN ('VOIDED', 'EXPIRED'))",
            name="ck_payment_release_reason",
        ),
    )
    index("ix_payment_merchant", "payment", ["merchant_id", "payment_id"])
    index("ix_payment_expiry", "payment", ["status", "expires_at"])
    index("ix_payment_updated", "payment", ["updated_at"])


def _ledger_entry() -> None:
    table(
        "ledger_entry",
        sa.Column("entry_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("payment_id", id_type(), nullable=False),
        sa.Column("event_id", id_type(), nullable=False),
        sa.Column("posting_no", sa.Integer, nullable=False),
        sa.Column("debit_account", sa.String(20), nullable=False),
        sa.Column("credit_account", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("occurred_at", moment(), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name="fk_entry_payment"),
        sa.UniqueConstraint("event_id", "posting_no", name="uq_entry_event_posting"),
        sa.CheckConstraint("amount > 0", name="ck_entry_amount"),
        sa.CheckConstraint("debit_account <> credit_account", name="ck_entry_accounts"),
    )
    index("ix_entry_payment", "ledger_entry", ["payment_id", "entry_id"])


def _outbox_event() -> None:
    table(
        "outbox_event",
        sa.Column("event_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("aggregate_type", sa.String(16), nullable=False),
        sa.Column("aggregate_id", id_type(), nullable=False),
        sa.Column("event_type", sa.String(32), nullable=False),
        sa.Column("topic", sa.String(249), nullable=False),
        sa.Column("payload", long_text(), nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("published", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("last_error", sa.Text),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("published_at", moment()),
    )
    index("ix_outbox_published", "outbox_event", ["published", "event_id"])
    index("ix_outbox_aggregate", "outbox_event", ["aggregate_id", "aggregate_type"])
