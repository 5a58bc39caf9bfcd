"""Stored answers in `idem_response_cache`: what was said to a (merchant, operation, key), byte for byte."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, tuple_

from payments.adapters.database import upsert
from payments.adapters.tables import idem_response_cache as table
from payments.domain.commands import Key


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer and the SHA-256 (hex) of the command that it answered."""

    digest: str
    status: int
    body: str


_COLUMNS = (table.c.merchant_id, table.c.operation, table.c.idempotency_key)
_FIND = select(table).where(tuple_(*_COLUMNS).in_(bindparam("keys", expanding=True)))
_INSERT = insert(table)


def find(connection: Connection, keys: Iterable[Key]) -> dict[Key, StoredAnswer]:
    """The answers already given to `keys`."""
    rows = connection.execute(_FIND, {"keys": [tuple(key) for key in keys]})
    return {
        Key(row.merchant_id, row.operation, row.idempotency_key): StoredAnswer(
            row.request_digest, row.http_status, row.response_body
        )
        for row in rows
    }


def _rows(answers: Mapping[Key, StoredAnswer], now: datetime) -> list[dict[str, Any]]:
    return [
        {
            **key._asdict(),
            "request_digest": answer.digest,
            "http_status": answer.status,
            "response_body": answer.body,
            "created_at": now,
        }
        for key, answer in sorted(answers.items())
    ]


def add(connection: Connection, answers: Mapping[Key, StoredAnswer], now: datetime) -> None:
    """Insert answers whose keys are new. Raises sqlalchemy IntegrityError when one is not."""
    connection.execute(_INSERT, _rows(answers, now))


def reserve(connection: Connection, digests: Mapping[Key, str], now: datetime) -> None:
    """Take the rows of keys before their payments are locked; `fill` completes them in the same transaction.

    Waits while another transaction holds one of them; raises sqlalchemy IntegrityError when that one committed.
    """
    add(connection, {key: StoredAnswer(digest, 0, "") for key, digest in digests.items()}, now)


def fill(connection: Connection, answers: Mapping[Key, StoredAnswer], now: datetime) -> None:
    """Give reserved rows their answer."""
    statement = upsert(connection, table, Key._fields, ("http_status", "response_body"))
    connection.execute(statement, _rows(answers, now))
