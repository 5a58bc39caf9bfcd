"""Millions of payments in minutes: MariaDB multiplies one that the platform made, in every table that it filled.

The rows pass the same checks, triggers and unique keys as any other; the audit finds nothing.
"""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import repeat
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    Table,
    TextClause,
    insert,
    literal,
    select,
    text,
    update,
)

from bench.growth.disk import without_flushes
from payments.platform.tables.events import inbox_event, outbox_event
from payments.platform.tables.ledger import ledger_entry
from payments.platform.tables.payments import idem_response_cache, payment

MODEL_MERCHANT: Final = "M0"
"""Whose payment is multiplied: the first one of its database, so its rows have the numbers from 1 on."""
MERCHANTS: Final = 50
CHUNK: Final = 50_000
"""Payments in one transaction."""
THREADS: Final = 2
SPREAD: Final = timedelta(days=6)
"""Age of the oldest payment: nothing is due yet, neither for expiry nor for pruning."""
_HIGHEST = text(
    "SELECT GREATEST((SELECT MAX(payment_id) FROM payment), (SELECT CEIL(MAX(event_id) / :events) FROM outbox_event),"
    " (SELECT CEIL(MAX(entry_id) / :entries) FROM ledger_entry))"
)

_MERCHANT = f"CONCAT('M', seq MOD {MERCHANTS})"
_AT = "CAST(:oldest AS DATETIME(6)) + INTERVAL seq * :step MICROSECOND"
# ascending, so that inserting is fast; spread over all keys, so that the random ones of clients fall in between
_KEY = "LOWER(CONCAT(LPAD(HEX(seq * :stride), 16, '0'), LEFT(MD5(seq), 16)))"
_EVENT, _ENTRY = "(seq - 1) * :events + :event_id", "(seq - 1) * :entries + :entry_id"
_TEXT = f"CONCAT(:before, seq, :between, {_MERCHANT}, :after)"
_OWN: Final = re.compile(r'(?<="paymentId":)1(?=,)|(?<="merchantId":")M0(?=")')
"""Ids in a payload or an answer, which differ from payment to payment; times stay the model's."""
_KEY_SPACE: Final = 2**64 - 1

PAYMENT: Final = {
    "payment_id": "seq",
    "merchant_id": _MERCHANT,
    "idempotency_key": _KEY,
    "requested_at": _AT,
    "updated_at": _AT,
    "expires_at": f"{_AT} + INTERVAL 7 DAY",
}
OTHERS: Final[dict[Table, dict[str, str]]] = {
    outbox_event: {
        "event_id": _EVENT,
        "aggregate_id": "seq",
        "payload": _TEXT,
        "created_at": _AT,
        "published_at": _AT,
        "request_id": "MD5(seq)",
        "trace_id": "MD5(seq + 0.5)",
        "created_hour": f"UNIX_TIMESTAMP({_AT}) DIV 3600",
    },
    inbox_event: {"event_id": _EVENT, "payment_id": "seq", "posted_at": _AT},
    ledger_entry: {"entry_id": _ENTRY, "payment_id": "seq", "event_id": _EVENT, "occurred_at": _AT, "posted_at": _AT},
    idem_response_cache: {
        "merchant_id": _MERCHANT,
        "idempotency_key": _KEY,
        "request_digest": "SHA2(seq, 256)",
        "response_body": _TEXT,
        "created_at": _AT,
    },
}
"""Columns that differ from the model's row, as SQL over `seq`, the number of the payment."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The highest number of a payment, and when the oldest was made."""

    highest: int
    oldest: datetime

    def made_at(self, number: int) -> datetime:
        """When payment `number` was made."""
        return self.oldest + timedelta(microseconds=number * self._step)

    def values(self) -> dict[str, datetime | int]:
        """The parameters of the SQL above. Times without a zone are UTC."""
        return {"oldest": self.oldest.replace(tzinfo=None), "step": self._step, "stride": self.stride}

    @property
    def stride(self) -> int:
        """How far the keys of two payments in turn are apart, of the 64 bits that order them."""
        return _KEY_SPACE // self.highest

    @property
    def _step(self) -> int:
        return int(SPREAD.total_seconds() * 1_000_000) // self.highest


class Multiplier:
    """Adds payments to one database. Construct it while the model is the only payment there, and posted."""

    def __init__(self, engine: Engine, plan: Plan) -> None:
        self._engine = engine
        self.plan = plan
        with engine.begin() as connection:
            self._models = {
                table: connection.execute(select(*_written(table))).mappings().all() for table in (payment, *OTHERS)
            }
            # as old as the others: pruning goes no further than the first event that is too young
            connection.execute(update(outbox_event).values(created_at=plan.oldest, published_at=plan.oldest))

    def add(self, count: int) -> None:
        """Add `count` payments, with their rows in every table."""
        with self._engine.connect() as connection:
            first = int(connection.execute(_HIGHEST, self._rows_each()).scalar_one()) + 1  # loads add payments, too
        with without_flushes(self._engine), ThreadPoolExecutor(THREADS) as threads:
            for start in range(first, first + count, CHUNK):
                numbers = f"seq_{start}_to_{min(start + CHUNK, first + count) - 1}"
                self._add(payment, PAYMENT, numbers)  # first: the ledger's rows refer to it
                list(threads.map(self._add, OTHERS.keys(), OTHERS.values(), repeat(numbers)))

    def _rows_each(self) -> dict[str, int]:
        return {"events": len(self._models[outbox_event]), "entries": len(self._models[ledger_entry])}

    def _add(self, table: Table, changed: Mapping[str, str], numbers: str) -> None:
        """INSERT … SELECT from `numbers`, a sequence that MariaDB generates, for each of the model's rows."""
        with self._engine.begin() as connection:
            connection.execute(text("SET SESSION sql_log_bin = 0"))
            for model in self._models[table]:
                self._add_like(connection, table, model, changed, numbers)

    def _add_like(
        self, connection: Connection, table: Table, model: RowMapping, changed: Mapping[str, str], numbers: str
    ) -> None:
        own = {name: model[name] for name in ("event_id", "entry_id") if name in model}
        body = model.get("payload") or model.get("response_body")
        parameters = {**self.plan.values(), **self._rows_each(), **own, **(around_ids(body) if body else {})}
        values: dict[Column[Any], ColumnElement[Any] | TextClause] = {
            column: literal(model[column.name], column.type) for column in _written(table)
        }
        values |= {table.c[name]: text(sql) for name, sql in changed.items()}
        rows = select(*values.values()).select_from(text(numbers))
        connection.execute(insert(table).from_select(list(values), rows), parameters)


def around_ids(body: str) -> dict[str, str]:
    """The text before, between and after the two ids in the model's payload or answer. ValueError without both."""
    return dict(zip(("before", "between", "after"), _OWN.split(body), strict=True))


def _written(table: Table) -> list[Column[Any]]:
    """Its columns without those that the database computes."""
    return [column for column in table.c if column.computed is None]
