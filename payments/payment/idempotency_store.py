"""Stored answers in `idem_response_cache`, by (merchant, operation, key), byte for byte.

When an answer is pruned, the row of a capture, refund or void stays as a record of the used key.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, update

from payments.payment.answers import NOT_SENT, RUNNING, StoredAnswer
from payments.payment.commands import Key, Operation
from payments.platform.key_lookup import Lookup, read
from payments.platform.tables.payments import idem_response_cache as table
from payments.platform.writing import Insert, as_text, write

_COLUMNS: Final = (*Key._fields, "request_digest", "http_status", "response_body", "created_at")
_FOUND: Final = (*Key._fields, "request_digest", "http_status", "response_body")
_ANSWER: Final = ("request_digest", "http_status", "response_body", "created_at")
ONLY_THE_KEY_AT: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""`created_at` of rows without an answer: reserved rows, which are filled before their transaction ends, and rows whose
answer was pruned. So scans by time do not find them."""
ONLY_THE_KEY: Final = {"request_digest": "", "http_status": 0, "response_body": "", "created_at": ONLY_THE_KEY_AT}
"""The values of a row whose answer was pruned."""
_ON_PAYMENTS: Final = (Operation.CAPTURE.value, Operation.REFUND.value, Operation.VOID.value)
_RETAKEN: Final = ("of_merchant", "of_operation", "of_key")
_RETAKE: Final = (
    update(table)
    .where(
        table.c.merchant_id == bindparam("of_merchant"),
        table.c.operation == bindparam("of_operation"),
        table.c.idempotency_key == bindparam("of_key"),
        table.c.http_status == NOT_SENT,
    )
    .values(http_status=RUNNING)
)
_PART: Final = 300
"""Merchants or times in one statement: from 1,000 values on MariaDB makes a table of them."""


def find(connection: Connection, keys: Iterable[Key]) -> dict[Key, StoredAnswer]:
    """The stored answers of `keys`; for a key whose answer was pruned, an expired one."""
    (rows,) = read(connection, lookup(keys))
    return answers_of(rows)


def lookup(keys: Iterable[Key]) -> Lookup:
    """Reads the stored answers of `keys`, for `answers_of`."""
    return Lookup(table.name, _FOUND, Key._fields, list(keys))


def answers_of(rows: Iterable[Sequence[Any]]) -> dict[Key, StoredAnswer]:
    """The answers that were read."""
    return {Key(*row[:3]): StoredAnswer(*row[3:]) for row in rows}


def addition(answers: Mapping[Key, StoredAnswer], now: datetime) -> Insert:
    """An Insert of answers whose keys are new; it fails with sqlalchemy's IntegrityError when one is not."""
    at = as_text(now)
    rows = [(*key, answer.digest, answer.status, answer.body, at) for key, answer in sorted(answers.items())]
    return Insert(table.name, _COLUMNS, rows)


def reserve(connection: Connection, digests: Mapping[Key, str]) -> None:
    """Insert the rows of keys before their payments are locked; `filling` completes them in the same transaction.

    Waits while another transaction holds one of them; raises sqlalchemy IntegrityError when that one committed.
    """
    write(connection, reservation(digests))


def reservation(digests: Mapping[Key, str]) -> Insert:
    """The Insert of `reserve`."""
    return addition({key: StoredAnswer(digest, 0, "") for key, digest in digests.items()}, ONLY_THE_KEY_AT)


def retake(connection: Connection, keys: Iterable[Key]) -> bool:
    """Take rows whose step was never sent for another try; False: another transaction has taken one meanwhile."""
    taken = [connection.execute(_RETAKE, dict(zip(_RETAKEN, key, strict=True))).rowcount for key in keys]
    return all(count == 1 for count in taken)


def filling(answers: Mapping[Key, StoredAnswer], now: datetime) -> Insert:
    """An Insert that writes the answers of reserved rows."""
    return addition(answers, now)._replace(keys=Key._fields, changed=_ANSWER)


def bodies_of_key(connection: Connection, key: str, merchants: Sequence[str]) -> list[str]:
    """The stored answers to captures, refunds and voids with this key, of these merchants."""
    found: list[str] = []
    for start in range(0, len(merchants), _PART):
        query = select(table.c.response_body).where(
            table.c.merchant_id.in_(merchants[start : start + _PART]),
            table.c.operation.in_(_ON_PAYMENTS),
            table.c.idempotency_key == key,
        )
        found += connection.execute(query.with_hint(table, "FORCE INDEX (PRIMARY)", "mysql")).scalars()
    return found


def answered_at(connection: Connection, merchant_id: str, times: Iterable[datetime]) -> list[Row[Any]]:
    """The merchant's stored answers to captures, refunds and voids at exactly one of `times`, whole rows."""
    ordered, found = sorted(set(times)), list[Row[Any]]()
    for start in range(0, len(ordered), _PART):
        query = select(table).where(
            table.c.created_at.in_(ordered[start : start + _PART]),
            table.c.merchant_id == merchant_id,
            table.c.operation.in_(_ON_PAYMENTS),
        )
        found += connection.execute(query.with_hint(table, "FORCE INDEX (ix_idem_created)", "mysql")).all()
    return found


def answer_row(connection: Connection, key: Key) -> Row[Any] | None:
    """The whole row of one key, or None."""
    return connection.execute(
        select(table).where(
            table.c.merchant_id == key.merchant_id,
            table.c.operation == key.operation,
            table.c.idempotency_key == key.idempotency_key,
        )
    ).first()
