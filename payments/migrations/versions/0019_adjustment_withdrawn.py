"""Who has withdrawn an adjustment, and when: it is posted no more, which the database ensures.

The release before does not know these columns: what waits is as it was, and to agree to what is withdrawn fails there.
Safe to run again. Revision ID: 0019
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import on_sqlite

revision = "0019"
down_revision = "0018"

_CHECK = (
    "CONSTRAINT{guard} ck_adjustment_withdrawn"
    " CHECK (withdrawn_at IS NULL OR (withdrawn_by IS NOT NULL AND posted_at IS NULL))"
)


def upgrade() -> None:
    """Add the columns and their check."""
    if not on_sqlite():
        op.execute(
            "ALTER TABLE settlement_adjustment ADD COLUMN IF NOT EXISTS withdrawn_by VARCHAR(128) NULL,"
            " ADD COLUMN IF NOT EXISTS withdrawn_at DATETIME(6) NULL, ADD " + _CHECK.format(guard=" IF NOT EXISTS")
        )
        return
    length = "CONSTRAINT ck_adjustment_withdrawn_by_length CHECK (length(withdrawn_by) <= 128)"
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("settlement_adjustment")}
    for name, kind in (
        ("withdrawn_by", f"VARCHAR(128) {length}"),
        ("withdrawn_at", f"DATETIME {_CHECK.format(guard='')}"),
    ):
        if name not in there:  # SQLite has no IF NOT EXISTS for columns
            op.execute(f"ALTER TABLE settlement_adjustment ADD COLUMN {name} {kind}")
