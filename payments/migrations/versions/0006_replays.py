"""A dead letter keeps its message's key, also a binary one, and its headers, so that a replay carries them.

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import long_text, on_sqlite

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add two nullable columns, each where it is missing: on MariaDB the first outlives a migration that is killed."""
    present = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("dead_letter")}
    if "message_key_encoding" not in present:
        checks = [sa.CheckConstraint("length(message_key_encoding) <= 8")] if on_sqlite() else []
        op.add_column("dead_letter", sa.Column("message_key_encoding", sa.String(8), *checks))
    if "headers" not in present:
        op.add_column("dead_letter", sa.Column("headers", long_text()))
