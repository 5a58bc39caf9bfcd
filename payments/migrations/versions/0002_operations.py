"""Dead letters, circuit breaker, leases, halts, operators' actions, audit runs.

Revision ID: 0002
"""

import sqlalchemy as sa

from payments.migrations.columns import id_type, index, long_text, moment, table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables by which the platform is run and watched."""
    _dead_letter()
    _circuit_breaker()
    table(
        "lease",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("holder", sa.String(128), nullable=False),
        sa.Column("fence", sa.BigInteger, nullable=False),
        sa.Column("renewed_at", moment(), nullable=False),
        sa.Column("expires_at", moment(), nullable=False),
        autoincrement=False,
    )
    table(
        "kafka_cluster",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("cluster_id", sa.String(64), nullable=False),
        sa.Column("seen_at", moment(), nullable=False),
        autoincrement=False,
    )
    table(
        "ledger_halt",
        sa.Column("id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("halted_at", moment(), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("resumed_at", moment()),
        sa.Column("resume_detail", sa.Text),
    )
    table(
        "operator_action",
        sa.Column("id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("at", moment(), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    table(
        "audit_run",
        sa.Column("id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("at", moment(), nullable=False),
        sa.Column("full", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("next_payment_id", id_type(), nullable=False),
        sa.Column("differences", sa.Integer, nullable=False),
        sa.Column("in_flight", sa.Integer, nullable=False),
    )


def _dead_letter() -> None:
    source = ["cluster_id", "original_topic", "partition_no", "offset_no", "broker_timestamp"]
    table(
        "dead_letter",
        sa.Column("id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("cluster_id", sa.String(64), nullable=False),
        sa.Column("original_topic", sa.String(249), nullable=False),
        sa.Column("partition_no", sa.Integer, nullable=False),
        sa.Column("offset_no", sa.BigInteger, nullable=False),
        sa.Column("broker_timestamp", sa.BigInteger, nullable=False),
        sa.Column("payload", long_text(), nullable=False),
        sa.Column("payload_encoding", sa.String(8)),
        sa.Column("message_key", sa.Text),
        sa.Column("error_type", sa.String(32), nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("discard_reason", sa.Text),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("updated_at", moment(), nullable=False),
        sa.Column("next_retry_at", moment()),
        sa.UniqueConstraint(*source, name="uq_dead_letter_source"),
        sa.CheckConstraint("state IN ('OPEN', 'REPLAYING', 'RESOLVED', 'DISCARDED')", name="ck_dead_letter_state"),
    )
    index("ix_dead_letter_state", "dead_letter", ["state", "next_retry_at"])


def _circuit_breaker() -> None:
    table(
        "circuit_breaker",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("state_since", moment(), nullable=False),
        sa.Column("observed_at", moment(), nullable=False),
        sa.Column("snapshot", sa.Text, nullable=False),
        sa.Column("history", long_text(), nullable=False),
        sa.Column("applied_command_id", id_type(), nullable=False),
        autoincrement=False,
    )
    table(
        "circuit_breaker_command",
        sa.Column("command_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("to_state", sa.String(24), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("requested_at", moment(), nullable=False),
        sa.Column("applied_at", moment()),
        sa.Column("outcome", sa.String(24)),
    )
