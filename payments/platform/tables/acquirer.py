"""The table of operations at an acquirer."""

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, UtcTime
from payments.platform.tables.metadata import metadata

acquirer_operation = Table(
    "acquirer_operation",
    metadata,
    Column("operation_id", Id, primary_key=True, autoincrement=True),
    Column("payment_id", Id, nullable=False),
    Column("connector", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("reference", String(64), nullable=False),
    # our reference of the authorization that holds the money: null for authorizations
    Column("authorization_reference", String(64)),
    Column("state", String(16), nullable=False),
    Column("acquirer_reference", String(64)),
    Column("decline_code", String(64)),
    Column("merchant_id", String(32), nullable=False),
    # null where no request waits for it: an expiry, a reversal
    Column("idempotency_key", String(64)),
    Column("request_digest", String(64)),
    Column("request_id", String(128), nullable=False),
    Column("headers", Text, nullable=False),  # of its event, as JSON
    Column("reverses", Id),  # the operation that this one takes back
    Column("created_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("decided_at", UtcTime),
    Column("next_enquiry_at", UtcTime),  # null: it is not asked about
    Column("enquiries", Integer, nullable=False),
    # an operator's, until a second one agrees
    Column("proposal", String(16)),
    Column("proposed_by", String(128)),
    Column("proposed_reason", Text),
    UniqueConstraint("reference", name="uq_acquirer_reference"),
    Index("ix_acquirer_payment", "payment_id", "operation_id"),
    Index("ix_acquirer_due", "next_enquiry_at"),
    Index("ix_acquirer_state", "state", "operation_id"),
    Index("ix_acquirer_theirs", "acquirer_reference"),
    Index("ix_acquirer_decided", "decided_at"),
    **MARIADB_OPTIONS,
)
