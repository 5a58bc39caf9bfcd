"""The idempotency key of an adjustment, so that one which is sent twice is posted once.

The release before never writes it: its adjustments have none. Safe to run again. Revision ID: 0020
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import on_sqlite

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Add the column, which is unique for each merchant."""
    if not on_sqlite():
        op.execute(
            "ALTER TABLE settlement_adjustment ADD COLUMN IF NOT EXISTS idempotency_key VARCHAR(64) NULL,"
            " ADD UNIQUE KEY IF NOT EXISTS uq_adjustment_key (merchant_id, idempotency_key)"
        )
        return
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("settlement_adjustment")}
    if "idempotency_key" not in there:  # SQLite has no IF NOT EXISTS for columns
        length = "CONSTRAINT ck_adjustment_key_length CHECK (length(idempotency_key) <= 64)"
        op.execute(f"ALTER TABLE settlement_adjustment ADD COLUMN idempotency_key VARCHAR(64) {length}")
    op.execute(
        "CREATE UNIQUE INDEX IF NOT EXISTS uq_adjustment_key ON settlement_adjustment (merchant_id, idempotency_key)"
    )
