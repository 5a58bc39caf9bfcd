"""Findings of the audit, kept until a check of what they are about clears them.

Revision ID: 0007
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import id_type, moment, table

revision = "0007"
down_revision = "0006"

_NAME = "audit_finding"


def upgrade() -> None:
    """Make the table. Runs again after it was killed half-way: MariaDB commits each of these statements by itself."""
    if not sa.inspect(op.get_bind()).has_table(_NAME):
        table(
            _NAME,
            sa.Column("id", id_type(), primary_key=True, autoincrement=True),
            sa.Column("identity", sa.String(64), nullable=False),
            sa.Column("kind", sa.String(16), nullable=False),
            sa.Column("payment_id", id_type()),
            sa.Column("subject", sa.Text, nullable=False),
            sa.Column("detail", sa.Text, nullable=False),
            sa.Column("first_seen", moment(), nullable=False),
            sa.Column("last_seen", moment(), nullable=False),
            sa.Column("cleared_at", moment()),
            sa.UniqueConstraint("identity", name="uq_finding_identity"),
        )
    op.create_index("ix_finding_open", _NAME, ["cleared_at", "kind"], if_not_exists=True)
    op.create_index("ix_finding_payment", _NAME, ["payment_id"], if_not_exists=True)
