"""Tables of reconciliation with acquirers."""

from sqlalchemy import CHAR, BigInteger, Column, Date, ForeignKey, Index, String, Table, Text, UniqueConstraint

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, LongBytes, UtcTime
from payments.platform.tables.metadata import metadata

_KEYED_BY_FILE = {**MARIADB_OPTIONS, "sqlite_autoincrement": False}

recon_file = Table(
    "recon_file",
    metadata,
    Column("file_id", Id, primary_key=True, autoincrement=True),
    Column("sha256", CHAR(64), nullable=False),
    Column("connector", String(16), nullable=False),
    Column("name", String(128), nullable=False),
    Column("day", Date),  # UTC; null until it is read
    Column("state", String(8), nullable=False),
    Column("line_count", BigInteger, nullable=False),
    Column("matched", BigInteger, nullable=False),
    Column("exceptions", BigInteger, nullable=False),
    Column("faults", Text),  # of a REFUSED file, as JSON
    Column("created_by", String(128), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("searched_at", UtcTime),  # when the search for what it does not name has ended
    UniqueConstraint("sha256", name="uq_recon_file_sha256"),
    Index("ix_recon_file_state", "state", "file_id"),
    **MARIADB_OPTIONS,
)

recon_upload = Table(
    "recon_upload",
    metadata,
    # the bytes of an UPLOADED file, until they are read
    Column("file_id", Id, primary_key=True, autoincrement=False),
    Column("content", LongBytes, nullable=False),
    **_KEYED_BY_FILE,
)

recon_total = Table(
    "recon_total",
    metadata,
    # sums of a file's lines in one currency, with their signs
    Column("file_id", Id, primary_key=True, autoincrement=False),
    Column("currency", String(3), primary_key=True),
    Column("gross", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("net", BigInteger, nullable=False),
    Column("matched_gross", BigInteger, nullable=False),
    Column("matched_fee", BigInteger, nullable=False),  # what the contract says for the matched ones
    Column("suspense", BigInteger, nullable=False),
    **_KEYED_BY_FILE,
)

recon_line = Table(
    "recon_line",
    metadata,
    Column("file_id", Id, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("reference", String(64), nullable=False),
    Column("acquirer_reference", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("fee", BigInteger, nullable=False),
    Column("operation_id", Id),  # what it is matched with: never another line of any file
    Column("rule", String(18)),
    UniqueConstraint("operation_id", name="uq_recon_line_operation"),
    **_KEYED_BY_FILE,
)

recon_exception = Table(
    "recon_exception",
    metadata,
    Column("exception_id", Id, primary_key=True, autoincrement=True),
    Column("exception_class", String(19), nullable=False),
    Column("state", String(11), nullable=False),
    Column("connector", String(16), nullable=False),
    Column("file_id", Id, ForeignKey("recon_file.file_id", name="fk_exception_file")),
    Column("number", BigInteger),  # of the line in its file
    Column("operation_id", Id),
    Column("missing_operation_id", Id),  # of MISSING_AT_ACQUIRER alone: an operation is missing once
    Column("payment_id", Id),
    Column("currency", String(3), nullable=False),
    Column("suspense", BigInteger, nullable=False),  # signed, on the credit side
    Column("weight", BigInteger, nullable=False),  # how large it is; no limit is compared with it
    Column("opened_at", UtcTime, nullable=False),
    Column("opens_at", UtcTime),  # when WAITING ends
    Column("ended_at", UtcTime),
    Column("actor", String(128)),
    Column("approver", String(128)),
    Column("reason", Text),
    Column("proposal", String(11)),
    Column("proposed_by", String(128)),
    Column("proposed_reason", Text),
    UniqueConstraint("file_id", "number", name="uq_exception_line"),
    UniqueConstraint("missing_operation_id", name="uq_exception_missing"),
    Index("ix_exception_state", "state", "exception_id"),
    Index("ix_exception_operation", "operation_id"),
    Index("ix_exception_ended", "ended_at"),
    **MARIADB_OPTIONS,
)
