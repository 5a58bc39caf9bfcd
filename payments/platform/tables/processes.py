"""Tables of what processes and operators share: leases, the Kafka cluster, the actions log, the platform's id."""

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from payments.platform.tables.columns import MARIADB_OPTIONS, Id, UtcTime
from payments.platform.tables.metadata import metadata

lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("renewed_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)

kafka_cluster = Table(
    "kafka_cluster",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("cluster_id", String(64), nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)

operator_action = Table(
    "operator_action",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(128), nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_operator_action_target", "target"),
    **MARIADB_OPTIONS,
)

platform = Table(
    "platform",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("secret", String(64), nullable=False),
    **{**MARIADB_OPTIONS, "sqlite_autoincrement": False},
)
