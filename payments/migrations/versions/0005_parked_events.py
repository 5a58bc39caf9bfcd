"""When the relay gave up on an event that Kafka refuses. `published` gets further values without a change of its type.

Safe to run again, and with the release before: that one neither reads the column nor claims such rows.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

from payments.migrations.columns import moment, on_sqlite

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add outbox_event.parked_at."""
    if on_sqlite():  # DDL is transactional there
        op.add_column("outbox_event", sa.Column("parked_at", moment()))
    else:
        op.execute("ALTER TABLE outbox_event ADD COLUMN IF NOT EXISTS parked_at DATETIME(6) NULL")
