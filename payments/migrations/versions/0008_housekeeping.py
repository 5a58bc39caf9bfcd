"""Tables of housekeeping: when each task succeeded, the trusted database time; an index of dead letters by key.

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import moment, table

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Each step is skipped when a run that was killed has done it: DDL is not transactional on MariaDB."""
    there = sa.inspect(op.get_bind())
    if not there.has_table("task_run"):
        table(
            "task_run",
            sa.Column("name", sa.String(64), primary_key=True),
            sa.Column("interval_seconds", sa.Double, nullable=False),
            sa.Column("since", moment(), nullable=False),
            sa.Column("last_success_at", moment()),
            autoincrement=False,
        )
    if not there.has_table("clock_watch"):
        table(
            "clock_watch",
            sa.Column("name", sa.String(64), primary_key=True),
            sa.Column("trusted_at", moment(), nullable=False),
            sa.Column("ahead", sa.Double, nullable=False),
            sa.Column("measured", sa.Double, nullable=False),
            sa.Column("machine", sa.String(64), nullable=False),
            sa.Column("accepted_offset", sa.Double, nullable=False),
            sa.Column("confirmed_at", moment()),
            autoincrement=False,
        )
    if "ix_dead_letter_key" not in {index["name"] for index in there.get_indexes("dead_letter")}:
        # the first characters of a key; our own keys are payment ids
        op.create_index("ix_dead_letter_key", "dead_letter", ["message_key"], mysql_length=32, mariadb_length=32)
