"""Stored answers in `idem_response_cache`: what was said to a (merchant, operation, key), byte for byte."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select, tuple_

from payments.adapters.tables import idem_response_cache as table
from payments.adapters.writing import Insert, as_text, write
from payments.domain.commands import Key


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer and the SHA-256 (hex) of the command that it answered."""

    digest: str
    status: int
    body: str


_COLUMNS: Final = (*Key._fields, "request_digest", "http_status", "response_body", "created_at")
_ANSWER: Final = ("http_status", "response_body", "created_at")
_UNANSWERED: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of a reserved row, which nobody ever sees: it is filled before its transaction ends."""
_KEY = (table.c.merchant_id, table.c.operation, table.c.idempotency_key)
_FIND = select(table).where(tuple_(*_KEY).in_(bindparam("keys", expanding=True)))


def find(connection: Connection, keys: Iterable[Key]) -> dict[Key, StoredAnswer]:
    """The answers already given to `keys`."""
    rows = connection.execute(_FIND, {"keys": [tuple(key) for key in keys]})
    return {
        Key(row.merchant_id, row.operation, row.idempotency_key): StoredAnswer(
            row.request_digest, row.http_status, row.response_body
        )
        for row in rows
    }


def addition(answers: Mapping[Key, StoredAnswer], now: datetime) -> Insert:
    """Inserts answers whose keys are new; fails as sqlalchemy's IntegrityError when one is not."""
    at = as_text(now)
    rows = [(*key, answer.digest, answer.status, answer.body, at) for key, answer in sorted(answers.items())]
    return Insert(table.name, _COLUMNS, rows)


def reserve(connection: Connection, digests: Mapping[Key, str]) -> None:
    """Take the rows of keys before their payments are locked; `filling` completes them in the same transaction.

    Waits while another transaction holds one of them; raises sqlalchemy IntegrityError when that one committed.
    """
    answers = {key: StoredAnswer(digest, 0, "") for key, digest in digests.items()}
    write(connection, addition(answers, _UNANSWERED))


def filling(answers: Mapping[Key, StoredAnswer], now: datetime) -> Insert:
    """Gives reserved rows their answer."""
    return addition(answers, now)._replace(keys=Key._fields, changed=_ANSWER)
