"""When the search for what a settlement file does not name has ended; until now it has for each that is DONE.

The release before never writes it: a file that it reads then looks unsearched, so that the next search begins earlier,
and finds nothing twice. Safe to run again. Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import on_sqlite

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Add the column, and fill it."""
    if not on_sqlite():
        op.execute("ALTER TABLE recon_file ADD COLUMN IF NOT EXISTS searched_at DATETIME(6) NULL")
    else:  # it has no IF NOT EXISTS for columns
        there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("recon_file")}
        if "searched_at" not in there:
            op.execute("ALTER TABLE recon_file ADD COLUMN searched_at DATETIME")
    op.execute("UPDATE recon_file SET searched_at = ended_at WHERE state = 'DONE' AND searched_at IS NULL")
