"""Operations at an acquirer, connectors, and what of a payment waits. MariaDB: writes wait for moments alone.

Safe to run again, and with the release before: what it inserts has no connector and is decided, as it decides at once.
Revision ID: 0014
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import generated_column, id_type, index, moment, on_sqlite, table

revision = "0014"
down_revision = "0013"

_DECIDED_BEFORE: Final = "1970-01-01 00:00:00.000000"
_OPEN_UNTIL: Final = (
    "CASE WHEN decided_at IS NOT NULL AND pending_capture = 0 AND pending_release = 0"
    " AND (release_reason IS NULL OR release_reason <> 'DECLINED')"
    " AND amount - captured_amount - released_amount > 0 THEN expires_at END"
)
_PENDING: Final = (
    "pending_capture >= 0 AND pending_refund >= 0 AND pending_release >= 0"
    " AND captured_amount + pending_capture + released_amount + pending_release <= amount"
    " AND refunded_amount + pending_refund <= captured_amount"
)
_REASON: Final = (
    "(released_amount > 0 AND release_reason IS NOT NULL AND release_reason IN ('VOIDED', 'EXPIRED'))"
    " OR (released_amount = 0 AND (release_reason IS NULL"
    " OR (release_reason = 'DECLINED' AND captured_amount = 0 AND decided_at IS NOT NULL)))"
)
_COPIED: Final = (
    "payment_id, merchant_id, amount, captured_amount, released_amount, refunded_amount, release_reason, currency,"
    " status, idempotency_key, requested_at, updated_at, expires_at"
)


def upgrade() -> None:
    """Make acquirer_operation, and add columns to merchant and payment."""
    _operations()
    if on_sqlite():
        _merchant_of_sqlite()
        _make_payment_anew()
    else:
        op.execute("ALTER TABLE merchant ADD COLUMN IF NOT EXISTS connector VARCHAR(16) NOT NULL DEFAULT 'none'")
        _change_payment()


def _operations() -> None:
    table(
        "acquirer_operation",
        sa.Column("operation_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("payment_id", id_type(), nullable=False),
        sa.Column("connector", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("authorization_reference", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("acquirer_reference", sa.String(64)),
        sa.Column("decline_code", sa.String(64)),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("idempotency_key", sa.String(64)),
        sa.Column("request_digest", sa.String(64)),
        sa.Column("request_id", sa.String(128), nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("reverses", id_type()),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("sent_at", moment()),
        sa.Column("decided_at", moment()),
        sa.Column("next_enquiry_at", moment()),
        sa.Column("enquiries", sa.Integer, nullable=False),
        sa.Column("proposal", sa.String(16)),
        sa.Column("proposed_by", sa.String(128)),
        sa.Column("proposed_reason", sa.Text),
        sa.UniqueConstraint("reference", name="uq_acquirer_reference"),
        sa.CheckConstraint("amount > 0", name="ck_acquirer_amount"),
        sa.CheckConstraint("kind IN ('authorization', 'capture', 'refund', 'void')", name="ck_acquirer_kind"),
    )
    index("ix_acquirer_payment", "acquirer_operation", ["payment_id", "operation_id"])
    index("ix_acquirer_due", "acquirer_operation", ["next_enquiry_at"])
    index("ix_acquirer_state", "acquirer_operation", ["state", "operation_id"])


def _change_payment() -> None:
    """Change MariaDB's table without a copy of it, which would lock it for writes.

    Each statement has the table for itself for a moment, once the transactions that use it have ended. Writes go on
    while the index is built; until then the scan for expired payments reads the whole table.
    """
    # columns are added at once only to a table that has no index on a generated column
    op.execute("ALTER TABLE payment DROP INDEX IF EXISTS ix_payment_open_until")
    # a CHECK of a table would copy it, one of a column does not; stored rows keep these two by the defaults
    op.execute(
        "ALTER TABLE payment ADD COLUMN IF NOT EXISTS connector VARCHAR(16) NOT NULL DEFAULT 'none',"
        f" ADD COLUMN IF NOT EXISTS decided_at DATETIME(6) NULL DEFAULT '{_DECIDED_BEFORE}',"
        " ADD COLUMN IF NOT EXISTS pending_capture BIGINT NOT NULL DEFAULT 0,"
        " ADD COLUMN IF NOT EXISTS pending_refund BIGINT NOT NULL DEFAULT 0,"
        f" ADD COLUMN IF NOT EXISTS pending_release BIGINT NOT NULL DEFAULT 0 CHECK ({_PENDING}),"
        f" MODIFY COLUMN release_reason VARCHAR(8) NULL CHECK ({_REASON}),"
        " DROP CONSTRAINT IF EXISTS ck_payment_release_reason"
    )
    # not MODIFY: with another expression it leaves an index that CHECK TABLE EXTENDED calls corrupt (10.11)
    op.execute(
        "ALTER TABLE payment DROP COLUMN open_until,"
        f" ADD COLUMN open_until DATETIME(6) GENERATED ALWAYS AS ({_OPEN_UNTIL}) VIRTUAL"
    )
    op.execute("ALTER TABLE payment ADD INDEX IF NOT EXISTS ix_payment_open_until (open_until)")


def _merchant_of_sqlite() -> None:
    """It has no IF NOT EXISTS for columns."""
    if "connector" not in {column["name"] for column in sa.inspect(op.get_bind()).get_columns("merchant")}:
        op.execute(
            "ALTER TABLE merchant ADD COLUMN connector VARCHAR(16) NOT NULL DEFAULT 'none'"
            " CONSTRAINT ck_merchant_connector_length CHECK (length(connector) <= 16)"
        )


def _make_payment_anew() -> None:
    """SQLite cannot change a table's constraint, so make the table again; foreign keys are checked at the COMMIT."""
    op.execute("PRAGMA defer_foreign_keys=ON")
    op.execute("CREATE TABLE payment_before AS SELECT * FROM payment")
    op.execute("DROP TABLE payment")
    table("payment", *_payment_columns(), *_payment_checks())
    generated_column("payment", "open_until", _OPEN_UNTIL)
    op.execute(f"INSERT INTO payment ({_COPIED}) SELECT {_COPIED} FROM payment_before ORDER BY payment_id")  # noqa: S608
    op.execute("DROP TABLE payment_before")
    op.create_index("uq_payment_key_merchant", "payment", ["idempotency_key", "merchant_id"], unique=True)
    index("ix_payment_merchant", "payment", ["merchant_id", "payment_id"])
    index("ix_payment_merchant_status", "payment", ["merchant_id", "status", "payment_id"])
    index("ix_payment_open_until", "payment", ["open_until"])
    index("ix_payment_updated", "payment", ["updated_at"])
    index("ix_payment_amount", "payment", ["amount", "payment_id"])
    index("ix_payment_requested", "payment", ["requested_at"])
    index("ix_payment_status", "payment", ["status", "payment_id"])


def _payment_columns() -> list[Any]:
    return [
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
        sa.Column("connector", sa.String(16), nullable=False, server_default="none"),
        sa.Column("decided_at", moment(), server_default=_DECIDED_BEFORE),
        *(
            sa.Column(name, sa.BigInteger, nullable=False, server_default=sa.text("0"))
            for name in ("pending_capture", "pending_refund", "pending_release")
        ),
    ]


def _payment_checks() -> list[Any]:
    return [
        sa.CheckConstraint("amount > 0", name="ck_payment_amount"),
        sa.CheckConstraint(
            "captured_amount >= 0 AND released_amount >= 0 AND refunded_amount >= 0", name="ck_payment_not_negative"
        ),
        sa.CheckConstraint("captured_amount + released_amount <= amount", name="ck_payment_not_over_captured"),
        sa.CheckConstraint("refunded_amount <= captured_amount", name="ck_payment_not_over_refunded"),
        sa.CheckConstraint(_PENDING, name="ck_payment_pending"),
        sa.CheckConstraint(_REASON, name="ck_payment_release_reason"),
    ]
