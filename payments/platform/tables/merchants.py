"""Tables of merchants and keys."""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from payments.platform.tables.columns import MARIADB_OPTIONS, UtcTime
from payments.platform.tables.metadata import metadata

_OPTIONS = {**MARIADB_OPTIONS, "sqlite_autoincrement": False}

merchant = Table(
    "merchant",
    metadata,
    Column("merchant_id", String(32), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("mode", String(4), nullable=False),
    Column("cell", String(2), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("connector", String(16), nullable=False, server_default="none"),  # ConnectorName, of new payments
    Column("time_zone", String(64), nullable=False, server_default="UTC"),  # of tz database: when its day ends
    Column("iban", String(34)),  # where it is paid; null: payouts to it are in files without accounts alone
    **_OPTIONS,
)

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", String(10), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("merchant_id", String(32), ForeignKey("merchant.merchant_id", name="fk_key_merchant")),
    Column("name", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("pepper_no", Integer, nullable=False),
    Column("last4", String(4), nullable=False),
    Column("scopes", String(255), nullable=False),  # separated by spaces, as in OAuth 2 (RFC 6749, section 3.3)
    Column("allowed_networks", Text, nullable=False),  # separated by spaces
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("successor_id", String(10)),
    UniqueConstraint("hash", name="uq_key_hash"),
    UniqueConstraint("successor_id", name="uq_key_successor"),
    Index("ix_key_merchant", "merchant_id", "created_at"),
    **_OPTIONS,
)

api_key_use = Table(
    "api_key_use",
    metadata,
    # no foreign key: a count must neither wait for its key's row nor be refused with it
    Column("key_id", String(10), primary_key=True),
    Column("day", Date, primary_key=True),  # UTC
    Column("calls", BigInteger, nullable=False),
    Column("last_used_at", UtcTime, nullable=False),
    Index("ix_key_use_last", "last_used_at"),
    **_OPTIONS,
)

key_epoch = Table(
    "key_epoch",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    **_OPTIONS,
)
