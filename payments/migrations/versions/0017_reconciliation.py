"""Acquirers' settlement files, their lines and totals, and exceptions. The release before it does not know them.

Safe to run again. Revision ID: 0017
"""

import sqlalchemy as sa

from payments.migrations.columns import id_type, index, long_bytes, moment, table

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the tables, and indexes by which operations are found: by the acquirer's reference, by their decision."""
    table(
        "recon_file",
        sa.Column("file_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("sha256", sa.CHAR(64), nullable=False),
        sa.Column("connector", sa.String(16), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("day", sa.Date),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("line_count", sa.BigInteger, nullable=False),
        sa.Column("matched", sa.BigInteger, nullable=False),
        sa.Column("exceptions", sa.BigInteger, nullable=False),
        sa.Column("faults", sa.Text),
        sa.Column("created_by", sa.String(128), nullable=False),
        sa.Column("created_at", moment(), nullable=False),
        sa.Column("ended_at", moment()),
        sa.UniqueConstraint("sha256", name="uq_recon_file_sha256"),
        sa.CheckConstraint("state IN ('UPLOADED', 'READING', 'DONE', 'REFUSED')", name="ck_recon_file_state"),
    )
    index("ix_recon_file_state", "recon_file", ["state", "file_id"])
    table(
        "recon_upload",
        sa.Column("file_id", id_type(), primary_key=True, autoincrement=False),
        sa.Column("content", long_bytes(), nullable=False),
        autoincrement=False,
    )
    table(
        "recon_total",
        sa.Column("file_id", id_type(), primary_key=True, autoincrement=False),
        sa.Column("currency", sa.String(3), primary_key=True),
        *(
            sa.Column(name, sa.BigInteger, nullable=False)
            for name in ("gross", "fee", "net", "matched_gross", "matched_fee", "suspense")
        ),
        sa.CheckConstraint("net = gross - fee", name="ck_recon_total_net"),
        # what came is what is matched, less its fees, and what is not explained
        sa.CheckConstraint("net = matched_gross - matched_fee + suspense", name="ck_recon_total_explained"),
        autoincrement=False,
    )
    _lines_and_exceptions()
    index("ix_acquirer_theirs", "acquirer_operation", ["acquirer_reference"])
    index("ix_acquirer_decided", "acquirer_operation", ["decided_at"])


def _lines_and_exceptions() -> None:
    table(
        "recon_line",
        sa.Column("file_id", id_type(), primary_key=True, autoincrement=False),
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("acquirer_reference", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("gross", sa.BigInteger, nullable=False),
        sa.Column("fee", sa.BigInteger, nullable=False),
        sa.Column("operation_id", id_type()),
        sa.Column("rule", sa.String(18)),
        sa.UniqueConstraint("operation_id", name="uq_recon_line_operation"),
        sa.CheckConstraint("(operation_id IS NULL) = (rule IS NULL)", name="ck_recon_line_rule"),
        autoincrement=False,
    )
    table(
        "recon_exception",
        sa.Column("exception_id", id_type(), primary_key=True, autoincrement=True),
        sa.Column("exception_class", sa.String(19), nullable=False),
        sa.Column("state", sa.String(11), nullable=False),
        sa.Column("connector", sa.String(16), nullable=False),
        sa.Column("file_id", id_type()),
        sa.Column("number", sa.BigInteger),
        sa.Column("operation_id", id_type()),
        sa.Column("missing_operation_id", id_type()),
        sa.Column("payment_id", id_type()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("suspense", sa.BigInteger, nullable=False),
        sa.Column("weight", sa.BigInteger, nullable=False),
        sa.Column("opened_at", moment(), nullable=False),
        sa.Column("opens_at", moment()),
        sa.Column("ended_at", moment()),
        sa.Column("actor", sa.String(128)),
        sa.Column("approver", sa.String(128)),
        sa.Column("reason", sa.Text),
        sa.Column("proposal", sa.String(11)),
        sa.Column("proposed_by", sa.String(128)),
        sa.Column("proposed_reason", sa.Text),
        sa.ForeignKeyConstraint(["file_id"], ["recon_file.file_id"], name="fk_exception_file"),
        sa.UniqueConstraint("file_id", "number", name="uq_exception_line"),
        sa.UniqueConstraint("missing_operation_id", name="uq_exception_missing"),
        sa.CheckConstraint("state IN ('OPEN', 'WAITING', 'RESOLVED', 'WRITTEN_OFF')", name="ck_exception_state"),
        sa.CheckConstraint(
            "(state IN ('OPEN', 'WAITING')) = (ended_at IS NULL) AND (state <> 'WAITING' OR opens_at IS NOT NULL)",
            name="ck_exception_times",
        ),
        sa.CheckConstraint(
            "(exception_class = 'MISSING_AT_ACQUIRER') = (missing_operation_id IS NOT NULL)",
            name="ck_exception_missing",
        ),
        sa.CheckConstraint("approver <> actor", name="ck_exception_operators"),
    )
    index("ix_exception_state", "recon_exception", ["state", "exception_id"])
    index("ix_exception_operation", "recon_exception", ["operation_id"])
    index("ix_exception_ended", "recon_exception", ["ended_at"])
