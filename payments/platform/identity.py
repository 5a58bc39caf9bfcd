"""The platform's identity (table `platform`): its id, and the secret that signs what it stores in Redis."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from payments.platform.tables.processes import platform as table


@dataclass(frozen=True, slots=True)
class Platform:
    """`id`: in the name of each key in Redis. `secret`: 32 bytes that only this database has."""

    id: str
    secret: bytes = field(repr=False)


def find(connection: Connection) -> Platform | None:
    """The platform of this database; None before the migration that creates it."""
    row = connection.execute(select(table.c.id, table.c.secret).order_by(table.c.id).limit(1)).one_or_none()
    return None if row is None else Platform(row.id, bytes.fromhex(row.secret))
