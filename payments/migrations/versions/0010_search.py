"""Indexes to search payments by, and the request and the trace of each event.

Safe to run again, and with the release before, whose events have null in the new columns and are not found by them.
`ix_payment_expiry` has served no query since 0004.
Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import generated_column, id_type, index, moment, on_sqlite, table

revision = "0010"
down_revision = "0009"

_COPIED = (
    "payment_id, merchant_id, amount, captured_amount, released_amount, refunded_amount, release_reason, currency,"
    " status, idempotency_key, requested_at, updated_at, expires_at"
)


def upgrade() -> None:
    """Add payment's indexes, turn its unique key round, and add columns to outbox_event."""
    if on_sqlite():
        _make_payment_anew()
    else:
        # the new one before the old one goes: at no time may two payments have one key
        op.create_index(
            "uq_payment_key_merchant", "payment", ["idempotency_key", "merchant_id"], unique=True, if_not_exists=True
        )
        op.drop_index("uq_payment_merchant_key", "payment", if_exists=True)
        op.drop_index("ix_payment_expiry", "payment", if_exists=True)
    index("ix_payment_amount", "payment", ["amount", "payment_id"])
    index("ix_payment_requested", "payment", ["requested_at"])
    index("ix_payment_status", "payment", ["status", "payment_id"])
    _outbox_event()
    index("ix_operator_action_target", "operator_action", ["target"])


def _outbox_event() -> None:
    if on_sqlite():  # it has no IF NOT EXISTS for columns
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("outbox_event")}
        new = (("request_id", sa.String(128)), ("trace_id", sa.CHAR(32)), ("created_hour", sa.Integer()))
        for name, kind in new:
            if name not in there:
                op.add_column("outbox_event", sa.Column(name, kind))
    else:
        op.execute(
            "ALTER TABLE outbox_event ADD COLUMN IF NOT EXISTS request_id VARCHAR(128) NULL,"
            " ADD COLUMN IF NOT EXISTS trace_id CHAR(32) NULL, ADD COLUMN IF NOT EXISTS created_hour INTEGER NULL"
        )
    # the ids are random: behind the hour they are inserted into one small part of the index, also in a grown table
    index("ix_outbox_request", "outbox_event", ["created_hour", "request_id"])
    index("ix_outbox_trace", "outbox_event", ["created_hour", "trace_id"])


def _make_payment_anew() -> None:
    """SQLite cannot drop a table's constraint, so make the table again; foreign keys are checked at the COMMIT."""
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("CREATE TABLE payment_before AS SELECT * FROM payment")
    op.execute("DROP TABLE payment")
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
    generated_column(
        "payment", "open_until", "CASE WHEN amount - captured_amount - released_amount > 0 THEN expires_at END"
    )
    op.execute(f"INSERT INTO payment ({_COPIED}) SELECT {_COPIED} FROM payment_before ORDER BY payment_id")  # noqa: S608
    op.execute("DROP TABLE payment_before")
    op.create_index("uq_payment_key_merchant", "payment", ["idempotency_key", "merchant_id"], unique=True)
    index("ix_payment_merchant", "payment", ["merchant_id", "payment_id"])
    index("ix_payment_merchant_status", "payment", ["merchant_id", "status", "payment_id"])
    index("ix_payment_open_until", "payment", ["open_until"])
    index("ix_payment_updated", "payment", ["updated_at"])
