"""Merchants, their API keys and operators' keys, and the epoch that each change of them raises.

The release before it does not know these tables. May be run again after it was killed half-way.

Revision ID: 0012
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import index, moment, table

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables, and the one row of the epoch."""
    there = sa.inspect(op.get_bind())
    if not there.has_table("merchant"):
        table(
            "merchant",
            sa.Column("merchant_id", sa.String(32), primary_key=True),
            sa.Column("name", sa.String(128), nullable=False),
            sa.Column("mode", sa.String(4), nullable=False),
            sa.Column("cell", sa.String(2), nullable=False),
            sa.Column("state", sa.String(16), nullable=False),
            sa.Column("created_at", moment(), nullable=False),
            sa.CheckConstraint("mode IN ('TEST', 'LIVE')", name="ck_merchant_mode"),
            sa.CheckConstraint("state IN ('ACTIVE', 'SUSPENDED')", name="ck_merchant_state"),
            autoincrement=False,
        )
    if not there.has_table("api_key"):
        _keys()
    index("ix_key_merchant", "api_key", ["merchant_id", "created_at"])
    if not there.has_table("key_epoch"):
        table(
            "key_epoch",
            sa.Column("name", sa.String(16), primary_key=True),
            sa.Column("epoch", sa.BigInteger, nullable=False),
            autoincrement=False,
        )
    connection = op.get_bind()
    if connection.execute(sa.text("SELECT COUNT(*) FROM key_epoch")).scalar_one() == 0:
        connection.execute(sa.text("INSERT INTO key_epoch (name, epoch) VALUES ('keys', 1)"))


def _keys() -> None:
    table(
        "api_key",
        sa.Column("key_id", sa.String(10), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("merchant_id", sa.String(32), sa.ForeignKey("merchant.merchant_id", name="fk_key_merchant")),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("pepper_no", sa.Integer, nullable=False),
        sa.Column("last4", sa.String(4), nullable=False),
        sa.Column("scopes", sa.String(255), nullable=False),
        sa.Column("allowed_networks", sa.Text, nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("expires_at", moment()),
        sa.Column("revoked_at", moment()),
        sa.Column("successor_id", sa.String(10)),
        sa.UniqueConstraint("hash", name="uq_key_hash"),
        sa.UniqueConstraint("successor_id", name="uq_key_successor"),
        sa.CheckConstraint("(kind = 'MERCHANT') = (merchant_id IS NOT NULL)", name="ck_key_kind"),
        autoincrement=False,
    )
