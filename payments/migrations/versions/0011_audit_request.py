"""Operators' requests for an audit. Releases before this one do not know the table.

Revision ID: 0011
"""

import sqlalchemy as sa

from payments.migrations.columns import id_type, index, moment, table

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Each statement does nothing where its work is done."""
    table(
        "audit_request",
        sa.Column("id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("requested_at", moment(), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("done_at", moment()),
        # 1 while it is open: of many NULLs none is a duplicate, so one request is open at most
        sa.Column("open_slot", sa.Integer, sa.Computed("CASE WHEN done_at IS NULL THEN 1 END", persisted=False)),
        sa.UniqueConstraint("open_slot", name="uq_audit_request_open"),
    )
    index("ix_audit_request_at", "audit_request", ["requested_at"])
