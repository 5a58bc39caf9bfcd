"""Which platform this database is (table `platform`): its id, and the key that signs what it leaves outside."""

from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from payments.platform.tables import platform as table


@dataclass(frozen=True, slots=True)
class Platform:
    """`id`: in the name of each key in Redis. `secret`: 32 bytes that only this database has."""

    id: str
    secret: bytes = field(repr=False)


def find(connection: Connection) -> Platform | None:
    """The platform of this database; None before the migration that makes it."""
    row = connection.execute(select(table.c.id, table.c.secret).order_by(table.c.id).limit(1)).one_or_none()
    return None if row is None else Platform(row.id, bytes.fromhex(row.secret))
