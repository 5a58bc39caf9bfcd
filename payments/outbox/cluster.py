"""The Kafka cluster to which the outbox was last published: another cluster has none of the messages."""

from sqlalchemy import Connection, bindparam, select

from payments.platform.clock import database_now
from payments.platform.database import upsert
from payments.platform.tables.processes import kafka_cluster as table

_NAME = "outbox"
_KNOWN = select(table.c.cluster_id).where(table.c.name == bindparam("cluster_name"))


def known(connection: Connection) -> str | None:
    """The id of the last cluster, or None when nothing was ever published."""
    cluster_id: str | None = connection.execute(_KNOWN, {"cluster_name": _NAME}).scalar()
    return cluster_id


def remember(connection: Connection, cluster_id: str) -> None:
    """Store the id of the cluster that is published to from now on."""
    statement = upsert(connection, table, ["name"], ["cluster_id", "seen_at"])
    values = {"name": _NAME, "cluster_id": cluster_id, "seen_at": database_now(connection)}
    connection.execute(statement, values)
