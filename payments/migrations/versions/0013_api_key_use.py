"""How often each API key is used: one row for each key and day (UTC).

The release before it does not know this table. May be run again after it was killed half-way.

Revision ID: 0013
"""

import sqlalchemy as sa

from payments.migrations.columns import index, moment, table

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table, and the index by which old rows are found."""
    table(
        "api_key_use",
        sa.Column("key_id", sa.String(10), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("calls", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", moment(), nullable=False),
        autoincrement=False,
    )
    index("ix_key_use_last", "api_key_use", ["last_used_at"])
