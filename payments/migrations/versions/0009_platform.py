"""An id and a secret of this database, made once: what it leaves in Redis is bound to them.

May be run again after it was killed half-way. Releases before this one do not know the table.

Revision ID: 0009
"""

import secrets

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import table

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table and its one row."""
    connection = op.get_bind()
    if not sa.inspect(connection).has_table("platform"):
        table(
            "platform",
            sa.Column("id", sa.String(32), primary_key=True),
            sa.Column("secret", sa.String(64), nullable=False),
            autoincrement=False,
        )
    if connection.execute(sa.text("SELECT COUNT(*) FROM platform")).scalar_one() == 0:
        made = {"id": secrets.token_hex(16), "secret": secrets.token_hex(32)}
        connection.execute(sa.text("INSERT INTO platform (id, secret) VALUES (:id, :secret)"), made)
