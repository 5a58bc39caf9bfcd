"""Postings of a source other than a payment: a batch, a payout, a correction, an acquirer's file.

The release before goes on: what it inserts has a payment. MariaDB copies the table beside the writes, as long as its
size asks for; they wait for moments alone. Safe to run again.
Revision ID: 0015
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import append_only, id_type, index, moment, on_sqlite, table

revision = "0015"
down_revision = "0014"

_ORIGIN: Final = (
    "(payment_id IS NULL) = (source_type IS NOT NULL) AND (payment_id IS NULL) = (event_id IS NULL)"
    " AND (source_type IS NULL) = (source_id IS NULL) AND (payment_id IS NULL OR merchant_id IS NULL)"
)
_COPIED: Final = (
    "entry_id, payment_id, event_id, posting_no, debit_account, credit_account, amount, currency, occurred_at,"
    " posted_at"
)
_LINE: Final = (
    "SELECT entry_id, payment_id, event_id, source_type, source_id, merchant_id, posting_no, {side} AS account,"
    " {debit} AS debit, {credit} AS credit, currency, occurred_at, posted_at FROM ledger_entry"
)


def upgrade() -> None:
    """Change ledger_entry, and its view of two lines for each posting."""
    op.execute("DROP VIEW IF EXISTS ledger_line")
    if on_sqlite():
        _make_anew()
    else:
        _change()
    both = (
        _LINE.format(side="debit_account", debit="amount", credit="0"),
        _LINE.format(side="credit_account", debit="0", credit="amount"),
    )
    op.execute(f"CREATE VIEW IF NOT EXISTS ledger_line AS {' UNION ALL '.join(both)}")


def _change() -> None:
    # in this order: a CHECK can be added at once with a column alone, and holds for every stored row
    op.execute(
        "ALTER TABLE ledger_entry ADD COLUMN IF NOT EXISTS source_id BIGINT NULL,"
        " ADD COLUMN IF NOT EXISTS merchant_id VARCHAR(32) NULL,"
        f" ADD COLUMN IF NOT EXISTS source_type VARCHAR(24) NULL CHECK ({_ORIGIN})"
    )
    op.execute(
        "ALTER TABLE ledger_entry MODIFY COLUMN payment_id BIGINT NULL, MODIFY COLUMN event_id BIGINT NULL,"
        " MODIFY COLUMN debit_account VARCHAR(24) NOT NULL, MODIFY COLUMN credit_account VARCHAR(24) NOT NULL,"
        " ADD UNIQUE INDEX IF NOT EXISTS uq_entry_source (source_type, source_id, posting_no),"
        " ALGORITHM=INPLACE, LOCK=NONE"
    )


def _make_anew() -> None:
    op.execute("CREATE TABLE entry_before AS SELECT * FROM ledger_entry")
    op.execute("DROP TABLE ledger_entry")
    table(
        "ledger_entry",
        sa.Column("entry_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("payment_id", id_type()),
        sa.Column("event_id", id_type()),
        sa.Column("posting_no", sa.Integer, nullable=False),
        sa.Column("debit_account", sa.String(24), nullable=False),
        sa.Column("credit_account", sa.String(24), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("occurred_at", moment(), nullable=False),
        sa.Column("posted_at", moment(), nullable=False),
        sa.Column("source_type", sa.String(24)),
        sa.Column("source_id", id_type()),
        sa.Column("merchant_id", sa.String(32)),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.payment_id"], name="fk_entry_payment"),
        sa.UniqueConstraint("event_id", "posting_no", name="uq_entry_event_posting"),
        sa.UniqueConstraint("source_type", "source_id", "posting_no", name="uq_entry_source"),
        sa.CheckConstraint("amount > 0", name="ck_entry_amount"),
        sa.CheckConstraint("debit_account <> credit_account", name="ck_entry_accounts"),
        sa.CheckConstraint(_ORIGIN, name="ck_entry_origin"),
    )
    op.execute(f"INSERT INTO ledger_entry ({_COPIED}) SELECT {_COPIED} FROM entry_before ORDER BY entry_id")  # noqa: S608
    op.execute("DROP TABLE entry_before")
    index("ix_entry_payment", "ledger_entry", ["payment_id", "entry_id"])
    append_only("ledger_entry")
