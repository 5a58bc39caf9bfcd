"""Fees, settlement batches and their items, payouts and their files, adjustments; a merchant's time zone and account.

Each currency has a schedule of nothing: what was sold until now costs nothing. The release before does not know these
tables. Safe to run again. Revision ID: 0016
"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import append_only, id_type, index, long_text, moment, on_sqlite, table
from payments.platform.values.money import DECIMALS

revision = "0016"
down_revision = "0015"

_FIRST: Final = "1970-01-01 00:00:00.000000"
_NET: Final = (
    "(state = 'OPEN' AND gross = 0 AND refunds = 0 AND fees = 0 AND adjustments = 0 AND net = 0 AND items = 0"
    " AND carried_out = 0 AND closed_at IS NULL) OR (state <> 'OPEN' AND closed_at IS NOT NULL"
    " AND net = gross - refunds - fees + adjustments + carried_in"
    " AND carried_out = CASE WHEN state = 'CARRIED' THEN net ELSE 0 END)"
)


def upgrade() -> None:
    """Make the tables, and the first schedules."""
    _merchant()
    _fee_schedule()
    _batches()
    _payouts()
    table(
        "settlement_adjustment",
        sa.Column("adjustment_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(128), nullable=False),
        sa.Column("agreed_by", sa.String(128)),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("posted_at", moment()),
        sa.CheckConstraint("amount <> 0", name="ck_adjustment_amount"),
    )


def _merchant() -> None:
    if not on_sqlite():
        op.execute(
            "ALTER TABLE merchant ADD COLUMN IF NOT EXISTS time_zone VARCHAR(64) NOT NULL DEFAULT 'UTC',"
            " ADD COLUMN IF NOT EXISTS iban VARCHAR(34) NULL"
        )
        return
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("merchant")}
    for name, kind, length in (("time_zone", "NOT NULL DEFAULT 'UTC'", 64), ("iban", "NULL", 34)):
        if name not in there:  # SQLite has no IF NOT EXISTS for columns
            check = f"CONSTRAINT ck_merchant_{name}_length CHECK (length({name}) <= {length})"
            op.execute(f"ALTER TABLE merchant ADD COLUMN {name} VARCHAR({length}) {kind} {check}")


def _fee_schedule() -> None:
    table(
        "fee_schedule",
        sa.Column("schedule_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("basis_points", sa.Integer, nullable=False),
        sa.Column("fixed", sa.BigInteger, nullable=False),
        sa.Column("minimum", sa.BigInteger, nullable=False),
        sa.Column("maximum", sa.BigInteger),
        sa.Column("on_refund", sa.String(6), nullable=False),
        sa.Column("valid_from", moment(), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.UniqueConstraint("merchant_id", "currency", "valid_from", name="uq_schedule_version"),
        sa.CheckConstraint("basis_points BETWEEN 0 AND 10000", name="ck_schedule_basis_points"),
        sa.CheckConstraint("fixed >= 0 AND minimum >= 0", name="ck_schedule_not_negative"),
        sa.CheckConstraint("maximum IS NULL OR maximum >= minimum", name="ck_schedule_maximum"),
        sa.CheckConstraint("on_refund IN ('KEEP', 'RETURN')", name="ck_schedule_on_refund"),
    )
    append_only("fee_schedule")
    # one statement: it is there whole, or not at all
    if op.get_bind().execute(sa.text("SELECT COUNT(*) FROM fee_schedule")).scalar_one() == 0:
        rows = ", ".join(
            f"('*', '{currency}', 0, 0, 0, NULL, 'KEEP', '{_FIRST}', '{_FIRST}', 'migration')"
            for currency in sorted(DECIMALS)
        )
        op.execute(
            "INSERT INTO fee_schedule (merchant_id, currency, basis_points, fixed, minimum, maximum, on_refund,"  # noqa: S608
            f" valid_from, created_at, created_by) VALUES {rows}"
        )


def _batches() -> None:
    table(
        "settlement_batch",
        sa.Column("batch_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("cutoff", moment(), nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        *_sums("carried_in", "gross", "refunds", "fees", "adjustments", "net", "carried_out", "items"),
        sa.Column("sha256", sa.CHAR(64)),
        sa.Column("approved_by", sa.String(128)),
        sa.Column("approved_by_second", sa.String(128)),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("closed_at", moment()),
        sa.Column("updated_at", moment(), nullable=False),
        sa.UniqueConstraint("merchant_id", "currency", "number", name="uq_batch_number"),
        sa.UniqueConstraint("merchant_id", "currency", "cutoff", name="uq_batch_cutoff"),
        sa.CheckConstraint("number > 0", name="ck_batch_number"),
        sa.CheckConstraint(_NET, name="ck_batch_net"),
        sa.CheckConstraint("state IN ('OPEN', 'CARRIED') OR net > 0", name="ck_batch_paid"),
        sa.CheckConstraint("approved_by_second <> approved_by", name="ck_batch_operators"),
    )
    index("ix_batch_state", "settlement_batch", ["state", "batch_id"])
    index("ix_batch_updated", "settlement_batch", ["updated_at"])
    table(
        "settlement_item",
        sa.Column("item_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("batch_id", id_type(), nullable=False),
        sa.Column("entry_id", id_type(), nullable=False),
        sa.Column("event_id", id_type()),
        sa.Column("payment_id", id_type()),
        sa.Column("kind", sa.String(10), nullable=False),
        *_sums("amount", "fee"),
        sa.ForeignKeyConstraint(["batch_id"], ["settlement_batch.batch_id"], name="fk_item_batch"),
        sa.UniqueConstraint("entry_id", name="uq_item_entry"),
        sa.UniqueConstraint("event_id", name="uq_item_event"),
        sa.CheckConstraint("kind IN ('CAPTURE', 'REFUND', 'ADJUSTMENT')", name="ck_item_kind"),
        sa.CheckConstraint("amount > 0 OR (kind = 'ADJUSTMENT' AND amount <> 0)", name="ck_item_amount"),
    )
    index("ix_item_batch", "settlement_item", ["batch_id", "item_id"])
    index("ix_item_payment", "settlement_item", ["payment_id"])
    append_only("settlement_item")


def _payouts() -> None:
    table(
        "payout_file",
        sa.Column("file_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("format", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(4), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("payouts", sa.Integer, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False),
        sa.Column("sha256", sa.CHAR(64), nullable=False),
        sa.Column("content", long_text(), nullable=False),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.UniqueConstraint("name", name="uq_payout_file_name"),
        sa.CheckConstraint("payouts > 0 AND total > 0", name="ck_payout_file_total"),
        sa.CheckConstraint("mode IN ('TEST', 'LIVE')", name="ck_payout_file_mode"),
    )
    table(
        "payout",
        sa.Column("payout_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("batch_id", id_type(), nullable=False),
        sa.Column("file_id", id_type(), nullable=False),
        sa.Column("merchant_id", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["settlement_batch.batch_id"], name="fk_payout_batch"),
        sa.ForeignKeyConstraint(["file_id"], ["payout_file.file_id"], name="fk_payout_file"),
        sa.UniqueConstraint("batch_id", name="uq_payout_batch"),
        sa.CheckConstraint("amount > 0", name="ck_payout_amount"),
        sa.CheckConstraint("state IN ('EXPORTED', 'CONFIRMED', 'RETURNED')", name="ck_payout_state"),
    )
    index("ix_payout_file", "payout", ["file_id", "payout_id"])
    index("ix_payout_state", "payout", ["state", "payout_id"])


def _sums(*names: str) -> list[Any]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]
